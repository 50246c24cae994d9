package fsm_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// TestReplicasAgreeWhateverTheirSnapshots applies one log to three machines: one plain, one that starts anew from its own snapshot
// at random entries, one that captures all the time and writes what it captured while it applies more. Storms of thousands of
// sessions, tombstones and operation ids make the bounded clean-up take several entries, across the restarts.
func TestReplicasAgreeWhateverTheirSnapshots(t *testing.T) {
	for _, seed := range []uint64{1, 2} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			log := newStorm(seed)
			plain, restarting := fsm.New(), fsm.New()
			capturing := &capturer{t: t, m: fsm.New()}
			inBacklog := 0
			for index := uint64(1); index <= 45; index++ {
				entry := log.entry(t)
				want := applied(t, plain, index, entry)
				if got := applied(t, restarting, index, entry); got != want {
					t.Fatalf("entry %d: the machine with restarts answers differently", index)
				}
				if got := applied(t, capturing.m, index, entry); got != want {
					t.Fatalf("entry %d: the machine with captures answers differently", index)
				}
				hash := plain.Stats().Hash
				if r, c := restarting.Stats().Hash, capturing.m.Stats().Hash; r != hash || c != hash {
					t.Fatalf("entry %d: hash %v, with restarts %v, with captures %v", index, hash, r, c)
				}
				capturing.capture()
				if _, backlog := plain.Due(); log.rnd.IntN(8) == 0 || backlog && log.rnd.IntN(3) == 0 {
					restarting = restored(t, restarting)
					if backlog {
						inBacklog++
					}
				}
			}
			capturing.finish()
			sameViews(t, plain, restarting)
			if inBacklog < 3 {
				t.Errorf("only %d restarts fell into a backlog: the storms are too small for this test", inBacklog)
			}
		})
	}
}

// applied renders all results of an entry.
func applied(t *testing.T, m *fsm.Machine, index uint64, entry []byte) string {
	t.Helper()
	results, _, err := m.Apply(index, entry)
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, r := range results {
		b, err := fsm.EncodeResult(r)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}

// capturer writes each capture while the next entries are applied, and holds it for a while longer.
type capturer struct {
	t       *testing.T
	m       *fsm.Machine
	held    []*fsm.Snapshot
	writers sync.WaitGroup // finish waits for them
}

func (c *capturer) capture() {
	s := c.m.Snapshot()
	c.held = append(c.held, s)
	if len(c.held) == 1 {
		c.writers.Go(func() { c.verify(s) }) // at the same time as what is applied next
	}
	if len(c.held) < 5 {
		return
	}
	c.verify(c.held[1]) // of entries ago, written only now
	c.writers.Wait()
	for _, s := range c.held {
		s.Release()
	}
	c.held = nil
}

// verify writes a capture and checks that it is the state of its own entry.
func (c *capturer) verify(s *fsm.Snapshot) {
	var buf bytes.Buffer
	if err := s.Write(&buf); err != nil {
		c.t.Error(err)
	}
	st, err := fsm.VerifySnapshot(&buf)
	if want, known := c.m.HashAt(s.At()); err != nil || !known || st.Hash != want || st.Applied != s.At() {
		c.t.Errorf("capture of entry %d: hash %v of entry %d, %v; want %v", s.At(), st.Hash, st.Applied, err, want)
	}
}

func (c *capturer) finish() {
	c.writers.Wait()
	for _, s := range c.held {
		s.Release()
	}
}

// sameViews compares what readers see.
func sameViews(t *testing.T, a, b *fsm.Machine) {
	t.Helper()
	for _, app := range stormApps {
		for cursor := ""; ; {
			x, _, _, err1 := a.Page(app, cursor, 1000)
			y, _, _, err2 := b.Page(app, cursor, 1000)
			if !reflect.DeepEqual(x, y) || err1 != nil || err2 != nil { // cmp.Diff alone takes most of the test's time
				t.Fatalf("pages differ: %v, %v\n%s", err1, err2, cmp.Diff(x, y))
			}
			if cursor = x.Next; cursor == "" {
				break
			}
		}
		for i := range stormSubjects {
			subject := fmt.Sprint("u", i)
			if x, y := a.Why(app, sessnode.ID{}, subject), b.Why(app, sessnode.ID{}, subject); !reflect.DeepEqual(x, y) {
				t.Fatalf("why %s differs:\n%s", subject, cmp.Diff(x, y))
			}
		}
	}
	if diff := cmp.Diff(a.Apps(), b.Apps()); diff != "" {
		t.Fatalf("apps differ:\n%s", diff)
	}
}

var stormApps = []string{"web", "shop", "wiki"}

const stormSubjects = 40

// storm makes a log in which much happens at once.
type storm struct {
	rnd   *rand.Rand
	now   time.Time
	index uint64
	made  int
}

func newStorm(seed uint64) *storm { return &storm{rnd: rand.New(rand.NewPCG(seed, 0)), now: storyDay} }

func (l *storm) entry(t *testing.T) []byte {
	l.index++
	if l.index == 1 {
		return encode(t, l.now, fsm.Op{Mutation: sessnode.Mutation{Change: sessnode.Found{Generation: generation, Budget: 1 << 30}}})
	}
	steps := []time.Duration{0, time.Second, time.Second, time.Second, 10 * time.Second, 3 * time.Minute, 6 * time.Minute, 40 * time.Minute}
	l.now = l.now.Add(steps[l.rnd.IntN(len(steps))])
	switch l.rnd.IntN(8) {
	case 0, 1, 2:
		return l.rush(t)
	case 3: // nothing but time: the clean-up at work
		return encode(t, l.now)
	case 4:
		return encode(t, l.now, fsm.Op{Mutation: sessnode.Mutation{App: l.app(), Change: l.sweeping()}})
	}
	ops := make([]fsm.Op, l.rnd.IntN(300))
	for i := range ops {
		ops[i].Mutation = sessnode.Mutation{App: l.app(), Actor: "token", Node: "n1", Change: l.change()}
		if l.rnd.IntN(2) == 0 {
			ops[i].OpID = sessnode.OpIDOf(fmt.Sprint(l.rnd.IntN(2000)))
		}
	}
	return encode(t, l.now, ops...)
}

// rush is a thousand logins, each with an operation id.
func (l *storm) rush(t *testing.T) []byte {
	ops := make([]fsm.Op, fsm.MaxBatchOps)
	for i := range ops {
		l.made++
		name := fmt.Sprint("s", l.made)
		c := sessnode.Create{Key: key(name), ID: id(name), TokenChars: 43}
		if l.rnd.IntN(2) == 0 {
			c.Subject = l.subject()
		}
		ops[i].Mutation = sessnode.Mutation{App: l.app(), OpID: sessnode.OpIDOf(name), Change: c}
	}
	return encode(t, l.now, ops...)
}

func (l *storm) app() string { return stormApps[l.rnd.IntN(len(stormApps))] }

func (l *storm) subject() string { return fmt.Sprint("u", l.rnd.IntN(stormSubjects)) }

func (l *storm) token() string {
	if l.rnd.IntN(3) == 0 {
		return fmt.Sprint("r", l.rnd.IntN(2000))
	}
	return fmt.Sprint("s", 1+l.rnd.IntN(l.made+1))
}

// sweeping is a change that touches every session of an app.
func (l *storm) sweeping() sessnode.Change {
	switch l.rnd.IntN(5) {
	case 0:
		return sessnode.RevokeApp{}
	case 1:
		return sessnode.DropApp{}
	}
	p := sessnode.DefaultPolicy()
	p.Idle = []time.Duration{time.Minute, 10 * time.Minute, 2 * time.Hour}[l.rnd.IntN(3)]
	p.TombstoneTime = 5 * time.Minute
	p.AnonymousQuota = uint64(l.rnd.IntN(2) * 1500)
	p.SubjectLimit, p.OnLimit = uint64(l.rnd.IntN(2)*10), sessnode.LimitAction(l.rnd.IntN(2))
	return sessnode.PutPolicy{Policy: p}
}

func (l *storm) change() sessnode.Change {
	k, n := key(l.token()), text(fmt.Sprint(l.rnd.IntN(100)))
	switch l.rnd.IntN(9) {
	case 0:
		name := fmt.Sprint("r", l.rnd.IntN(2000))
		return sessnode.Create{Key: key(name), ID: id(fmt.Sprint(name, l.index)), TokenChars: 43, Subject: l.subject(), Attrs: map[string]sessnode.Value{"n": n, "m": n}}
	case 1:
		return sessnode.Patch{Key: k, Edit: sessnode.Edit{Set: map[string]sessnode.Value{"n": n}, Incr: map[string]int64{"m": 1}}}
	case 2:
		return sessnode.Pop{Key: k, Names: []string{"n"}}
	case 3, 4:
		r := sessnode.Rotate{Key: k, NewKey: key(fmt.Sprint("r", l.rnd.IntN(2000))), TokenChars: 43}
		if subject := l.subject(); l.rnd.IntN(3) == 0 {
			r.Subject = &subject
		}
		return r
	case 5:
		return sessnode.Revoke{Key: k}
	case 6:
		return sessnode.RevokeSubject{Subject: l.subject()}
	case 7:
		return sessnode.TouchOne{Key: k}
	}
	touches := make([]sessnode.TouchAt, 50)
	for i := range touches {
		touches[i] = sessnode.TouchAt{App: l.app(), Key: key(l.token()), At: l.now.Add(-time.Second)}
	}
	return sessnode.Touch{Touches: touches}
}
