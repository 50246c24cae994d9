package fsm_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// TestApplyAllocatesLittle holds what one operation of a large entry allocates at most, on top of what the entry itself does: the session
// that a result carries has a subject of its own, a patch takes attributes apart, and an event now and then has the list grow.
func TestApplyAllocatesLittle(t *testing.T) {
	b := filled(t, 4096)
	apply := func(entry []byte) {
		b.index++
		if _, _, err := b.m.Apply(b.index, entry); err != nil {
			t.Fatal(err)
		}
	}
	fresh := 0
	for name, test := range map[string]struct {
		op   func(i int) fsm.Op
		most float64
	}{
		"create": {func(i int) fsm.Op { fresh++; return fsm.Op{Mutation: filler(fmt.Sprint("fresh", fresh), "ada")} }, 4},
		"create with an id": {func(i int) fsm.Op {
			fresh++
			m := filler(fmt.Sprint("fresh", fresh), "ada")
			m.OpID = sessnode.OpIDOf(fmt.Sprint("fresh", fresh))
			return fsm.Op{Mutation: m}
		}, 4},
		"patch": {func(i int) fsm.Op {
			return fsm.Op{Mutation: web(sessnode.Patch{Key: key(fmt.Sprint("s", i)), Edit: sessnode.Edit{Set: map[string]sessnode.Value{"attr0": text("1")}}})}
		}, 3},
		"touch-one": {func(i int) fsm.Op { return fsm.Op{Mutation: web(sessnode.TouchOne{Key: key(fmt.Sprint("s", i))})} }, 3},
	} {
		const runs = 8
		var made [][]byte
		for range runs + 1 { // AllocsPerRun warms up with one
			var ops []fsm.Op
			for i := range benchOps {
				ops = append(ops, test.op(i))
			}
			b.now = b.now.Add(time.Millisecond)
			made = append(made, encode(t, b.now, ops...))
		}
		each := testing.AllocsPerRun(runs, func() { apply(made[0]); made = made[1:] }) / benchOps
		if each > test.most {
			t.Errorf("%s allocates %.2f times, at most %v are expected", name, each, test.most)
		}
		t.Logf("%s: %.2f allocations", name, each)
	}
	var entries [][]byte
	for range 9 {
		b.now = b.now.Add(time.Millisecond)
		entries = append(entries, encode(t, b.now, touches(b.now, 4096)))
	}
	if each := testing.AllocsPerRun(8, func() { apply(entries[0]); entries = entries[1:] }) / benchOps; each > 0.2 {
		t.Errorf("a touch among many allocates %.2f times, none is expected", each)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = b.m.Lookup("web", key("s1")) }); n > 5 {
		t.Errorf("a read allocates %v times, at most one for what is copied, a map and the token's hash are expected", n)
	}
}
