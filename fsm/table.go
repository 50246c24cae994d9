package fsm

import "maps"

// shardCount trades the cost of a capture (one pointer a shard) against the cost of the first write to a shard after it
// (cloning its map). At a million records a shard holds about a hundred, cloned in a few microseconds.
const shardCount = 8192

// table is a hash map that can be captured in microseconds whatever its size: copy on write, a shard at a time. Values must
// be immutable once they are in it. It is guarded by the Machine's lock; a captured state may be read without any.
type table[K comparable, V any] struct {
	shards  [shardCount]shard[K, V]
	shardOf func(K) uint16
	count   uint64
	epoch   uint64 // of the last capture
	pins    int    // captures not yet released
}

type shard[K comparable, V any] struct {
	entries map[K]V // nil while it never held anything
	epoch   uint64  // the capture after which entries is ours alone
}

func newTable[K comparable, V any](shardOf func(K) uint16) *table[K, V] {
	return &table[K, V]{shardOf: shardOf}
}

func (t *table[K, V]) get(k K) (V, bool) {
	v, found := t.shards[t.shardOf(k)%shardCount].entries[k]
	return v, found
}

func (t *table[K, V]) put(k K, v V) {
	s := t.own(k)
	before := len(s.entries)
	s.entries[k] = v
	t.count += uint64(len(s.entries) - before)
}

func (t *table[K, V]) remove(k K) {
	s := t.own(k)
	before := len(s.entries)
	delete(s.entries, k)
	t.count -= uint64(before - len(s.entries))
}

// own returns the shard of k, cloned first if a capture still shares its map.
func (t *table[K, V]) own(k K) *shard[K, V] {
	s := &t.shards[t.shardOf(k)%shardCount]
	if t.pins > 0 && s.epoch < t.epoch {
		s.entries = maps.Clone(s.entries)
	}
	if s.entries == nil {
		s.entries = make(map[K]V)
	}
	s.epoch = t.epoch
	return s
}

// capture freezes the present content. Call release once it is no longer read.
func (t *table[K, V]) capture() []map[K]V {
	t.epoch++
	t.pins++
	frozen := make([]map[K]V, shardCount)
	for i := range t.shards {
		frozen[i] = t.shards[i].entries
	}
	return frozen
}

func (t *table[K, V]) release() { t.pins-- }
