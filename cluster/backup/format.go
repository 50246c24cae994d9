package backup

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

const (
	magic     = "SSNB"
	version   = 1
	headBytes = len(magic) + 1 + 8
	maxHeader = 64 << 10
	sumBytes  = sha256.Size
)

// ErrDamaged means that a file is no backup, or not whole: the text says what is wrong and where.
var ErrDamaged = errors.New("backup is damaged")

// Header says what is in a backup without reading all of it.
type Header struct {
	Cluster    string    `json:"cluster"`    // the cluster's id
	Generation uint64    `json:"generation"` // its life
	Index      uint64    `json:"index"`      // the last log entry that is in the state
	Now        time.Time `json:"now"`        // committed cluster time there
	Apps       uint64    `json:"apps"`
	Sessions   uint64    `json:"sessions"` // stored, those included that are dead and not yet removed
	Tombstones uint64    `json:"tombstones"`
	Remembered uint64    `json:"remembered"` // operations of the exactly-once window
	StateHash  string    `json:"state_hash"`
	Node       string    `json:"node"`    // which node wrote it
	Version    string    `json:"version"` // of its software
}

// Position returns the place in the log.
func (h Header) Position() sessnode.Position {
	return sessnode.Position{Generation: h.Generation, Index: h.Index}
}

// headerOf describes a captured state.
func headerOf(s *fsm.Snapshot, node, software string) Header {
	totals, now := s.Stats()
	return Header{Cluster: totals.Cluster, Generation: totals.Generation, Index: totals.Applied, Now: time.Unix(0, now).UTC(), Apps: totals.Apps,
		Sessions: totals.Sessions, Tombstones: totals.Tombstones, Remembered: totals.Remembered, StateHash: totals.Hash.String(),
		Node: node, Version: software}
}

// Write streams a backup of a captured state. node and software say who wrote it. The caller releases the capture.
func Write(w io.Writer, s *fsm.Snapshot, node, software string) error {
	header, err := json.Marshal(headerOf(s, node, software))
	if err != nil {
		return err
	}
	sum := sha256.New()
	out := io.MultiWriter(w, sum)
	head := append([]byte(magic), version)
	head = binary.BigEndian.AppendUint32(head, uint32(len(header)))
	head = binary.BigEndian.AppendUint32(head, crc32.Checksum(header, castagnoli()))
	if _, err := out.Write(append(head, header...)); err != nil {
		return err
	}
	if err := s.Write(out); err != nil {
		return err
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// ReadHeader reads the beginning of a backup. An error wraps ErrDamaged.
func ReadHeader(r io.Reader) (Header, error) {
	var h Header
	head := make([]byte, headBytes)
	if n, err := io.ReadFull(r, head); err != nil {
		return h, damaged("it ends after %d bytes, in its header", n)
	}
	switch {
	case string(head[:len(magic)]) != magic:
		return h, damaged("it does not begin like a backup of sessnode")
	case head[len(magic)] != version:
		return h, damaged("it is of version %d, this build knows %d: install a newer build", head[len(magic)], version)
	}
	size := binary.BigEndian.Uint32(head[len(magic)+1:])
	if size == 0 || size > maxHeader {
		return h, damaged("its header has %d bytes, 1 to %d are possible", size, maxHeader)
	}
	raw := make([]byte, size)
	if n, err := io.ReadFull(r, raw); err != nil {
		return h, damaged("it ends after %d bytes, in its header", headBytes+n)
	}
	if crc32.Checksum(raw, castagnoli()) != binary.BigEndian.Uint32(head[len(magic)+5:]) {
		return h, damaged("its header, %d bytes from byte %d, is not what was written", size, headBytes)
	}
	if err := json.Unmarshal(raw, &h); err != nil {
		return h, damaged("its header cannot be read: %v", err)
	}
	return h, nil
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}
