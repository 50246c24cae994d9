package doctor

import (
	"context"
	"strings"

	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/term"
)

const (
	littleMemory = 256 << 20

	// spareFiles are what a node has open beside HTTP connections: its log, snapshots, and connections to others, strangers in their
	// challenge included.
	spareFiles = 1500
)

// memory finds a budget that the host does not have.
func (p Patient) memory(context.Context) []Finding {
	const subject = "memory"
	has, told := config.Memory(p.Root), p.Config.Limits.MaxMemory
	switch {
	case told > has:
		return []Finding{fail(subject, "--max-memory "+strings.ReplaceAll(config.FormatSize(has), " ", "")+", or leave it out", "--max-memory is %s, and this host or container has %s: the system would kill the node", term.Bytes(told), term.Bytes(has))}
	case told == 0:
		told = has
	}
	if told < littleMemory {
		return []Finding{warn(subject, "--max-memory 512MiB, or a larger container", "%s, half of which is for sessions, is little", term.Bytes(told))}
	}
	return []Finding{ok(subject, "%s of %s, half of it for sessions", term.Bytes(told), term.Bytes(has))}
}

// limits finds fewer open files than the node may want. It speaks of this process, which is started like the node only if it is started
// in the same place.
func (p Patient) limits(context.Context) []Finding {
	const subject = "open files"
	may, wants := openFiles(), uint64(p.Config.Limits.MaxConnections)+spareFiles
	switch {
	case may == 0:
		return nil
	case may < wants:
		return []Finding{warn(subject, "LimitNOFILE=65536 in the unit file, `ulimit -n 65536` in a shell, or a smaller --max-connections", "%d are allowed here, and --max-connections %d wants up to %d", may, p.Config.Limits.MaxConnections, wants)}
	}
	return []Finding{ok(subject, "%d are allowed, up to %d are wanted", may, wants)}
}
