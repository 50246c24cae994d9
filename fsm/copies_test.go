package fsm_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// TestWhatLeavesTheMachineIsItsOwn reads everything that can be read, has the memory of it freed and used again many times over, and
// compares: nothing that left may share memory with the machine, or with the log's entry.
func TestWhatLeavesTheMachineIsItsOwn(t *testing.T) {
	b := newBench(t)
	var results []fsm.Result
	var entries [][]byte
	apply := func(ops ...fsm.Op) {
		entry := encode(t, b.now, ops...)
		b.index++
		res, _, err := b.m.Apply(b.index, entry)
		if err != nil {
			t.Fatal(err)
		}
		entries, results = append(entries, entry), append(results, res...)
	}
	op := func(c sessnode.Change) fsm.Op {
		return fsm.Op{Mutation: sessnode.Mutation{App: "web", OpID: sessnode.OpIDOf(fmt.Sprint(c)), Actor: "key:actor", Node: "node-1", Change: c}}
	}
	apply(op(filler("a", "subject of a").Change), op(filler("b", "subject of b").Change), op(filler("c", "subject of a").Change))
	apply(op(sessnode.Pop{Key: key("a"), Names: []string{"attr0", "attr1"}}), op(sessnode.Revoke{Key: key("b")}),
		op(sessnode.Patch{Key: key("c"), Edit: sessnode.Edit{Incr: map[string]int64{"counter": 1}}}), op(rotate("c", "d")))
	type view struct {
		Lookups []fsm.Lookup
		Listed  []sessnode.Session
		Why     []sessnode.Ended
		Events  []sessnode.Event
		Results []string
		Apps    []sessnode.AppInfo
	}
	look := func() (v view) {
		for _, name := range []string{"a", "c", "d"} {
			l, err := b.m.Lookup("web", key(name))
			if err != nil {
				t.Fatal(err)
			}
			v.Lookups = append(v.Lookups, l)
		}
		v.Listed, _, _ = b.m.Subject("web", "subject of a", true)
		page, _, _, _ := b.m.Page("web", "", 10)
		v.Listed = append(v.Listed, page.Sessions...)
		v.Why = b.m.Why("web", sessnode.ID{}, "subject of b")
		events, _ := follow(t, b.m, sessnode.OldestEvent, 100)
		v.Events, v.Apps = events, b.m.Apps()
		return v
	}
	before := look()
	told := fmt.Sprintf("%+v %+v", before, results[:7])
	if !bytes.Contains([]byte(told), []byte("subject of b")) || len(before.Why) != 1 || len(before.Events) != 5 {
		t.Fatalf("the story is too small: %s", told)
	}
	apply(op(sessnode.RevokeApp{}))
	for round := range 30 {
		var ops []fsm.Op
		for i := range 200 {
			ops = append(ops, op(filler(fmt.Sprint("x", round, "-", i), fmt.Sprint("another subject ", i)).Change))
		}
		b.now = b.now.Add(time.Hour)
		apply(ops...)
	}
	for _, entry := range entries { // the log may use its memory for something else
		for i := range entry {
			entry[i] = 0xff
		}
	}
	if after := fmt.Sprintf("%+v %+v", before, results[:7]); after != told {
		t.Errorf("what was read changed:\n%s", cmp.Diff(told, after))
	}
}
