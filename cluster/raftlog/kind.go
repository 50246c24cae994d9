package raftlog

import (
	"fmt"
	"path/filepath"
)

// Kind is what a node keeps its log in. A directory has one kind for life.
type Kind string

// The kinds. See docs/adr/0008.
const (
	Bolt Kind = "bolt" // hashicorp/raft-boltdb: one file, two syncs for a write
	WAL  Kind = "wal"  // hashicorp/raft-wal: segments in a directory, one sync for a write
)

// DefaultKind is what a new directory gets where nothing else is asked for.
const DefaultKind = WAL

// ParseKind reads a kind. "" and "auto" are no kind: what the directory has, and DefaultKind for a new one.
func ParseKind(s string) (Kind, error) {
	switch k := Kind(s); k {
	case "", "auto":
		return "", nil
	case Bolt, WAL:
		return k, nil
	}
	return "", fmt.Errorf("log store is %q, allowed are auto, %s and %s", s, Bolt, WAL)
}

// recorded is how node.json names a kind. The first one was recorded under its library's name.
func (k Kind) recorded() string {
	if k == Bolt {
		return "boltdb"
	}
	return string(k)
}

// kind returns what a record says; "" for what this version does not know.
func (r record) kind() Kind {
	for _, k := range []Kind{Bolt, WAL} {
		if k.recorded() == r.LogStore {
			return k
		}
	}
	return ""
}

// logPath is where a kind keeps its log: a file, or a directory.
func (k Kind) logPath(dir string) string {
	if k == WAL {
		return filepath.Join(dir, walName)
	}
	return filepath.Join(dir, boltName)
}

// vital is the file without which there is no log, not even an empty one.
func (k Kind) vital(dir string) string {
	if k == WAL {
		return filepath.Join(dir, walName, walMetaName)
	}
	return filepath.Join(dir, boltName)
}
