package raftlog

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const (
	recordName     = "node.json"
	boltName       = "raft.db"
	snapshotsName  = "snapshots" // hashicorp/raft's FileSnapshotStore makes it
	recordFormat   = 1
	logFormat      = 1
	snapshotFormat = 1
)

// record is node.json: who the node is, and what it may not do twice.
type record struct {
	Format         int       `json:"format"`
	NodeID         string    `json:"id"`
	Name           string    `json:"name"`
	Cluster        string    `json:"cluster"`    // empty until founded or joined
	Generation     uint64    `json:"generation"` // 0 until then
	LogStore       string    `json:"log_store"`
	LogFormat      int       `json:"log_format"`
	SnapshotFormat int       `json:"snapshot_format"`
	LogMade        bool      `json:"log_made"` // the log exists and may hold votes and entries: it must never be missing again
	Pledge         []byte    `json:"pledge,omitempty"`
	Left           bool      `json:"left,omitempty"` // it was taken out of its cluster at its own wish: it must not vote again
	Created        time.Time `json:"created"`
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// newRecord mints an identity. The random part is what makes it unique: a wiped directory gets another, whatever its name.
func newRecord(name string, kind Kind) record {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand crashes the program instead
	return record{
		Format: recordFormat, NodeID: name + "-" + hex.EncodeToString(random[:]), Name: name,
		LogStore: kind.recorded(), LogFormat: logFormat, SnapshotFormat: snapshotFormat,
		Created: time.Now().UTC().Truncate(time.Second),
	}
}

// readRecord returns fs.ErrNotExist when there is none.
func readRecord(dir string) (record, error) {
	path := filepath.Join(dir, recordName)
	data, err := os.ReadFile(path)
	if err != nil {
		return record{}, err
	}
	return decodeRecord(path, data)
}

// decodeRecord reads node.json. It wraps ErrDamaged or ErrUnfit.
func decodeRecord(path string, data []byte) (record, error) {
	var form struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &form); err != nil {
		return record{}, damaged(path, "cannot be read: %v", err)
	}
	const upgrade = "Start the version of sessnode that wrote it, or an empty directory"
	if form.Format != recordFormat {
		return record{}, unfit(path, upgrade, "format %d, this version knows %d", form.Format, recordFormat)
	}
	var r record
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return record{}, damaged(path, "cannot be read: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return record{}, damaged(path, "something follows after its end")
	}
	random, named := strings.CutPrefix(r.NodeID, r.Name+"-")
	raw, err := hex.DecodeString(random)
	switch {
	case !nameForm.MatchString(r.Name) || !named || err != nil || len(raw) != 8:
		return record{}, damaged(path, "node id %q does not belong to name %q", r.NodeID, r.Name)
	case r.kind() == "":
		return record{}, unfit(path, upgrade, "log store %q, this version has %q and %q", r.LogStore, Bolt.recorded(), WAL.recorded())
	case r.LogFormat != logFormat || r.SnapshotFormat != snapshotFormat:
		return record{}, unfit(path, upgrade, "log format %d and snapshot format %d, this version knows %d and %d",
			r.LogFormat, r.SnapshotFormat, logFormat, snapshotFormat)
	}
	return r, nil
}

// write makes the record durable.
func (r record) write(dir string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(dir, recordName, append(data, '\n'))
}

// checkPresent refuses a directory whose parts contradict each other. known says whether there is a record.
func (r record) checkPresent(dir string, known bool) error {
	if known {
		// An empty file counts as missing: bbolt would quietly make a new, empty log of it.
		path := r.kind().vital(dir)
		if size, err := sizeOf(path); err != nil {
			return err
		} else if r.LogMade && size == 0 {
			return damaged(path, "the log of node %s is missing: it would start empty under its old id", r.NodeID)
		}
		return nil
	}
	for _, k := range []Kind{Bolt, WAL} {
		if _, err := os.Stat(k.logPath(dir)); err == nil {
			return damaged(filepath.Join(dir, recordName), "is missing, but there is a log: nobody knows whose")
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if entries, err := os.ReadDir(filepath.Join(dir, snapshotsName)); err == nil && len(entries) > 0 {
		return damaged(filepath.Join(dir, recordName), "is missing, but there are snapshots: nobody knows whose")
	}
	return nil
}

// sizeOf returns the size of a file, 0 where there is none.
func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
