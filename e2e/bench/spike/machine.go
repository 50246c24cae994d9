package main

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/hashicorp/raft"
)

// machine is the state machine: a map.
type machine struct {
	mu       sync.RWMutex
	sessions map[string]*session
}

type session struct {
	value   []byte
	touched int64 // or made, ns since the epoch
}

func newMachine() *machine { return &machine{sessions: map[string]*session{}} }

// stampBytes begin an entry: when it was proposed, in ns since the epoch.
const stampBytes = 8

// appendChange encodes one change: lengths, key, value. A touch is a change with no value.
func appendChange(b []byte, key string, value []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(len(key)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	return append(append(b, key...), value...)
}

// Apply carries out a batch of changes. Values stay in the entry's memory, as a lean store would have it.
func (m *machine) Apply(l *raft.Log) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(l.Data) < stampBytes {
		return errHalf
	}
	stamp := int64(binary.LittleEndian.Uint64(l.Data))
	for b := l.Data[stampBytes:]; len(b) >= 6; {
		k, v := int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint32(b[2:]))
		if b = b[6:]; len(b) < k+v {
			return errHalf
		}
		if v > 0 {
			m.sessions[string(b[:k])] = &session{b[k : k+v : k+v], stamp}
		} else if s := m.sessions[string(b[:k])]; s != nil {
			s.touched = stamp
		}
		b = b[k+v:]
	}
	return nil
}

// get returns a session's value, nil where there is none.
func (m *machine) get(key string) []byte {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if s := m.sessions[key]; s != nil {
		return s.value
	}
	return nil
}

var errHalf = errors.New("half an entry")

var errNoSnapshots = errors.New("a spike makes no snapshots")

// Snapshot is never asked for.
func (m *machine) Snapshot() (raft.FSMSnapshot, error) { return nil, errNoSnapshots }

// Restore is never asked for.
func (m *machine) Restore(io.ReadCloser) error { return errNoSnapshots }
