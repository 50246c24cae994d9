package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/internal/term"
)

// readWhole is up to which size a log is read from end to end; a larger one would take longer than Patience.
const readWhole = 128 << 20

// dataDirectory finds a directory of another node, one that must not be started, and damage.
func (p Patient) dataDirectory(context.Context) []Finding {
	const subject = "data"
	path := p.Config.Data
	if p.owner != 0 {
		if p.record.Name != p.Config.Name {
			return []Finding{fail(subject, "give each node a directory of its own: --data DIR", "%s belongs to node %s, which runs as process %d", path, p.record.Name, p.owner)}
		}
		return []Finding{ok(subject, "%s: in use by node %s, process %d", path, p.record.ID, p.owner)}
	}
	dir, err := raftlog.OpenToRead(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []Finding{ok(subject, "%s is new: the node starts without a past", path)}
	case errors.Is(err, raftlog.ErrDamaged):
		return []Finding{damage(subject, err)}
	case err != nil:
		return []Finding{fail(subject, "check --data, and that this user may read it", "%s: %v", path, err)}
	}
	defer dir.Close()
	if p.record.Left {
		return []Finding{fail(subject, "move the directory away and start with an empty one: the node joins as a new one", "%s belonged to node %s, which has left its cluster for good", path, p.record.ID)}
	}
	if p.record.Name != p.Config.Name {
		return []Finding{fail(subject, fmt.Sprintf("--name %s, or another directory: --data DIR", p.record.Name), "%s belongs to node %q, not to %q", path, p.record.Name, p.Config.Name)}
	}
	if want := p.Config.LogStore; want != "" && want != "auto" && want != string(dir.Kind()) {
		return []Finding{fail(subject, fmt.Sprintf("--log-store %s, or another directory: --data DIR", dir.Kind()), "%s keeps its log in %s, not in %s", path, dir.Kind(), want)}
	}
	return []Finding{p.log(subject, dir)}
}

// log reads the log, where it is small enough.
func (p Patient) log(subject string, dir *raftlog.Dir) Finding {
	what := "node " + dir.NodeID()
	if dir.Cluster() == "" {
		what += ", in no cluster yet"
	}
	switch size := dir.LogBytes(); {
	case size == 0:
		return ok(subject, "%s: %s", p.Config.Data, what)
	case size > readWhole:
		return ok(subject, "%s: %s; its log of %s was not read through", p.Config.Data, what, term.Bytes(size))
	}
	if _, err := raftlog.Verify(dir); errors.Is(err, raftlog.ErrDamaged) {
		return damage(subject, err)
	} else if err != nil {
		return warn(subject, "run doctor as the user that runs sessnode", "the log cannot be read: %v", err)
	}
	return ok(subject, "%s: %s; its log is whole", p.Config.Data, what)
}

func damage(subject string, err error) Finding {
	what, _, _ := strings.Cut(err.Error(), ". Move the directory")
	return fail(subject, "move the directory away and start with an empty one: the node joins as a new one and gets everything from the others", "%s", what)
}

// place is where the data is, or would be: the directory, or the nearest above it that exists.
func place(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return "."
	}
	for {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return path
		}
		above := filepath.Dir(path)
		if above == path {
			return path
		}
		path = above
	}
}
