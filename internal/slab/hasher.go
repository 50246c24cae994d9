package slab

import "hash/maphash"

// Hasher hashes for an Index, differently in every process: nobody can choose keys that meet in one place.
type Hasher struct{ seed maphash.Seed }

// NewHasher returns a hasher of its own seed.
func NewHasher() Hasher { return Hasher{maphash.MakeSeed()} }

// Bytes hashes a key within a space of keys.
func (h Hasher) Bytes(space uint32, key []byte) uint64 {
	return maphash.Bytes(h.seed, key) + uint64(space)*0x9e3779b97f4a7c15
}

// Text hashes a text within a space of texts.
func (h Hasher) Text(space uint32, text string) uint64 {
	return maphash.String(h.seed, text) + uint64(space)*0x9e3779b97f4a7c15
}
