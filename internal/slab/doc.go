// Package slab keeps many small things in memory that the garbage collector neither walks nor counts: an Arena hands out
// pieces of anonymous mappings, and Handles, Index, Heap, Lists, Order and Queue are structures over 32-bit references in place of
// pointers. Nothing here is safe for concurrent use but what a captured View reads; the owner holds a lock.
//
// Memory of an arena is gone with the arena: whoever keeps a slice of it must keep the arena, and nothing that leaves the owner's
// lock may point into it.
package slab
