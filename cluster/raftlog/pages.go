package raftlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	branchPage   = 0x01
	leafPage     = 0x02
	elementBytes = 16   // of an entry's place in a page: branch pos u32, size u32, page u64; leaf flags u32, pos u32, size u32, value size u32
	bucketFlag   = 0x01 // on a leaf's entry: the value is a bucket
	bucketBytes  = 16   // root page u64, sequence u64; an inline page follows where the root is 0
	maxDepth     = 64
)

// checkPages walks the whole tree by plain reads and returns an error where bbolt, which trusts its memory map, would panic, run in
// circles or read beyond the file. It also holds the log to what Raft needs: all entries from covered, the index of the newest
// snapshot, to the last.
func checkPages(f io.ReaderAt, m meta, covered uint64) error {
	w := &walk{f: f, meta: m, seen: make([]bool, m.pages), covered: covered}
	return w.bucket(m.root, nil, 0)
}

type walk struct {
	f       io.ReaderAt
	meta    meta
	seen    []bool // by page: nothing may be referred to twice
	covered uint64
	last    uint64 // index of the last log entry so far; 0 = none
}

// page is one page with its overflow, or an inline page.
type page struct {
	data  []byte
	flags uint16
	count int
}

// bucket walks the tree under root. name is the path of bucket names; nil is the root bucket.
func (w *walk) bucket(root uint64, name [][]byte, depth int) error {
	_, err := w.tree(root, name, nil, nil, depth)
	return err
}

// tree walks one page and what is below it. All keys must be from least on and below limit (nil = none). It returns the last key.
func (w *walk) tree(id uint64, name [][]byte, least, limit []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("page %d: the tree is deeper than %d", id, maxDepth)
	}
	p, err := w.read(id)
	if err != nil {
		return nil, err
	}
	last, err := w.elements(p, name, least, limit, depth)
	if err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return last, nil
}

// read takes a page and its overflow from the file.
func (w *walk) read(id uint64) (page, error) {
	if id < 2 || id >= w.meta.pages {
		return page{}, fmt.Errorf("page %d does not exist", id)
	}
	head := make([]byte, pageHeader)
	if _, err := w.f.ReadAt(head, int64(id)*w.meta.pageSize); err != nil {
		return page{}, err
	}
	le := binary.LittleEndian
	overflow := uint64(le.Uint32(head[12:]))
	if le.Uint64(head) != id || id+overflow >= w.meta.pages {
		return page{}, fmt.Errorf("page %d says that it is %d, with %d more", id, le.Uint64(head), overflow)
	}
	for i := id; i <= id+overflow; i++ {
		if w.seen[i] {
			return page{}, fmt.Errorf("page %d is referred to twice", i)
		}
		w.seen[i] = true
	}
	data := make([]byte, int64(overflow+1)*w.meta.pageSize)
	if _, err := w.f.ReadAt(data, int64(id)*w.meta.pageSize); err != nil {
		return page{}, err
	}
	return parsePage(data)
}

func parsePage(data []byte) (page, error) {
	if len(data) < pageHeader {
		return page{}, errors.New("inline page is cut short")
	}
	p := page{data: data, flags: binary.LittleEndian.Uint16(data[8:]), count: int(binary.LittleEndian.Uint16(data[10:]))}
	if p.flags != branchPage && p.flags != leafPage {
		return page{}, fmt.Errorf("flags %#x are neither branch nor leaf", p.flags)
	}
	if pageHeader+p.count*elementBytes > len(data) {
		return page{}, fmt.Errorf("%d entries do not fit", p.count)
	}
	return p, nil
}

// at returns n bytes at an entry's position, which counts from the entry's place.
func (p page) at(i int, pos, n uint32) ([]byte, error) {
	start := uint64(pageHeader+i*elementBytes) + uint64(pos)
	end := start + uint64(n)
	if end > uint64(len(p.data)) {
		return nil, fmt.Errorf("entry %d lies beyond the page", i)
	}
	return p.data[start:end], nil
}

// elements checks the entries of one page in their order, and descends.
func (w *walk) elements(p page, name [][]byte, least, limit []byte, depth int) (last []byte, err error) {
	if p.count == 0 && (p.flags == branchPage || !p.blank()) {
		return nil, errors.New("the entries are gone")
	}
	keys, err := p.keys(least, limit)
	if err != nil {
		return nil, err
	}
	last = least
	le := binary.LittleEndian
	for i, key := range keys {
		place := p.data[pageHeader+i*elementBytes:]
		if p.flags == leafPage {
			value, err := p.at(i, le.Uint32(place[4:])+le.Uint32(place[8:]), le.Uint32(place[12:]))
			if err == nil {
				err = w.entry(le.Uint32(place), key, value, name, depth)
			}
			if err != nil {
				return nil, err
			}
			last = key
			continue
		}
		upper := limit
		if i+1 < len(keys) {
			upper = keys[i+1]
		}
		if last, err = w.tree(le.Uint64(place[8:]), name, key, upper, depth+1); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// blank reports whether a page without entries was written as one: bbolt fills up with zeros.
func (p page) blank() bool {
	return len(bytes.TrimLeft(p.data[pageHeader:], "\x00")) == 0
}

// keys returns the page's keys, which must rise, from least on and below limit. bbolt writes keys and values one behind the other,
// the first behind the last entry's place: so a count that was changed, which would lose the log's tail, does not go unnoticed.
func (p page) keys(least, limit []byte) ([][]byte, error) {
	le := binary.LittleEndian
	keys := make([][]byte, p.count)
	next := uint64(pageHeader + p.count*elementBytes)
	for i := range keys {
		place := p.data[pageHeader+i*elementBytes:]
		pos, size, value := le.Uint32(place), le.Uint32(place[4:]), uint32(0)
		if p.flags == leafPage {
			pos, size, value = le.Uint32(place[4:]), le.Uint32(place[8:]), le.Uint32(place[12:])
		}
		if uint64(pageHeader+i*elementBytes)+uint64(pos) != next {
			return nil, fmt.Errorf("entry %d is not behind the one before", i)
		}
		next += uint64(size) + uint64(value)
		key, err := p.at(i, pos, size)
		if err != nil {
			return nil, err
		}
		switch {
		case len(key) == 0:
			return nil, fmt.Errorf("entry %d has no key", i)
		case i == 0 && bytes.Compare(key, least) < 0,
			i > 0 && bytes.Compare(key, keys[i-1]) <= 0,
			limit != nil && bytes.Compare(key, limit) >= 0:
			return nil, fmt.Errorf("entry %d is out of order", i)
		}
		keys[i] = key
	}
	return keys, nil
}

// entry checks one key and value: the root holds buckets, and they hold the log and the stable store.
func (w *walk) entry(flags uint32, key, value []byte, name [][]byte, depth int) error {
	switch {
	case len(name) == 0 && flags != bucketFlag, len(name) > 0 && flags != 0:
		return fmt.Errorf("%q has flags %#x", key, flags)
	case len(name) > 0 && string(name[0]) == "logs":
		return w.logEntry(key)
	case len(name) > 0 && string(name[0]) == "conf":
		return checkSealed(key, value)
	case len(name) > 0:
		return fmt.Errorf("bucket %q is not one of a log", name[0])
	}
	if len(value) < bucketBytes {
		return fmt.Errorf("bucket %q is cut short", key)
	}
	inside := append(name[:len(name):len(name)], key)
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		return w.bucket(root, inside, depth+1)
	}
	p, err := parsePage(value[bucketBytes:])
	if err == nil && p.flags != leafPage {
		err = errors.New("inline page is no leaf")
	}
	if err == nil {
		_, err = w.elements(p, inside, nil, nil, depth+1)
	}
	if err != nil {
		return fmt.Errorf("bucket %q: %w", key, err)
	}
	return nil
}

func (w *walk) logEntry(key []byte) error {
	if len(key) != 8 {
		return fmt.Errorf("log index of %d bytes", len(key))
	}
	index := binary.BigEndian.Uint64(key)
	if index != w.last+1 && index > w.covered+1 {
		return fmt.Errorf("log entry %d is missing, and the newest snapshot ends at %d", index-1, w.covered)
	}
	w.last = index
	return nil
}
