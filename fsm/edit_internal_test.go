package fsm

import (
	"fmt"
	"testing"

	"github.com/sessnode/sessnode"
)

// TestAPatchLeavesNothingBehind: the room that patches share holds nothing of a session or an entry afterwards, also where a list outgrew it.
func TestAPatchLeavesNothingBehind(t *testing.T) {
	m, index := New(), uint64(0)
	apply := func(c sessnode.Change) {
		t.Helper()
		op, err := EncodeOp(Op{Mutation: sessnode.Mutation{App: "web", Change: c}})
		if err != nil {
			t.Fatal(err)
		}
		index++
		results, _, err := m.Apply(index, EncodeBatch(Header{Generation: 1, Stamp: int64(index)}, [][]byte{op}))
		if err != nil {
			t.Fatal(err)
		}
		if err := results[0].Err(); err != nil {
			t.Fatal(err)
		}
	}
	apply(sessnode.Found{Generation: 1})
	key := sessnode.Key{1}
	apply(sessnode.Create{Key: key, ID: sessnode.ID{1}, TokenChars: 43})
	for _, attrs := range []int{3, 12, 20, 120, 1} { // within the room, more, more than is kept, and less again
		set := map[string]sessnode.Value{}
		for i := range attrs {
			set[fmt.Sprint("name", i)] = sessnode.Value{Data: []byte("1")}
		}
		apply(sessnode.Patch{Key: key, Edit: sessnode.Edit{Set: set}})
		for i, a := range m.attrs[:cap(m.attrs)] {
			if a.name != "" || a.value.Data != nil {
				t.Fatalf("after a patch of %d attributes, %q is still at %d of the room", attrs, a.name, i)
			}
		}
	}
	if cap(m.attrs) == 0 || cap(m.attrs) > maxAttrRoom {
		t.Errorf("there is room for %d attributes, want some, and at most %d", cap(m.attrs), maxAttrRoom)
	}
}
