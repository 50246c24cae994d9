package cluster

import (
	"testing"
	"time"
)

// TestALeaderThatIsHeardIsNotLost: one that was asked before it took office says that it does not lead, and is not given up for its whole term.
func TestALeaderThatIsHeardIsNotLost(t *testing.T) {
	began := time.Now()
	p := patience{lost: 7}
	p.hear(began, 7)
	if p.hear(began, 7); p.lost != 7 {
		t.Error("a leader that was not heard again is not lost any more")
	}
	if p.hear(began.Add(time.Millisecond), 7); p.lost == 7 {
		t.Error("a leader that was heard again is lost")
	}
}
