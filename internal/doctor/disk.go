package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/sessnode/sessnode/internal/term"
)

const (
	probes    = 40                     // flushed writes that measure the disk
	probeFor  = time.Second            // and how long they may take together
	slowFlush = 20 * time.Millisecond  // a median above makes every login wait noticeably
	stall     = 500 * time.Millisecond // close to what followers take for a lost leader
	lowSpace  = 1 << 30
	noSpace   = 64 << 20
)

// disk finds one that is full, read-only, in memory, on the network, or slow.
func (p Patient) disk(ctx context.Context) []Finding {
	const subject = "disk"
	path := place(p.Config.Data)
	kind, free := fileSystem(path)
	times, err := flushTimes(ctx, path)
	if err != nil {
		return []Finding{fail(subject, "chown the directory to the user that runs sessnode, or name another: --data DIR", "cannot write to %s: %v", path, reasonOf(err))}
	}
	found := append(space(subject, path, free), fileSystemOf(subject, path, kind)...)
	median, worst := times[len(times)/2], times[len(times)*99/100]
	took := fmt.Sprintf("flushed write: %s (p50), %s (p99)", term.Duration(median), term.Duration(worst))
	switch {
	case median > slowFlush:
		found = append(found, warn(subject, "a local SSD: every login waits for a majority of the disks   (--data DIR)", "%s: that is slow", took))
	case worst > stall:
		found = append(found, warn(subject, "see what else uses the disk; --profile default, not fast", "%s: it stalls at times", took))
	}
	if len(found) > 0 {
		return found
	}
	return []Finding{ok(subject, "%s; %s free", took, term.Bytes(free))}
}

func space(subject, path string, free uint64) []Finding {
	cure := "make room (df -h " + path + "), or name a directory on another disk: --data DIR"
	switch {
	case free == 0:
		return nil // not known
	case free < noSpace:
		return []Finding{fail(subject, cure, "%s has %s left: the node would stop itself at once", path, term.Bytes(free))}
	case free < lowSpace:
		return []Finding{warn(subject, cure, "%s has %s left", path, term.Bytes(free))}
	}
	return nil
}

func fileSystemOf(subject, path, kind string) []Finding {
	switch kind {
	case "tmpfs", "ramfs":
		return []Finding{warn(subject, "a directory on a disk: --data DIR   (for a demo or a test it may stay)", "%s is %s, which keeps nothing over a reboot of the host", path, kind)}
	case "nfs", "cifs", "fuse":
		return []Finding{warn(subject, "a directory on a local disk: --data DIR", "%s is on %s: whether a flushed write is kept is up to another host", path, kind)}
	}
	return nil
}

// flushTimes writes and flushes a small file again and again, removes it, and returns how long each took, shortest first.
func flushTimes(ctx context.Context, dir string) (times []time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".sessnode-doctor-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	block, began := make([]byte, 4096), time.Now()
	for len(times) == 0 || len(times) < probes && time.Since(began) < probeFor && ctx.Err() == nil {
		start := time.Now()
		if _, err := f.WriteAt(block, 0); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	return times, nil
}

// reasonOf drops the path that an error of the file system repeats.
func reasonOf(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}
