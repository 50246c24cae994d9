package fsm_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// Each test here began as a defect that a reader of the state machine found; the scripts tell the same stories at length.

func rotate(from, to string) sessnode.Rotate {
	return sessnode.Rotate{Key: key(from), NewKey: key(to), TokenChars: 43}
}

func web(c sessnode.Change) sessnode.Mutation {
	return sessnode.Mutation{App: "web", Actor: "token", Node: "n1", Change: c}
}

// reporter is testing.TB or *rapid.T.
type reporter interface {
	Helper()
	Fatalf(format string, args ...any)
}

func restored(t reporter, from *fsm.Machine) *fsm.Machine {
	t.Helper()
	m := fsm.New()
	if err := m.Restore(bytes.NewReader(written(t, from.Snapshot()))); err != nil {
		t.Fatalf("Restore: %v", err)
	}
	return m
}

func written(t reporter, s *fsm.Snapshot) []byte {
	t.Helper()
	defer s.Release()
	var buf bytes.Buffer
	if err := s.Write(&buf); err != nil {
		t.Fatalf("Write: %v", err)
	}
	return buf.Bytes()
}

// An entry that a node cannot read stops it; one that no node can read would stop the cluster for good.
func TestNothingIsLoggedThatCannotBeRead(t *testing.T) {
	long, many := strings.Repeat("x", 5000), map[string]int64{}
	for i := range 5000 {
		many[fmt.Sprint(i)] = 1
	}
	for name, m := range map[string]sessnode.Mutation{
		"app":       {App: long, Change: sessnode.RevokeApp{}},
		"actor":     {App: "web", Actor: long, Change: sessnode.RevokeApp{}},
		"node":      {App: "web", Node: long, Change: sessnode.RevokeApp{}},
		"subject":   web(sessnode.Create{Key: key("a"), ID: id("a"), Subject: long}),
		"device":    web(sessnode.Create{Key: key("a"), ID: id("a"), Device: sessnode.Device{Label: long}}),
		"token":     web(sessnode.Create{Key: key("a"), ID: id("a"), TokenChars: 5000}),
		"attribute": web(sessnode.Create{Key: key("a"), ID: id("a"), Attrs: map[string]sessnode.Value{long: text("1")}}),
		"codec":     web(sessnode.Create{Key: key("a"), ID: id("a"), Attrs: map[string]sessnode.Value{"a": {Codec: 9}}}),
		"names":     web(sessnode.Pop{Key: key("a"), Names: []string{long}}),
		"increases": web(sessnode.Patch{Key: key("a"), Edit: sessnode.Edit{Incr: many}}),
		"touches":   {Change: sessnode.Touch{Touches: make([]sessnode.TouchAt, 9000)}},
		"policy":    web(sessnode.PutPolicy{Policy: sessnode.Policy{OnLimit: 7}}),
		"cluster":   {Change: sessnode.Found{Generation: 1, Cluster: long}},
	} {
		_, err := fsm.EncodeOp(fsm.Op{Mutation: m})
		if !errors.Is(err, sessnode.ErrInvalid) && !errors.Is(err, sessnode.ErrTooLarge) {
			t.Errorf("EncodeOp(%s too large) = %v, want it refused", name, err)
		}
	}
}

func TestOneSessionCannotMakeSnapshotsUnreadable(t *testing.T) {
	b := newBench(t)
	b.must(create("t0", "ada"))
	for i := range 4200 { // within the grace of the first token
		b.must(web(rotate(fmt.Sprint("t", i), fmt.Sprint("t", i+1))))
	}
	if got, want := restored(t, b.m).Stats().Hash, b.m.Stats().Hash; got != want {
		t.Errorf("hash after restore = %v, want %v", got, want)
	}
}

// A leader may install its snapshot on a node that is still writing its own.
func TestSnapshotStaysFrozenAfterARestoreBetween(t *testing.T) {
	b := newBench(t)
	b.must(create("s1", "ada"))
	early := b.m.Snapshot()
	if err := b.m.Restore(bytes.NewReader(written(t, b.m.Snapshot()))); err != nil {
		t.Fatal(err)
	}
	early.Release()
	late := b.m.Snapshot()
	b.must(web(sessnode.Revoke{Key: key("s1")}))
	if _, err := fsm.VerifySnapshot(bytes.NewReader(written(t, late))); err != nil {
		t.Errorf("a snapshot written after the next change: %v", err)
	}
}

func TestFarExpiresIsFarAndEpochIsPast(t *testing.T) {
	for _, c := range []struct {
		expires time.Time
		live    bool
	}{
		{time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), true}, // "never" of many frameworks
		{time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{time.Unix(0, 0), false}, // "Thu, 01 Jan 1970" deletes a cookie
		{time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), false},
	} {
		b := newBench(t)
		m := create("s1", "ada")
		cr := m.Change.(sessnode.Create)
		cr.Timeouts.Expires = c.expires
		m.Change = cr
		b.must(m)
		if _, err := b.m.Lookup("web", key("s1")); (err == nil) != c.live {
			t.Errorf("a session with expires %v: Lookup = %v, want live %v", c.expires, err, c.live)
		}
	}
}

// A copy of a change that was made long ago must not report that it was certainly not made.
func TestLateCopyOfADoneChangeIsAReplay(t *testing.T) {
	b := newBench(t)
	m := create("s1", "ada")
	m.OpID = sessnode.OpIDOf("x")
	op := fsm.Op{Mutation: m, NotAfter: b.now.Add(time.Second).UnixNano()}
	b.apply(op)
	b.pass(2 * time.Second)
	if r := b.apply(op)[0]; r.Err() != nil || !r.Effect.Replayed {
		t.Errorf("late copy = %v, want the first effect", r.Err())
	}
}

func TestRefusedLoginEndsNothing(t *testing.T) {
	policy := sessnode.DefaultPolicy()
	policy.SubjectLimit, policy.OnLimit, policy.MaxBytes = 1, sessnode.EvictOldest, 100
	b := newBench(t)
	b.must(web(sessnode.PutPolicy{Policy: policy}))
	b.must(create("old", "ada"))
	b.must(create("anonymous", ""))
	ada, big := "ada", map[string]sessnode.Value{"n": text(`"` + strings.Repeat("x", 200) + `"`)}
	r := rotate("anonymous", "new")
	r.Subject, r.Edit.Set = &ada, big
	if _, err := b.do(web(r)); !errors.Is(err, sessnode.ErrTooLarge) {
		t.Fatalf("rotate = %v, want too large", err)
	}
	b.must(sessnode.Mutation{Change: sessnode.SetBudget{Bytes: 10}})
	if _, err := b.do(create("new", "ada")); !errors.Is(err, sessnode.ErrFull) {
		t.Fatalf("create = %v, want full", err)
	}
	if _, err := b.m.Lookup("web", key("old")); err != nil {
		t.Errorf("the session that would have given way: %v", err)
	}
}

func TestFullStoreStillSignsIn(t *testing.T) {
	b := newBench(t)
	b.must(create("s1", ""))
	b.must(sessnode.Mutation{Change: sessnode.SetBudget{Bytes: 10}})
	ada := "ada"
	r := rotate("s1", "s2")
	r.Subject = &ada
	b.must(web(r))
}

func TestEvictOldestNeverRefusesALogin(t *testing.T) {
	b := newBench(t)
	for i := range 200 {
		b.must(create(fmt.Sprint("s", i), "ada"))
	}
	policy := sessnode.DefaultPolicy()
	policy.SubjectLimit, policy.OnLimit = 2, sessnode.EvictOldest
	b.must(web(sessnode.PutPolicy{Policy: policy}))
	for i := range 4 {
		b.must(create(fmt.Sprint("new", i), "ada"))
	}
	if list, _, _ := b.m.Subject("web", "ada", false); len(list) != 2 {
		t.Errorf("%d sessions after four logins over a limit of 2", len(list))
	}
}

// A session that was revoked must not be reported as evicted because its slot was needed first.
func TestEvictionKeepsTheReasonOfTheDead(t *testing.T) {
	policy := sessnode.DefaultPolicy()
	policy.AnonymousQuota = 1
	b := newBench(t)
	b.must(web(sessnode.PutPolicy{Policy: policy}))
	b.must(create("s1", ""))
	b.apply(fsm.Op{Mutation: web(sessnode.RevokeApp{})}, fsm.Op{Mutation: create("s2", "")})
	if _, err := b.m.Lookup("web", key("s1")); sessnode.ReasonOf(err) != sessnode.ReasonRevoked {
		t.Errorf("Lookup = %v, want reason revoked", err)
	}
	if c := b.m.Stats().Counters; c.Revoked != 1 || c.Evicted != 0 {
		t.Errorf("revoked, evicted = %d, %d, want 1, 0", c.Revoked, c.Evicted)
	}
}

// What is told of an ended session must not depend on whether its record was removed already.
func TestAnswersDoNotWaitForRemoval(t *testing.T) {
	told := func(b *bench) string {
		_, err := b.m.Lookup("web", key("old"))
		why := b.m.Why("web", id("old"), "")
		if len(why) == 1 && why[0].Reason == sessnode.ReasonExpired {
			why[0].Index = 0 // known only at the removal
		}
		return fmt.Sprint(sessnode.ReasonOf(err), why)
	}
	for name, end := range map[string]fsm.Op{
		"revoked": {Mutation: web(sessnode.RevokeApp{})},
		"expired": {Mutation: web(sessnode.TouchOne{Key: key("new"), Timeouts: sessnode.TimeoutChange{Expires: new(time.Unix(1, 0))}})},
	} {
		b := newBench(t)
		b.must(create("old", "ada"))
		b.must(web(rotate("old", "new")))
		b.must(web(sessnode.TouchOne{Key: key("new")}))
		b.pass(time.Minute) // the grace of the old token is over
		b.apply(end)
		before := told(b)
		b.pass(time.Second)
		if after := told(b); after != before {
			t.Errorf("%s: told %s once it was removed, %s before", name, after, before)
		}
	}
}

func TestUnbindingKeepsTheLifetime(t *testing.T) {
	b := newBench(t)
	b.must(create("s1", ""))
	for range 22 {
		b.pass(30 * time.Minute)
		b.must(web(sessnode.TouchOne{Key: key("s1")}))
	}
	ada, nobody := "ada", ""
	in, out := rotate("s1", "s2"), rotate("s2", "s3")
	in.Subject, out.Subject = &ada, &nobody
	end := b.must(web(in)).Session.End
	for range 4 {
		b.pass(30 * time.Minute)
		b.must(web(sessnode.TouchOne{Key: key("s2")}))
	}
	b.must(web(out))
	l, err := b.m.Lookup("web", key("s3"))
	if err != nil || !l.Session.End.Equal(end) {
		t.Errorf("after unbinding: end %v, %v; want %v", l.Session.End, err, end)
	}
}

func TestEarlierOfOwnLifetimeAndExpiresEnds(t *testing.T) {
	b := newBench(t)
	m := create("s1", "ada")
	c := m.Change.(sessnode.Create)
	c.Timeouts = sessnode.Timeouts{Lifetime: time.Hour, Expires: b.now.Add(sessnode.Day)}
	m.Change = c
	if got, want := b.must(m).Session.End, b.now.Add(time.Hour); !got.Equal(want) {
		t.Errorf("end = %v, want %v", got, want)
	}
}

// Rotating with a token is using it.
func TestRotatingIsTheFirstUse(t *testing.T) {
	b := newBench(t)
	b.must(create("a", "ada"))
	b.must(web(rotate("a", "b")))
	b.must(web(rotate("b", "c")))
	b.pass(11 * time.Second)
	if _, err := b.m.Lookup("web", key("a")); sessnode.ReasonOf(err) != sessnode.ReasonRotated {
		t.Errorf("the token before last, 11 s after the last one was used: %v, want rotated", err)
	}
	if _, err := b.m.Lookup("web", key("b")); err != nil {
		t.Errorf("the last token, whose successor was not used: %v", err)
	}
}

func TestNothingButFoundBeginsAGeneration(t *testing.T) {
	m := fsm.New()
	op, err := fsm.EncodeOp(fsm.Op{Mutation: create("s1", "ada")})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.Apply(1, fsm.EncodeBatch(fsm.Header{}, [][]byte{op})); err == nil {
		t.Error("a machine that was never founded took a create")
	}
}

// Replicas list the same, whatever snapshot they started from.
func TestWhyIsInOneOrder(t *testing.T) {
	b := newBench(t)
	for i := range 20 {
		b.must(create(fmt.Sprint("s", i), "ada"))
	}
	b.must(web(sessnode.RevokeSubject{Subject: "ada"}))
	if diff := cmp.Diff(b.m.Why("web", sessnode.ID{}, "ada"), restored(t, b.m).Why("web", sessnode.ID{}, "ada")); diff != "" {
		t.Errorf("Why differs after a restore:\n%s", diff)
	}
}

// An operation id is out of date after its time, also while the clean-up is thousands of them behind.
func TestOperationIsForgottenBeforeItsRemoval(t *testing.T) {
	b := newBench(t)
	var last sessnode.Mutation
	for i := range 3 {
		ops := make([]fsm.Op, fsm.MaxBatchOps)
		for j := range ops {
			last = web(sessnode.Revoke{Key: key(fmt.Sprint(i, "-", j))})
			last.OpID = sessnode.OpIDOf("x")
			ops[j].Mutation = last
		}
		b.apply(ops...)
	}
	b.now = b.now.Add(sessnode.OpWindow)
	if e := b.must(last); e.Replayed || b.m.Stats().Remembered < 2 {
		t.Errorf("replayed %v with %d operations remembered; want it made, while some wait for removal", e.Replayed, b.m.Stats().Remembered)
	}
}
