package puppet

import (
	"testing"
	"time"
)

// hand is a machine whose clock the test turns.
type hand struct{ now time.Duration }

func (h *hand) Wall() time.Time          { return time.Unix(0, 0).Add(h.now) }
func (h *hand) Monotonic() time.Duration { return h.now }

func TestClockJumpsDriftsAndNeverGoesBack(t *testing.T) {
	h := &hand{}
	c := newClock(h)
	check := func(step string, wall, monotonic time.Duration) {
		t.Helper()
		if w, m := c.Wall().Sub(time.Unix(0, 0)), c.Monotonic(); w != wall || m != monotonic {
			t.Errorf("%s: wall %v and monotonic %v, want %v and %v", step, w, m, wall, monotonic)
		}
	}
	h.now = 10 * time.Second
	c.jump(time.Hour)
	check("a jump moves the wall clock alone", time.Hour+10*time.Second, 10*time.Second)
	c.drift(0.5)
	h.now = 20 * time.Second
	check("a drift moves both", time.Hour+25*time.Second, 25*time.Second)
	c.drift(0)
	c.jump(-time.Hour)
	h.now = 30 * time.Second
	check("what was gained stays", -time.Hour+35*time.Second, 35*time.Second)
	if c.drift(-1) {
		t.Error("a clock may not stand still")
	}
}
