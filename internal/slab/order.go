package slab

import (
	"math"
	"slices"
)

// Order keeps references in order of a serial number that mostly grows: appending is cheap, and so is taking away.
type Order struct {
	arena  *Arena
	blocks []block
}

// block is a part of the order.
type block struct {
	base    uint64 // what the entries' serials count from
	entries []entry
	loc     Loc
}

type entry struct{ delta, ref uint32 }

const blockEntries = 256

func (b *block) first() uint64 { return b.base + uint64(b.entries[0].delta) }

// fits reports whether a serial can be counted from the base.
func (b *block) fits(serial uint64) bool { return serial >= b.base && serial-b.base <= math.MaxUint32 }

// NewOrder returns an empty order.
func NewOrder(a *Arena) *Order { return &Order{arena: a} }

// block returns the number of the last block that begins at a serial or before it; -1 where there is none.
func (o *Order) block(serial uint64) int {
	if last := len(o.blocks) - 1; last >= 0 && o.blocks[last].first() <= serial {
		return last
	}
	i, found := slices.BinarySearchFunc(o.blocks, serial, func(b block, serial uint64) int {
		switch first := b.first(); {
		case first < serial:
			return -1
		case first > serial:
			return 1
		}
		return 0
	})
	if found {
		return i
	}
	return i - 1
}

// find returns the place in a block of the first entry that is not below a serial.
func (b *block) find(serial uint64) int {
	i, _ := slices.BinarySearchFunc(b.entries, serial, func(e entry, serial uint64) int {
		if b.base+uint64(e.delta) < serial {
			return -1
		}
		return 1
	})
	return i
}

// Add puts a reference into the order. No two have the same serial.
func (o *Order) Add(serial uint64, ref uint32) {
	i := o.block(serial)
	if i < 0 || !o.blocks[i].fits(serial) {
		i++
		o.insertBlock(i, serial, nil)
	}
	b := &o.blocks[i]
	if at := b.find(serial); at == blockEntries {
		i++
		o.insertBlock(i, serial, nil)
		b = &o.blocks[i]
	} else if len(b.entries) == blockEntries {
		half := b.entries[blockEntries/2:]
		o.insertBlock(i+1, b.base, half)
		b = &o.blocks[i]
		b.entries = b.entries[:blockEntries/2]
		if o.blocks[i+1].first() <= serial {
			b = &o.blocks[i+1]
		}
	}
	b.entries = slices.Insert(b.entries, b.find(serial), entry{uint32(serial - b.base), ref})
}

func (o *Order) insertBlock(i int, base uint64, entries []entry) {
	l, memory := o.arena.alloc(blockEntries * sizeOfType[entry]())
	o.blocks = slices.Insert(o.blocks, i, block{base, append(Cast[entry](memory)[:0:blockEntries], entries...), l})
}

// Remove takes what has a serial out of the order.
func (o *Order) Remove(serial uint64) {
	i := o.block(serial)
	if i < 0 {
		return
	}
	b := &o.blocks[i]
	at := b.find(serial)
	if at == len(b.entries) || b.base+uint64(b.entries[at].delta) != serial {
		return
	}
	b.entries = slices.Delete(b.entries, at, at+1)
	switch {
	case len(b.entries) == 0:
		o.drop(i)
	case len(b.entries) < blockEntries/3:
		if !o.merge(i) && i > 0 {
			o.merge(i - 1)
		}
	}
}

// merge moves the entries of the following block into a block where they fit.
func (o *Order) merge(i int) bool {
	if i+1 >= len(o.blocks) {
		return false
	}
	b, next := &o.blocks[i], &o.blocks[i+1]
	last := next.base + uint64(next.entries[len(next.entries)-1].delta)
	if len(b.entries)+len(next.entries) > blockEntries*3/4 || !b.fits(last) {
		return false
	}
	for _, e := range next.entries {
		b.entries = append(b.entries, entry{uint32(next.base + uint64(e.delta) - b.base), e.ref})
	}
	o.drop(i + 1)
	return true
}

func (o *Order) drop(i int) {
	o.arena.reclaim(o.blocks[i].loc)
	o.blocks = slices.Delete(o.blocks, i, i+1)
}

// From calls f with everything from a serial on, in order, until it returns false.
func (o *Order) From(serial uint64, f func(serial uint64, ref uint32) bool) {
	for i := max(o.block(serial), 0); i < len(o.blocks); i++ {
		b := &o.blocks[i]
		for _, e := range b.entries[b.find(serial):] {
			if !f(b.base+uint64(e.delta), e.ref) {
				return
			}
		}
	}
}
