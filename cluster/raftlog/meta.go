package raftlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// What of bbolt's file format is needed to tell a whole file from a damaged one (go.etcd.io/bbolt v1.4.3, internal/common).
// Integers are in the machine's order, which is little-endian wherever this runs.
const (
	pageHeader  = 16 // id u64, flags u16, count u16, overflow u32
	metaBytes   = 64 // magic u32, version u32, page size u32, flags u32, root u64 + u64, freelist u64, pages u64, txid u64, sum u64
	boltMagic   = 0xED0CDAED
	boltVersion = 2
	noFreelist  = 1<<64 - 1
)

// meta is one of the two pages that say where everything else is.
type meta struct {
	pageSize int64
	root     uint64 // page of the root bucket
	pages    uint64 // how many pages are in use: the high-water mark
	txid     uint64 // transactions committed since the file was made
}

// readMetas returns the newer of the two meta pages. Both must be valid: bbolt would fall back from a damaged one to the other,
// which is the state before the last commit, and so silently forget a vote or an entry that was acknowledged. A crash does not
// tear a meta page: its 80 bytes are within one sector.
func readMetas(f io.ReaderAt, size int64) (meta, error) {
	first, err := readMeta(f, 0)
	if err != nil {
		return meta{}, fmt.Errorf("first meta page: %w", err)
	}
	second, err := readMeta(f, first.pageSize)
	if err != nil {
		return meta{}, fmt.Errorf("second meta page: %w", err)
	}
	newer := first
	if second.txid > first.txid {
		newer = second
	}
	if need := int64(newer.pages) * newer.pageSize; newer.pages > 1<<40 || need > size {
		return meta{}, fmt.Errorf("the file has %d bytes and should have %d at least: it was cut short", size, need)
	}
	return newer, nil
}

func readMeta(f io.ReaderAt, at int64) (meta, error) {
	b := make([]byte, pageHeader+metaBytes)
	if _, err := f.ReadAt(b, at); err != nil {
		return meta{}, err
	}
	b = b[pageHeader:]
	le := binary.LittleEndian
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaBytes-8])
	if le.Uint32(b) != boltMagic || le.Uint32(b[4:]) != boltVersion {
		return meta{}, errors.New("not a bbolt file of version 2")
	}
	if sum.Sum64() != le.Uint64(b[metaBytes-8:]) {
		return meta{}, errors.New("checksum does not match")
	}
	m := meta{pageSize: int64(le.Uint32(b[8:])), root: le.Uint64(b[16:]), pages: le.Uint64(b[40:]), txid: le.Uint64(b[48:])}
	if m.pageSize < 1024 || m.pageSize > 16<<20 || m.pageSize&(m.pageSize-1) != 0 {
		return meta{}, fmt.Errorf("page size %d", m.pageSize)
	}
	return m, nil
}
