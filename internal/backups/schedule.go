package backups

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config says what a Keeper keeps. All fields but Free are needed.
type Config struct {
	Dir   string        // made (mode 0700) if missing
	Name  string        // the node's: part of the files' names, so that nodes can share a folder
	Every time.Duration // from one success to the next
	Keep  int           // how many of this node's files stay; at least 1
	Spare uint64        // bytes of the disk that stay free at least, where the Keeper's own rule asks for less

	Take func(ctx context.Context, w io.Writer) error // writes one backup
	Now  func() time.Time                             // the wall clock
	Free func(dir string) (free, total uint64)        // bytes of the file system; 0, 0 where it is not known; nil = the system's
	Log  *slog.Logger
}

// State is what came of it so far.
type State struct {
	Begun       time.Time // of the Keeper
	LastSuccess time.Time // by the clock; zero = none yet
	LastBytes   int64
	Taken       uint64 // since the Keeper began
	Failures    uint64 // likewise
	Err         error  // of the last try; nil = it succeeded
}

// Keeper takes backups by the clock. Each node keeps its own, whoever leads: the files lie on that node's disk, a change of the leader
// makes no difference, and the loss of a node takes no other node's files with it. Who wants one copy configures one node.
type Keeper struct {
	c Config

	mu    sync.Mutex
	state State
}

// reserveMost bounds how much of a disk stays free: a tenth of it, and this at most.
const reserveMost = 1 << 30

// NewKeeper makes the folder, and learns from the files in it when the last backup was taken.
func NewKeeper(c Config) (*Keeper, error) {
	if c.Free == nil {
		c.Free = freeBytes
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	k := &Keeper{c: c, state: State{Begun: c.Now()}}
	files, err := k.files()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.at.After(k.state.Begun) { // a clock was wrong then, or is now
			continue
		}
		k.state.LastSuccess, k.state.LastBytes = f.at, f.bytes
	}
	return k, nil
}

// State returns what came of it so far.
func (k *Keeper) State() State {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state
}

// Run takes backups until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	for wait := time.Duration(0); ; wait = k.Step(ctx) {
		timer := time.NewTimer(min(wait, time.Minute)) // the wall clock may be set meanwhile
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// Step takes a backup if one is due, and returns for how long none is. After a failure it is tried again after a tenth of Every, at most 5
// minutes. Nothing but a success drops an older file. It is for one goroutine.
func (k *Keeper) Step(ctx context.Context) time.Duration {
	now, last := k.c.Now(), k.State().LastSuccess
	if since := now.Sub(last); !last.IsZero() && since >= 0 && since < k.c.Every {
		return k.c.Every - since
	}
	bytes, err := k.take(ctx, now)
	if ctx.Err() != nil {
		return 0
	}
	if err == nil {
		err = k.prune()
	}
	k.note(now, bytes, err)
	if err != nil {
		return min(k.c.Every/10, 5*time.Minute)
	}
	return k.c.Every
}

func (k *Keeper) note(now time.Time, bytes int64, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.state.Err = err; err != nil {
		k.state.Failures++
		k.c.Log.Error("a scheduled backup failed", "dir", k.c.Dir, "last_success", k.state.LastSuccess, "error", err)
	}
	if bytes > 0 {
		k.state.LastSuccess, k.state.LastBytes = now, bytes
		k.state.Taken++
		k.c.Log.Info("took a backup", "dir", k.c.Dir, "bytes", bytes)
	}
}

func (k *Keeper) take(ctx context.Context, now time.Time) (int64, error) {
	if err := k.dropParts(); err != nil {
		return 0, err
	}
	if err := k.roomFor(uint64(k.State().LastBytes)); err != nil {
		return 0, err
	}
	path := filepath.Join(k.c.Dir, k.prefix()+now.UTC().Format(TimeForm)+Suffix)
	return WriteFile(path, true, func(w io.Writer) error {
		return k.c.Take(ctx, &careful{Writer: w, room: func() error { return k.roomFor(0) }})
	})
}

// roomFor refuses what would leave less of the disk than the node's own log may need.
func (k *Keeper) roomFor(bytes uint64) error {
	free, total := k.c.Free(k.c.Dir)
	if reserve := max(min(total/10, reserveMost), k.c.Spare); total > 0 && free < reserve+bytes {
		return fmt.Errorf("%s has %d MiB free, and %d MiB are to stay free beside a backup of %d MiB: make room, or keep fewer", k.c.Dir, free>>20, reserve>>20, bytes>>20)
	}
	return nil
}

// careful looks at the disk again and again while a backup is written.
type careful struct {
	io.Writer
	room func() error
	left int
}

func (c *careful) Write(b []byte) (int, error) {
	if c.left -= len(b); c.left < 0 {
		c.left = 16 << 20
		if err := c.room(); err != nil {
			return 0, err
		}
	}
	return c.Writer.Write(b)
}

// file is a backup of this node.
type file struct {
	path  string
	at    time.Time
	bytes int64
}

func (k *Keeper) prefix() string { return "sessnode-" + k.c.Name + "-" }

// files lists this node's backups, the oldest first.
func (k *Keeper) files() ([]file, error) {
	entries, err := os.ReadDir(k.c.Dir)
	if err != nil {
		return nil, err
	}
	var list []file
	for _, e := range entries {
		stamp, ours := strings.CutPrefix(e.Name(), k.prefix())
		at, err := time.Parse(TimeForm+Suffix, stamp)
		if !ours || err != nil {
			continue
		}
		if info, err := e.Info(); err == nil {
			list = append(list, file{filepath.Join(k.c.Dir, e.Name()), at, info.Size()})
		}
	}
	slices.SortFunc(list, func(a, b file) int { return a.at.Compare(b.at) })
	return list, nil
}

func (k *Keeper) prune() error {
	files, err := k.files()
	if err != nil {
		return err
	}
	for _, f := range files[:max(0, len(files)-k.c.Keep)] {
		if err := os.Remove(f.path); err != nil {
			return err
		}
	}
	return nil
}

// dropParts removes what a crash has left of this node's.
func (k *Keeper) dropParts() error {
	entries, err := os.ReadDir(k.c.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		stamp, ours := strings.CutPrefix(e.Name(), k.prefix())
		if _, err := time.Parse(TimeForm+Suffix+partSuffix, stamp); ours && err == nil {
			if err := os.Remove(filepath.Join(k.c.Dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
