package fsm_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

var (
	propertyApps     = []string{"web", "shop"}
	propertySubjects = []string{"", "ada", "bob"}
	propertyTokens   = []string{"t0", "t1", "t2", "t3", "t4", "t5"}
	propertyNames    = []string{"a", "b", "c"}
	propertySteps    = []time.Duration{0, 0, 0, time.Second, 9 * time.Second, 11 * time.Second, 45 * time.Second, 2 * time.Minute,
		-time.Minute, 5 * time.Minute, 20 * time.Minute, 13 * time.Hour}
	propertyValues = []string{"0", "1", "-0", "1.0", `"x"`, "9223372036854775807", "-9223372036854775808"}
)

// TestMachineAgreesWithTheNaiveModel drives machine and model through the same random history and compares every answer and
// everything that a reader can see, after each entry, and once more after a restore.
func TestMachineAgreesWithTheNaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &pair{t: t, m: fsm.New(), now: storyDay}
		p.apply(fsm.Op{Mutation: sessnode.Mutation{Change: sessnode.Found{Generation: generation}}})
		p.model = newModel(p.now)
		for range rapid.IntRange(1, 60).Draw(t, "entries") {
			p.now = p.now.Add(rapid.SampledFrom(propertySteps).Draw(t, "step"))
			ops := rapid.SliceOfN(rapid.Custom(p.op), 0, 3).Draw(t, "ops")
			p.model.begin(p.now)
			for i, r := range p.apply(ops...) {
				if diff := cmp.Diff(p.model.once(ops[i], p.digest(ops[i])), answered(r), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("%T: the model says -, the machine +:\n%s", ops[i].Change, diff)
				}
			}
			p.compare(p.m)
			if rapid.IntRange(0, 7).Draw(t, "restart") == 0 {
				p.restart()
			}
		}
		p.restart()
	})
}

// pair is a machine and its model.
type pair struct {
	t     *rapid.T
	m     *fsm.Machine
	model *model
	now   time.Time
	index uint64
	ids   []sessnode.ID
}

func (p *pair) apply(ops ...fsm.Op) []fsm.Result {
	p.index++
	encoded := make([][]byte, len(ops))
	for i, op := range ops {
		var err error
		if encoded[i], err = fsm.EncodeOp(op); err != nil {
			p.t.Fatal(err)
		}
	}
	results, _, err := p.m.Apply(p.index, fsm.EncodeBatch(fsm.Header{Generation: generation, Stamp: p.now.UnixNano()}, encoded))
	if err != nil {
		p.t.Fatal(err)
	}
	return results
}

func answered(r fsm.Result) answer {
	s := r.Effect.Session
	return answer{Code: r.Code, Reason: r.Reason, Count: r.Effect.Count, Replayed: r.Effect.Replayed, Values: shown(r.Effect.Values), Session: s}
}

// digest names what an operation asks for, without the id that the node minted.
func (p *pair) digest(op fsm.Op) string {
	if c, creates := op.Change.(sessnode.Create); creates {
		c.ID = sessnode.ID{}
		op.Change = c
	}
	b, err := fsm.EncodeOp(fsm.Op{Mutation: sessnode.Mutation{App: op.App, Change: op.Change}})
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// restart replaces the machine by one that starts from its snapshot: same hash, same indexes.
func (p *pair) restart() {
	before := p.m.Stats()
	after := restored(p.t, p.m)
	before.Counters = fsm.Counters{}
	if diff := cmp.Diff(before, after.Stats()); diff != "" {
		p.t.Fatalf("Stats: before a restore -, after it +:\n%s", diff)
	}
	p.compare(after)
	p.m = after
}

// compare checks everything that can be seen.
func (p *pair) compare(m *fsm.Machine) {
	st := m.Stats()
	anonymous := 0
	for _, s := range p.model.sessions {
		if s.subject == "" {
			anonymous++
		}
	}
	got := []uint64{st.Sessions, st.Anonymous, st.Tombstones, st.Remembered}
	want := []uint64{uint64(len(p.model.sessions)), uint64(anonymous), uint64(len(p.model.tombs)), uint64(len(p.model.window))}
	if !slices.Equal(got, want) {
		p.t.Fatalf("sessions, anonymous, tombstones, operations = %d, the model says %d", got, want)
	}
	for _, app := range propertyApps {
		for _, token := range propertyTokens {
			p.lookup(m, place{app, key(token)})
		}
		p.lists(m, app)
	}
}

func (p *pair) lookup(m *fsm.Machine, at place) {
	l, err := m.Lookup(at.app, at.key)
	where, old, reason := p.model.live(at)
	if reason != "" {
		want := absent(reason)
		if !errors.Is(err, sessnode.ErrNotFound) || sessnode.ReasonOf(err) != want.Reason {
			p.t.Fatalf("Lookup of %v = %v, the model says not found %q", at, err, want.Reason)
		}
		return
	}
	if err != nil {
		p.t.Fatalf("Lookup = %v, the model has it", err)
	}
	want := p.model.session(where)
	want.Attrs, want.Previous = p.model.sessions[where].attrs, old
	if diff := cmp.Diff(want, l.Session, cmpopts.EquateEmpty()); diff != "" {
		p.t.Fatalf("Lookup: the model says -, the machine +:\n%s", diff)
	}
	until := p.model.sessions[where].deadline
	if old {
		until = earlier(until, p.model.tombs[at].grace)
	}
	if l.Until != until.UnixNano() || l.FirstUse != (!old && p.model.sessions[where].unused) {
		p.t.Fatalf("Lookup: until %v, first use %v; the model says %v, %v", time.Unix(0, l.Until).UTC(), l.FirstUse, until, p.model.sessions[where].unused)
	}
	if _, err := m.ByID(at.app, l.Session.ID); err != nil {
		p.t.Fatalf("ByID = %v, Lookup has it", err)
	}
}

func (p *pair) lists(m *fsm.Machine, app string) {
	var all []sessnode.Session
	for cursor := ""; ; {
		page, _, _, err := m.Page(app, cursor, 2)
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, page.Sessions...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff(p.model.list(app, ""), all); diff != "" {
		p.t.Fatalf("Page: the model says -, the machine +:\n%s", diff)
	}
	for _, subject := range propertySubjects[1:] {
		list, _, _ := m.Subject(app, subject, false)
		if diff := cmp.Diff(p.model.list(app, subject), list); diff != "" {
			p.t.Fatalf("Subject: the model says -, the machine +:\n%s", diff)
		}
		why := m.Why(app, sessnode.ID{}, subject)
		slices.SortFunc(why, byID)
		if diff := cmp.Diff(p.model.why(app, subject), why, cmpopts.IgnoreFields(sessnode.Ended{}, "Index", "Node")); diff != "" {
			p.t.Fatalf("Why: the model says -, the machine +:\n%s", diff)
		}
	}
}
