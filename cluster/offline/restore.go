package offline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/hashicorp/go-hclog"

	"github.com/sessnode/sessnode/cluster/raftlog"
)

// ErrNotEmpty means that a directory holds something already: a restore never adds to it.
var ErrNotEmpty = errors.New("the directory is not empty")

// currentTerm is where Raft keeps its term.
const currentTerm = "CurrentTerm"

// Empty returns nil for a directory that is missing, or holds nothing; ErrNotEmpty otherwise.
func Empty(path string) error {
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	for _, e := range entries {
		if e.Name() != "lost+found" {
			return fmt.Errorf("%w: %s holds %s", ErrNotEmpty, path, e.Name())
		}
	}
	return nil
}

// SettleNew puts a life into an empty directory, as that of a new node by this name. addr is where others will reach its node port; a
// node that listens elsewhere corrects it when it leads. It returns the node's id.
//
// The cluster is recorded before the state: a directory that is left half made by a crash belongs to the new life and has nothing of it,
// so that no node started on it serves or founds anything.
func (l *Life) SettleNew(path, name, addr string) (id string, err error) {
	if err := Empty(path); err != nil {
		return "", err
	}
	dir, err := raftlog.OpenDir(path, name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	if err := dir.SetCluster(l.Machine.Stats().Cluster, l.Generation); err != nil {
		return "", err
	}
	const term = 1
	store, err := raftlog.OpenLog(dir, raftlog.Options{})
	if err != nil {
		return "", err
	}
	if err := errors.Join(store.SetUint64([]byte(currentTerm), term), store.Close()); err != nil {
		return "", err
	}
	return dir.NodeID(), l.writeSnapshot(dir, addr, term)
}

// quiet keeps Raft's snapshot store from narrating on standard error.
func quiet() hclog.Logger { return hclog.New(&hclog.LoggerOptions{Output: io.Discard}) }
