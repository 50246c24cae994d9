package fsm_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// bench is a machine with a hand-moved clock.
type bench struct {
	t     testing.TB
	m     *fsm.Machine
	now   time.Time
	index uint64
}

const generation = 7

func newBench(t testing.TB) *bench {
	b := &bench{t: t, m: fsm.New(), now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	b.must(sessnode.Mutation{Change: sessnode.Found{Generation: generation, Cluster: "c"}})
	return b
}

func encode(t testing.TB, stamp time.Time, ops ...fsm.Op) []byte {
	t.Helper()
	var encoded [][]byte
	for _, op := range ops {
		e, err := fsm.EncodeOp(op)
		if err != nil {
			t.Fatalf("EncodeOp: %v", err)
		}
		encoded = append(encoded, e)
	}
	return fsm.EncodeBatch(fsm.Header{Generation: generation, Stamp: stamp.UnixNano()}, encoded)
}

func (b *bench) apply(ops ...fsm.Op) []fsm.Result {
	b.t.Helper()
	b.index++
	res, mismatch, err := b.m.Apply(b.index, encode(b.t, b.now, ops...))
	if err != nil || mismatch != nil {
		b.t.Fatalf("Apply(%d) = %v, %v", b.index, mismatch, err)
	}
	return res
}

func (b *bench) do(m sessnode.Mutation) (sessnode.Effect, error) {
	b.t.Helper()
	r := b.apply(fsm.Op{Mutation: m})[0]
	return r.Effect, r.Err()
}

func (b *bench) must(m sessnode.Mutation) sessnode.Effect {
	b.t.Helper()
	e, err := b.do(m)
	if err != nil {
		b.t.Fatalf("%T: %v", m.Change, err)
	}
	return e
}

func (b *bench) pass(d time.Duration) { b.now = b.now.Add(d); b.apply() }

func key(name string) sessnode.Key { return sessnode.Token(name).Key() }

func id(name string) (i sessnode.ID) { k := key(name); copy(i[:], k[:]); return i }

func text(s string) sessnode.Value { return sessnode.Value{Codec: sessnode.JSON, Data: []byte(s)} }

func create(name, subject string) sessnode.Mutation {
	return sessnode.Mutation{App: "web", Change: sessnode.Create{Key: key(name), ID: id(name), TokenChars: 43, Subject: subject,
		Attrs: map[string]sessnode.Value{"n": text("1")}}}
}

func TestCreatedSessionIsRead(t *testing.T) {
	b := newBench(t)
	b.must(create("s1", "ada"))
	l, err := b.m.Lookup("web", key("s1"))
	if err != nil || l.Session.Subject != "ada" || string(l.Session.Attrs["n"].Data) != "1" || l.Session.Version != 1 {
		t.Fatalf("Lookup = %+v, %v", l, err)
	}
}

func TestRevokedTokenStaysDead(t *testing.T) {
	b := newBench(t)
	b.must(create("s1", "ada"))
	b.must(sessnode.Mutation{App: "web", Change: sessnode.Revoke{Key: key("s1")}})
	if _, err := b.do(create("s1", "ada")); !errors.Is(err, sessnode.ErrConflict) || sessnode.ReasonOf(err) != sessnode.ReasonRevoked {
		t.Errorf("create on a revoked token = %v, want a conflict with reason revoked", err)
	}
	_, err := b.m.Lookup("web", key("s1"))
	if !errors.Is(err, sessnode.ErrNotFound) || sessnode.ReasonOf(err) != sessnode.ReasonRevoked {
		t.Errorf("Lookup = %v, want not found, revoked", err)
	}
}

func TestSnapshotRestoresTheSameState(t *testing.T) {
	b := newBench(t)
	b.must(create("s1", "ada"))
	b.must(create("s2", ""))
	m := create("s3", "bob")
	m.OpID = sessnode.OpIDOf("x")
	b.must(m)
	b.must(sessnode.Mutation{App: "web", Change: sessnode.Revoke{Key: key("s2")}})
	s := b.m.Snapshot()
	defer s.Release()
	var buf bytes.Buffer
	if err := s.Write(&buf); err != nil {
		t.Fatal(err)
	}
	r := fsm.New()
	if err := r.Restore(bytes.NewReader(buf.Bytes())); err != nil {
		t.Fatal(err)
	}
	if r.Stats().Hash != b.m.Stats().Hash {
		t.Error("restored state has another hash")
	}
}
