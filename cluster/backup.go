package cluster

import (
	"context"
	"io"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/backup"
	"github.com/sessnode/sessnode/fsm"
)

// Backup captures the state, as fresh as a linearizable read, at one position of the log. write must be called exactly once: it streams
// the backup (package backup has the form) and lets go of the capture when it returns. Writes to the store go on meanwhile.
//
// It returns ErrUnavailable where this node cannot catch up with the leader, or while another backup is written here: a capture
// costs memory as long as it is held.
func (n *Node) Backup(ctx context.Context) (write func(io.Writer) error, at sessnode.Position, err error) {
	if !n.backing.TryLock() {
		return nil, at, sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonOverload, "this node writes a backup already: ask another one, or later")
	}
	var s *fsm.Snapshot
	letGo := func() {
		if s != nil {
			s.Release()
			s = nil
		}
	}
	err = n.read(ctx, sessnode.Read{}, func(view) (bool, int64, error) {
		letGo() // of an earlier try
		s = n.replica.machine.Snapshot()
		return true, 0, nil
	})
	if err != nil {
		letGo()
		n.backing.Unlock()
		return nil, at, decorate(err, "backup", "")
	}
	totals, _ := s.Stats()
	write = func(w io.Writer) error {
		defer n.backing.Unlock()
		defer letGo()
		return backup.Write(w, s, n.id, n.cfg.Version)
	}
	return write, sessnode.Position{Generation: totals.Generation, Index: totals.Applied}, nil
}
