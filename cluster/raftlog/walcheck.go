package raftlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// What of raft-wal's file format is needed to tell a whole log from a damaged one (v0.4.2, segment/format.go). raft-wal itself takes
// whatever it cannot read in its newest segment for a write that was torn, and forgets all that follows.
const (
	walHeader   = 32 // magic u32, reserved 3 bytes, version u8, base index u64, id u64, codec u64; little-endian
	walMagic    = 0x58eb6b0d
	frameHeader = 8 // type u8, reserved 3 bytes, length u32; of a commit its checksum in place of the length
	sectorBytes = 512

	frameEntry  = segment.FrameEntry
	frameIndex  = segment.FrameIndex
	frameCommit = segment.FrameCommit
)

// walSegment is one segment as checkSegment found it. Each write ends with a commit frame, whose checksum covers all since the one before.
type walSegment struct {
	types.SegmentInfo
	path    string
	offsets []uint32 // of the entries' frames, up to the last whole write
	end     int64    // behind it
	index   uint64   // where the index is, of a segment that was sealed; else 0
	torn    int64    // behind the remains of a write that a crash has torn; 0 = there are none
}

// last returns the newest entry; base-1 where there is none.
func (s *walSegment) last() uint64 {
	have := s.BaseIndex + uint64(len(s.offsets)) - 1
	if s.MaxIndex > 0 {
		return min(s.MaxIndex, have)
	}
	return have
}

// checkWAL reads the whole log by plain reads. It returns what there is, or an ErrDamaged; a write that was torn by a crash was never
// acknowledged and is no damage. From covered, the index of the newest snapshot, the log must be without gaps.
func checkWAL(dir string, m walMeta, covered uint64) ([]*walSegment, error) {
	var all []*walSegment
	for i, si := range m.Segments {
		s := &walSegment{SegmentInfo: si, path: filepath.Join(dir, segment.FileName(si))}
		if err := s.check(); err != nil {
			return nil, damaged(s.path, "%v", err)
		}
		isTail := si.SealTime.IsZero()
		if isTail != (i == len(m.Segments)-1) {
			return nil, damaged(s.path, "it is not the newest segment and was not sealed, or the other way round")
		}
		if i > 0 && si.BaseIndex != all[i-1].last()+1 {
			return nil, damaged(s.path, "begins with entry %d, and the segment before ends with %d", si.BaseIndex, all[i-1].last())
		}
		all = append(all, s)
	}
	first, last := walEnds(all)
	if first > 1 && first > covered+1 {
		return nil, damaged(dir, "log entry %d is missing, and the newest snapshot ends at %d", first-1, covered)
	}
	if last != 0 && first == 0 {
		return nil, damaged(dir, "the log has an end and no beginning")
	}
	return all, nil
}

// walEnds returns the first and the last entry; 0 and 0 for none.
func walEnds(all []*walSegment) (first, last uint64) {
	for _, s := range all {
		if s.last() < s.MinIndex {
			continue
		}
		if first == 0 {
			first = s.MinIndex
		}
		last = s.last()
	}
	return first, last
}

// check reads one segment.
func (s *walSegment) check() error {
	data, err := os.ReadFile(s.path)
	if err != nil {
		return err
	}
	if err := s.frames(data); err != nil {
		return err
	}
	if !s.SealTime.IsZero() {
		return s.sealed(data)
	}
	if s.MinIndex < s.BaseIndex || s.last()+1 < s.MinIndex {
		return fmt.Errorf("should hold entry %d and holds %d to %d", s.MinIndex-1, s.BaseIndex, s.last())
	}
	rest := bytes.TrimRight(data[s.end:], "\x00")
	if s.index == 0 && (len(data)%walStep != 0 || int64(len(data))-s.end < walMargin) {
		return fmt.Errorf("ends after %d bytes: it was cut short", len(data))
	}
	if len(rest) == 0 {
		return nil
	}
	if s.torn = s.end + int64(len(rest)); !s.tornBehind(data) || s.wholeBehind(data) {
		return fmt.Errorf("what follows after entry %d, at byte %d, was changed", s.last(), s.end)
	}
	return nil
}

// sealed checks what must be in a segment that is written no more.
func (s *walSegment) sealed(data []byte) error {
	have := s.BaseIndex + uint64(len(s.offsets)) - 1
	switch {
	case s.index == 0 || s.index != s.IndexStart:
		return fmt.Errorf("its index is at byte %d and should be at %d", s.index, s.IndexStart)
	case s.MaxIndex < s.BaseIndex || s.MaxIndex > have || s.MinIndex < s.BaseIndex || s.MinIndex > s.MaxIndex:
		return fmt.Errorf("holds entries %d to %d and should hold %d to %d", s.BaseIndex, have, s.MinIndex, s.MaxIndex)
	}
	for i, offset := range s.offsets {
		if at := s.index + 4*uint64(i); at+4 > uint64(len(data)) || binary.LittleEndian.Uint32(data[at:]) != offset {
			return fmt.Errorf("its index is wrong about entry %d", s.BaseIndex+uint64(i))
		}
	}
	return nil
}

// frames finds the writes that are whole.
func (s *walSegment) frames(data []byte) error {
	if len(data) < walHeader {
		return errors.New("it was cut short")
	}
	at, since := int64(walHeader), int64(0) // since the last commit
	var offsets []uint32
	var index uint64
	for at+frameHeader <= int64(len(data)) {
		size := int64(binary.LittleEndian.Uint32(data[at+4:]))
		switch data[at] {
		case frameEntry:
			offsets = append(offsets, uint32(at))
		case frameIndex:
			index = uint64(at) + frameHeader
		case frameCommit:
			if crc32.Checksum(data[since:at], castagnoli()) != uint32(size) {
				return nil
			}
			if err := s.head(data); err != nil {
				return err
			}
			size, since, s.end = 0, at+frameHeader, at+frameHeader
			s.offsets, s.index, offsets = append(s.offsets, offsets...), index, nil
		default:
			return nil
		}
		at += frameHeader + (size+7)&^7
		if s.index > 0 {
			return nil
		}
	}
	return nil
}

// head checks the header of the file, which is part of the first write.
func (s *walSegment) head(data []byte) error {
	le := binary.LittleEndian
	if le.Uint64(data) != walMagic || le.Uint64(data[8:]) != s.BaseIndex || le.Uint64(data[16:]) != s.ID || le.Uint64(data[24:]) != s.Codec {
		return errors.New("its head belongs to another segment")
	}
	return nil
}

// tornBehind reports whether what follows the last whole write may be another one that a crash has torn: there were zeros before a write,
// so that its sectors are there or are zeros. One that is whole but for some bits is damage.
func (s *walSegment) tornBehind(data []byte) bool {
	at := s.end
	if at == 0 {
		at = walHeader
		if blank(data, 0, walHeader) {
			return true // the first write to the segment has lost its first sector
		}
		if s.head(data) != nil {
			return false
		}
	}
	for at+frameHeader <= int64(len(data)) {
		size := int64(binary.LittleEndian.Uint32(data[at+4:]))
		switch data[at] {
		case frameEntry, frameIndex:
			at += frameHeader + (size+7)&^7
		case frameCommit:
			end := at + frameHeader
			return s.torn <= end && hasHole(data[:end], s.end)
		default:
			return blank(data, max(at/sectorBytes*sectorBytes, s.end), (at/sectorBytes+1)*sectorBytes)
		}
	}
	return false // a length that leads out of the file
}

// wholeBehind reports whether a whole write lies somewhere behind the last one that was reached: it was begun when those before it were
// durable, so that what lies between is damaged and not torn.
func (s *walSegment) wholeBehind(data []byte) bool {
	le := binary.LittleEndian
	for since := (s.end + frameHeader) &^ 7; since < s.torn; since += frameHeader {
		if le.Uint32(data[since-frameHeader:]) != uint32(frameCommit) {
			continue
		}
		at := since
		for at+frameHeader <= s.torn && (data[at] == frameEntry || data[at] == frameIndex) {
			at += frameHeader + (int64(le.Uint32(data[at+4:]))+7)&^7
		}
		if at > since && at+frameHeader <= s.torn+frameHeader && at+frameHeader <= int64(len(data)) && data[at] == frameCommit &&
			crc32.Checksum(data[since:at], castagnoli()) == le.Uint32(data[at+4:]) {
			return true
		}
	}
	return false
}

// hasHole reports whether a sector from a place on is all zeros.
func hasHole(data []byte, from int64) bool {
	for from < int64(len(data)) {
		next := (from/sectorBytes + 1) * sectorBytes
		if blank(data, from, next) {
			return true
		}
		from = next
	}
	return false
}

// blank reports whether there are only zeros from one place to another, or to the end.
func blank(data []byte, from, to int64) bool {
	to = min(to, int64(len(data)))
	return len(bytes.TrimLeft(data[from:to], "\x00")) == 0
}
