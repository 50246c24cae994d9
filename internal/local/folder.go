package local

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The prefixes of folders' names, by what made them.
const (
	DemoFolder  = "sessnode-demo-"
	DrillFolder = "sessnode-drill-"
)

const (
	ledgerName = "ledger"

	// ledgerHead is the first line of a ledger: a folder without it is never removed.
	ledgerHead = "sessnode: this folder is removed with the demo or drill that made it"

	// goneLimit bounds the wait for a process that got SIGKILL. One that hangs in the disk may need longer; then the
	// folder stays, and the next demo's Sweep removes it.
	goneLimit = 10 * time.Second
)

// The kinds of processes in a ledger.
const (
	kindDemo   = "demo"
	kindKeeper = "keeper"
	kindNode   = "node"
)

// errForeign is a folder that no demo or drill of this user can be shown to have made.
var errForeign = errors.New("not a folder of a demo or drill of this user")

// Folder is the temporary folder of one demo or drill: keys, data, logs, and the ledger of its processes. It is safe for concurrent
// use.
type Folder struct {
	path string

	mu     sync.Mutex
	ledger *os.File
}

// entry is one process in a ledger. The time of its start tells it from a later process with the same id.
type entry struct {
	kind  string
	pid   int
	start string
}

// NewFolder makes an empty folder for this process below the system's temporary directory, for this user only. The prefix is DemoFolder
// or DrillFolder.
func NewFolder(prefix string) (*Folder, error) {
	path, err := os.MkdirTemp("", prefix)
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	ledger, err := os.OpenFile(filepath.Join(path, ledgerName), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(ledger, ledgerHead)
	}
	f := &Folder{path: path, ledger: ledger}
	if err == nil {
		err = f.enter(kindDemo, os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	return f, nil
}

// Path returns where the folder is, absolute.
func (f *Folder) Path() string { return f.path }

// File returns the path of a file in the folder.
func (f *Folder) File(name string) string { return filepath.Join(f.path, name) }

// enter writes a process into the ledger. It must be called as soon as the process is there.
func (f *Folder) enter(kind string, pid int) error {
	start, _, _ := LookUp(pid)
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := fmt.Fprintln(f.ledger, kind, pid, start)
	return err
}

// Remove deletes the folder. All processes that write to it must have ended.
func (f *Folder) Remove() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.ledger.Close()
	return os.RemoveAll(f.path)
}

// Release leaves the folder behind for the person who asked for it: without a ledger no demo removes it any more.
func (f *Folder) Release() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.ledger.Close()
	return os.Remove(f.File(ledgerName))
}

// readLedger returns the processes of a folder, after making sure that a demo of this user made it: anyone may put a folder
// with any name and content into the temporary directory, and processes are killed by what it says.
func readLedger(folder string) ([]entry, error) {
	if !ours(filepath.Base(folder)) {
		return nil, fmt.Errorf("%s: %w: its name is another one", folder, errForeign)
	}
	for _, path := range []string{folder, filepath.Join(folder, ledgerName)} {
		if err := mine(path); err != nil {
			return nil, err
		}
	}
	file, err := os.Open(filepath.Join(folder, ledgerName))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	if !lines.Scan() || lines.Text() != ledgerHead {
		return nil, fmt.Errorf("%s: %w: the ledger begins with something else", folder, errForeign)
	}
	var entries []entry
	for lines.Scan() {
		fields := strings.SplitN(lines.Text(), " ", 3)
		if len(fields) != 3 || fields[2] == "" {
			continue // a line that was not finished, or a process that had ended before it could be entered
		}
		if pid, err := strconv.Atoi(fields[1]); err == nil && pid > 1 {
			entries = append(entries, entry{fields[0], pid, fields[2]})
		}
	}
	return entries, lines.Err()
}

// ours reports whether a folder has a name as demos and drills give it.
func ours(name string) bool {
	return strings.HasPrefix(name, DemoFolder) || strings.HasPrefix(name, DrillFolder)
}

// mine makes sure that path is no link, belongs to this user, and can be changed by nobody else.
func mine(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s: %w: it is a link", path, errForeign)
	case !known || int(owner.Uid) != os.Getuid():
		return fmt.Errorf("%s: %w: somebody else owns it", path, errForeign)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%s: %w: others may write to it", path, errForeign)
	}
	return nil
}

// cleanUp kills the nodes of a folder whose demo is gone, and removes the folder.
func cleanUp(folder string) error {
	entries, err := readLedger(folder)
	if err != nil {
		return err
	}
	var faults []error
	for _, e := range entries {
		if e.kind == kindNode {
			faults = append(faults, e.end())
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err // removing what a process still writes to would not last
	}
	if err := unmountBelow(folder); err != nil {
		return err
	}
	return os.RemoveAll(folder)
}

// end kills the process of an entry, unless it is gone or its number belongs to another one by now, and waits until it is gone.
func (e entry) end() error {
	p, err := os.FindProcess(e.pid) // where the system can, this holds on to the process, not to its number
	if err != nil || !e.lives() {
		return nil
	}
	defer func() { _ = p.Release() }()
	_ = p.Signal(syscall.SIGKILL) // it may end by itself at this moment
	limit := time.NewTimer(goneLimit)
	defer limit.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for e.lives() {
		select {
		case <-tick.C:
		case <-limit.C:
			return fmt.Errorf("pid %d survives SIGKILL", e.pid)
		}
	}
	return nil
}

// lives reports whether the very process that was entered still runs.
func (e entry) lives() bool {
	start, running, err := LookUp(e.pid)
	return err == nil && running && start == e.start
}
