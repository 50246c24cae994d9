package raftlog

import (
	"errors"
	"fmt"
)

// Why a directory or a log is refused, or has ended. Compare with errors.Is; the text names the file and the cure.
var (
	// ErrInUse means that another process has the directory open.
	ErrInUse = errors.New("data directory is in use")

	// ErrUnfit means that the directory is whole but not for this start: another name, format or log store.
	ErrUnfit = errors.New("data directory does not fit")

	// ErrDamaged means that something is missing or was changed: the node must not go on under this identity.
	ErrDamaged = errors.New("data directory is damaged")

	// ErrPledged means that the node is pledged to another proposal, or belongs to a cluster already.
	ErrPledged = errors.New("node is pledged already")

	// ErrOtherCluster means that the node belongs to another cluster, or to a later life of it.
	ErrOtherCluster = errors.New("node belongs to another cluster")

	// ErrLeft means that the node has left its cluster: its id must not be used again.
	ErrLeft = errors.New("node has left its cluster")

	// ErrFailed means that the log failed earlier and does nothing any more.
	ErrFailed = errors.New("raft log has failed")

	// ErrClosed means that the Dir or Store was closed.
	ErrClosed = errors.New("raft log is closed")
)

// cureWipe is what an operator does about damage. The node comes back as a new one: under its old id it might vote twice, or
// lack what it said it had (hashicorp/raft grants votes on an empty disk).
const cureWipe = "Move the directory away and start with an empty one: the node joins again under a new id and gets everything from the others"

// damaged makes an ErrDamaged that names the file and the cure.
func damaged(path, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s. %s", ErrDamaged, path, fmt.Sprintf(format, args...), cureWipe)
}

// unfit makes an ErrUnfit that names the file and the cure.
func unfit(path, cure, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s. %s", ErrUnfit, path, fmt.Sprintf(format, args...), cure)
}
