package fsm

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// A captured table keeps what it held, and the table goes on.
func TestCaptureIsFrozenWhileTheTableChanges(t *testing.T) {
	key := func(i int) (s slot) {
		binary.BigEndian.PutUint16(s.key[:], uint16(i))
		s.key[9] = byte(i >> 16)
		return s
	}
	tab := newTable[slot, int](slot.shard)
	want := map[slot]int{}
	for i := range 100_000 {
		tab.put(key(i), i)
		want[key(i)] = i
	}
	first := tab.capture()
	for i := range 100_000 {
		switch i % 3 {
		case 0:
			tab.remove(key(i))
		case 1:
			tab.put(key(i), -i)
		}
	}
	second := tab.capture()
	tab.release()
	tab.put(key(2), 0)
	got := map[slot]int{}
	for _, shard := range first {
		for k, v := range shard {
			got[k] = v
		}
	}
	if len(got) != len(want) {
		t.Fatalf("the first capture holds %d, want %d", len(got), len(want))
	}
	for k, v := range want {
		if got[k] != v {
			t.Fatalf("the first capture holds %d, want %d", got[k], v)
		}
	}
	for _, shard := range second {
		for k, v := range shard {
			if k == key(2) && v != 2 {
				t.Error("the second capture changed after the first was released")
			}
		}
	}
	if tab.count != 100_000-33_334 {
		t.Errorf("count = %d", tab.count)
	}
}

// BenchmarkWritesAfterCapture measures 256 writes to a table of a million right after a capture.
func BenchmarkWritesAfterCapture(b *testing.B) {
	tab := newTable[slot, *record](slot.shard)
	keys := make([]slot, 1_000_000)
	for i := range keys {
		binary.BigEndian.PutUint64(keys[i].key[:], rand.Uint64())
		tab.put(keys[i], &record{})
	}
	b.ResetTimer()
	for range b.N {
		tab.capture()
		for range 256 {
			tab.put(keys[rand.IntN(len(keys))], &record{})
		}
		tab.release()
	}
}
