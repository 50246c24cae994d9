package fsm_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// sameOps compares operations without the bytes that they were read from.
var sameOps = cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(fsm.Op{})}

// oneOfEach is one change of every kind, with every field set.
func oneOfEach() []sessnode.Change {
	at, subject := storyDay.Add(time.Hour), "ada"
	values := map[string]sessnode.Value{"a": text("1"), "b": {Codec: sessnode.Msgpack, Data: []byte{1}}, "c": {Codec: sessnode.Bytes, Data: []byte{}}}
	timeouts := sessnode.TimeoutChange{Idle: new(time.Minute), Lifetime: new(time.Hour), Expires: &at}
	edit := sessnode.Edit{Set: values, Unset: []string{"d", "e"}, Incr: map[string]int64{"n": -1 << 63}, Timeouts: timeouts,
		If: map[string]sessnode.Guard{"a": {Value: text("1")}, "z": {Absent: true}}, Device: &sessnode.Device{IP: "::1", UserAgent: "ua", Label: "l"}}
	return []sessnode.Change{
		sessnode.Create{Key: key("s1"), ID: id("s1"), TokenChars: 43, Subject: subject, Device: *edit.Device, Attrs: values,
			Timeouts: sessnode.Timeouts{Idle: time.Minute, Lifetime: time.Hour, Expires: at}},
		sessnode.Patch{Key: key("s0"), IfMatch: 1 << 63, Edit: edit},
		sessnode.Replace{Key: key("s0"), IfMatch: 1, Attrs: values, Timeouts: timeouts},
		sessnode.Pop{Key: key("s0"), Names: []string{"n", "n"}},
		sessnode.Touch{Touches: []sessnode.TouchAt{{App: "web", Key: key("s0"), At: at}, {App: "shop", Key: key("s0")}}},
		sessnode.TouchOne{Key: key("s0"), Timeouts: timeouts},
		sessnode.Rotate{Key: key("s0"), NewKey: key("s2"), TokenChars: 43, Subject: &subject, Reauth: true, IfMatch: 1, Edit: edit},
		sessnode.Revoke{Key: key("s0"), IfMatch: 1},
		sessnode.RevokeID{ID: id("s0")},
		sessnode.RevokeSubject{Subject: subject, Except: id("s1")},
		sessnode.RevokeApp{}, sessnode.PutPolicy{Policy: sessnode.DefaultPolicy()}, sessnode.DropApp{}, sessnode.SetBudget{Bytes: 1 << 40},
		sessnode.Found{Generation: generation, Cluster: "c", Budget: 1},
	}
}

func encodedOps(t testing.TB) (ops []fsm.Op, encoded [][]byte) {
	for _, c := range oneOfEach() {
		op := fsm.Op{Mutation: sessnode.Mutation{App: "web", OpID: sessnode.OpIDOf("x"), Actor: "key:a", Node: "n1", Strict: true, Change: c}, NotAfter: 5}
		b, err := fsm.EncodeOp(op)
		if err != nil {
			t.Fatal(err)
		}
		ops, encoded = append(ops, op), append(encoded, b)
	}
	return ops, encoded
}

func TestEveryChangeSurvivesTheLog(t *testing.T) {
	ops, encoded := encodedOps(t)
	h := fsm.Header{Generation: 1 << 63, Stamp: -1, Check: fsm.Checkpoint{Index: 9, Hash: fsm.Hash{1}}}
	gotHeader, got, err := fsm.DecodeBatch(fsm.EncodeBatch(h, encoded))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ops, got, sameOps); diff != "" || gotHeader != h {
		t.Errorf("header %+v, want %+v; operations written -, read +:\n%s", gotHeader, h, diff)
	}
}

func TestAnotherFormatStopsTheNode(t *testing.T) {
	b := fsm.EncodeBatch(fsm.Header{Generation: generation}, nil)
	b[1]++ // an array of five, of which the first is the format
	if _, _, err := fsm.DecodeBatch(b); err == nil {
		t.Error("an entry of the next format was read")
	}
}

func FuzzDecodeBatch(f *testing.F) {
	_, encoded := encodedOps(f)
	f.Add(fsm.EncodeBatch(fsm.Header{Generation: generation, Stamp: 1}, encoded))
	f.Add(fsm.EncodeBatch(fsm.Header{}, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ops, err := fsm.DecodeBatch(b)
		if err != nil {
			return
		}
		var encoded [][]byte
		for _, op := range ops {
			e, err := fsm.EncodeOp(op)
			if errors.Is(err, sessnode.ErrTooLarge) {
				return
			}
			if err != nil {
				t.Fatalf("EncodeOp(%+v) = %v, after DecodeBatch", op, err)
			}
			encoded = append(encoded, e)
		}
		h2, again, err := fsm.DecodeBatch(fsm.EncodeBatch(h, encoded))
		if diff := cmp.Diff(ops, again, sameOps); err != nil || h2 != h || diff != "" {
			t.Errorf("read, written, read: %v\n%s", err, diff)
		}
	})
}

// FuzzApply makes any readable operation on a small state. Apply must not panic, and a restore must agree.
func FuzzApply(f *testing.F) {
	_, encoded := encodedOps(f)
	for _, op := range encoded {
		f.Add(op)
	}
	b := newBench(f)
	b.must(create("s0", "ada"))
	b.must(create("s3", ""))
	snapshot := written(f, b.m.Snapshot())
	f.Fuzz(func(t *testing.T, op []byte) {
		if _, err := fsm.DecodeOp(op); err != nil {
			return
		}
		m := fsm.New()
		if err := m.Restore(bytes.NewReader(snapshot)); err != nil {
			t.Fatal(err)
		}
		for i := range uint64(2) { // the second time as a replay, and with whatever the first left behind
			h := fsm.Header{Generation: generation, Stamp: b.now.UnixNano() + int64(i)*int64(time.Hour)}
			results, _, err := m.Apply(100+i, fsm.EncodeBatch(h, [][]byte{op}))
			if err != nil {
				return // of another generation
			}
			if _, err := fsm.EncodeResult(results[0]); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := restored(t, m).Stats().Hash, m.Stats().Hash; got != want {
			t.Errorf("hash after a restore %v, want %v", got, want)
		}
	})
}

func FuzzDecodeResult(f *testing.F) {
	for _, r := range []fsm.Result{
		{},
		{Code: sessnode.CodeConflict, Reason: "taken", Detail: "d"},
		{Effect: sessnode.Effect{Session: sessnode.Session{App: "web", ID: id("a"), Subject: "ada", Version: 3, Created: storyDay, Timeouts: sessnode.Timeouts{Idle: 1, Expires: storyDay}, Previous: true},
			Values: map[string]sessnode.Value{"n": text("1")}, Count: 2, Replayed: true, At: sessnode.Position{Generation: 1, Index: 2}}},
	} {
		b, err := fsm.EncodeResult(r)
		if err != nil {
			f.Fatal(err)
		}
		got, err := fsm.DecodeResult(b)
		if diff := cmp.Diff(r, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			f.Fatalf("written -, read +: %v\n%s", err, diff)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := fsm.DecodeResult(b)
		if err != nil {
			return
		}
		e, err := fsm.EncodeResult(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := fsm.DecodeResult(e)
		if r.Effect.Session.ID.IsZero() {
			r.Effect.Session = sessnode.Session{} // a session without an id is none
		}
		if diff := cmp.Diff(r, again, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("read, written, read: %v\n%s", err, diff)
		}
	})
}

// smallSnapshot has a record of every kind.
func smallSnapshot(t testing.TB) []byte {
	b := newBench(t)
	b.must(create("s0", "ada"))
	b.must(create("s1", ""))
	m := create("s2", "")
	m.OpID = sessnode.OpIDOf("x")
	b.must(m)
	b.must(web(rotate("s1", "s3")))
	b.must(web(sessnode.Revoke{Key: key("s2")}))
	return written(t, b.m.Snapshot())
}

func TestDamagedSnapshotIsRefusedAndTheStateStays(t *testing.T) {
	good := smallSnapshot(t)
	b := newBench(t)
	b.must(create("mine", "ada"))
	want := b.m.Stats()
	refused := func(what string, at int, damaged []byte) {
		if err := b.m.Restore(bytes.NewReader(damaged)); err == nil {
			t.Fatalf("%s at byte %d: restored", what, at)
		}
	}
	for i := range good {
		damaged := bytes.Clone(good)
		damaged[i] ^= 1 << (i % 8)
		refused("a flipped bit", i, damaged)
		refused("a cut", i, good[:i])
	}
	refused("one more byte", len(good), append(bytes.Clone(good), 0))
	refused("the same again", len(good), append(bytes.Clone(good), good...))
	if diff := cmp.Diff(want, b.m.Stats()); diff != "" {
		t.Errorf("the old state changed:\n%s", diff)
	}
	if err := b.m.Restore(bytes.NewReader(good)); err != nil {
		t.Errorf("the undamaged snapshot: %v", err)
	}
}

// FuzzRestore gives any bytes to Restore, as they are and as a block with a right checksum. It must not panic, must not replace the
// state unless it succeeds, and what it takes must be a whole state.
func FuzzRestore(f *testing.F) {
	good := smallSnapshot(f)
	f.Add(good)
	var blocks [][]byte // of single values, of apps, and so on
	for rest := good[5:]; len(rest) > 0; {
		end := 8 + binary.BigEndian.Uint32(rest)
		blocks, rest = append(blocks, rest[:end]), rest[end:]
		f.Add(blocks[len(blocks)-1][8:])
	}
	opening := slices.Concat(good[:5], blocks[0], blocks[1])
	f.Fuzz(func(t *testing.T, data []byte) {
		framed := slices.Concat(opening, frame(data), blocks[len(blocks)-1])
		for _, input := range [][]byte{data, framed} {
			m := fsm.New()
			before := m.Stats().Hash
			if err := m.Restore(bytes.NewReader(input)); err != nil {
				if m.Stats().Hash != before {
					t.Fatal("a refused snapshot changed the state")
				}
				continue
			}
			if restored(t, m).Stats().Hash != m.Stats().Hash {
				t.Fatal("a state that was restored cannot be restored again")
			}
		}
	})
}

func frame(payload []byte) []byte {
	var head [8]byte
	binary.BigEndian.PutUint32(head[:], uint32(len(payload)))
	binary.BigEndian.PutUint32(head[4:], crc32.Checksum(payload, crc32.MakeTable(crc32.Castagnoli)))
	return append(head[:], payload...)
}
