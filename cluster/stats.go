package cluster

import (
	"time"

	"github.com/sessnode/sessnode/cluster/nodeport"
	"github.com/sessnode/sessnode/fsm"
)

// Stats are a node's counters since it was opened, and its present load. They are for metrics, and for tests that hold how
// much a read or a write may cost.
type Stats struct {
	Writes WriteStats
	Reads  ReadStats
	Log    LogStats
	Port   nodeport.Stats
	State  fsm.Stats
	Disk   DiskStats

	IsLeader    bool
	Term        uint64
	Commit      uint64
	ClockBehind time.Duration // of cluster time, behind the median of the voters' clocks; leader only
}

// WriteStats say what writing costs.
type WriteStats struct {
	Batches, Ops, Bytes     uint64 // proposed by this node as leader
	Frames, Forwarded       uint64 // frames sent to the leader, and the changes in them
	Retries, Unknown, Ticks uint64 // tries after the first; tries in doubt; batches that only time asked for
	Shed                    uint64 // changes refused because too many waited
	PendingOps              int    // waiting now
	PendingBytes            int
}

// ReadStats say what reading costs.
type ReadStats struct {
	Reads, Local    uint64 // all; those that needed no round
	Rounds, Invalid uint64 // rounds asked; those without a majority
	Messages        uint64 // questions sent to other nodes, for rounds and for the clock
	Answers         uint64 // questions of other nodes that were answered
}

// LogStats say what the log costs on this node's disk.
type LogStats struct {
	Appends, Entries, Bytes uint64
	Syncs                   uint64
	WriteTime, Slowest      time.Duration
	SizeBytes               uint64 // of the file
	SinceSnapshotBytes      uint64
}

// DiskStats say how full the disk of the data directory is.
type DiskStats struct {
	Free, Total uint64 // bytes; 0 = not known
	Mark        uint64 // free bytes below which it counts as nearly full
	Low         bool   // it does
}

// Stats returns the counters. It may be called at any time.
func (n *Node) Stats() Stats {
	w, r, l := &n.writes, &n.asker.counts, n.store.Counts
	ops, bytes, shed := n.gate.load()
	s := Stats{
		Writes: WriteStats{
			Batches: w.batches.Load(), Ops: w.ops.Load(), Bytes: w.bytes.Load(), Frames: w.frames.Load(), Forwarded: w.forwarded.Load(),
			Retries: w.retries.Load(), Unknown: w.unknowns.Load(), Ticks: w.ticks.Load(), Shed: shed, PendingOps: ops, PendingBytes: bytes,
		},
		Reads: ReadStats{
			Reads: r.reads.Load(), Local: r.local.Load(), Rounds: r.rounds.Load(), Invalid: r.invalid.Load(),
			Messages: r.messages.Load(), Answers: r.answers.Load(),
		},
		Log: LogStats{
			Appends: l.Appends.Load(), Entries: l.Entries.Load(), Bytes: l.Bytes.Load(), Syncs: l.Syncs(),
			WriteTime: time.Duration(l.WriteNS.Load()), Slowest: time.Duration(l.SlowestNS.Load()),
			SizeBytes: n.store.SizeBytes(), SinceSnapshotBytes: n.replica.logBytes.Load(),
		},
		Port: n.port.Stats(), State: n.replica.machine.Stats(), Commit: n.raft.CommitIndex(), Disk: n.space.stats(),
	}
	s.Term, s.IsLeader = n.leading()
	if o := n.office.Load(); o != nil {
		s.ClockBehind = o.stamper.Behind()
	}
	return s
}
