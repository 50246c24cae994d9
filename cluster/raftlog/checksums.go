package raftlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/hashicorp/raft"
)

// sumBytes is the CRC-32C that is put behind every entry (in Log.Extensions, which raft keeps for middleware like this) and behind
// every value of the stable store. raft-boltdb has none: a flipped bit would be applied on this replica and on no other.
const sumBytes = 4

// checksums seals what is stored and checks what is read. Nothing of it leaves the disk: Raft and its peers see plain entries.
type checksums struct {
	Backend
	path string // for messages
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // made once by the library

// sumOf covers everything of an entry.
func sumOf(l *raft.Log, extensions []byte) uint32 {
	head := binary.BigEndian.AppendUint64(nil, l.Index)
	head = binary.BigEndian.AppendUint64(head, l.Term)
	head = append(head, byte(l.Type))
	head = binary.BigEndian.AppendUint64(head, uint64(l.AppendedAt.Unix()))
	head = binary.BigEndian.AppendUint32(head, uint32(l.AppendedAt.Nanosecond()))
	head = binary.BigEndian.AppendUint64(head, uint64(len(l.Data)))
	sum := crc32.Update(0, castagnoli(), head)
	sum = crc32.Update(sum, castagnoli(), l.Data)
	return crc32.Update(sum, castagnoli(), extensions)
}

func (c *checksums) StoreLog(l *raft.Log) error { return c.StoreLogs([]*raft.Log{l}) }

// StoreLogs stores copies: the entries themselves are shared with Raft's replication.
func (c *checksums) StoreLogs(logs []*raft.Log) error {
	sealed := make([]*raft.Log, len(logs))
	for i, l := range logs {
		duplicate := *l
		duplicate.Extensions = binary.BigEndian.AppendUint32(bytes.Clone(l.Extensions), sumOf(l, l.Extensions))
		sealed[i] = &duplicate
	}
	return c.Backend.StoreLogs(sealed)
}

// GetLog wraps ErrDamaged when the entry is not what was stored. The decoder may panic on one that is badly damaged.
func (c *checksums) GetLog(index uint64, out *raft.Log) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damaged(c.path, "log entry %d: %v", index, p)
		}
	}()
	var l raft.Log
	err = c.Backend.GetLog(index, &l)
	if errors.Is(err, raft.ErrLogNotFound) {
		return err
	}
	if err != nil {
		return damaged(c.path, "log entry %d: %v", index, err)
	}
	split := len(l.Extensions) - sumBytes
	if split < 0 || l.Index != index {
		return damaged(c.path, "log entry %d has no checksum, or another index", index)
	}
	extensions := l.Extensions[:split:split]
	if sumOf(&l, extensions) != binary.BigEndian.Uint32(l.Extensions[split:]) {
		return damaged(c.path, "log entry %d does not match its checksum", index)
	}
	if l.Extensions = extensions; split == 0 {
		l.Extensions = nil
	}
	*out = l
	return nil
}

func (c *checksums) Set(key, value []byte) error {
	return c.Backend.Set(key, binary.BigEndian.AppendUint32(bytes.Clone(value), sumOfValue(key, value)))
}

// Get returns the backend's "not found" as it is: hashicorp/raft compares its text.
func (c *checksums) Get(key []byte) ([]byte, error) {
	sealed, err := c.Backend.Get(key)
	if err != nil {
		return nil, err
	}
	if err := checkSealed(key, sealed); err != nil {
		return nil, damaged(c.path, "%v", err)
	}
	split := len(sealed) - sumBytes
	return sealed[:split:split], nil
}

func sumOfValue(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli()), castagnoli(), value)
}

// checkSealed checks a value of the stable store with its checksum behind it. The key is part of that: under a changed key a term
// would not read as damaged but as absent.
func checkSealed(key, sealed []byte) error {
	split := len(sealed) - sumBytes
	if split < 0 || sumOfValue(key, sealed[:split]) != binary.BigEndian.Uint32(sealed[split:]) {
		return fmt.Errorf("the value of %q does not match its checksum", key)
	}
	return nil
}

func (c *checksums) SetUint64(key []byte, value uint64) error {
	return c.Set(key, binary.BigEndian.AppendUint64(nil, value))
}

func (c *checksums) GetUint64(key []byte) (uint64, error) {
	value, err := c.Get(key)
	if err != nil {
		return 0, err
	}
	if len(value) != 8 {
		return 0, damaged(c.path, "the value of %s has %d bytes", key, len(value))
	}
	return binary.BigEndian.Uint64(value), nil
}
