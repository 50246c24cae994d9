package cluster

import "sync/atomic"

// writeCounts counts what writing costs at this node.
type writeCounts struct {
	batches, ops, bytes atomic.Uint64 // proposed as leader
	frames, forwarded   atomic.Uint64 // frames sent to a leader, and the changes in them
	retries             atomic.Uint64 // tries after the first, of one change
	unknowns            atomic.Uint64 // tries whose fate was not known
	ticks               atomic.Uint64 // batches that nobody but time asked for
}

func (c *writeCounts) batch(ops, bytes int) {
	c.batches.Add(1)
	c.ops.Add(uint64(ops))
	c.bytes.Add(uint64(bytes))
}

// readCounts counts what reading costs at this node.
type readCounts struct {
	reads    atomic.Uint64 // answered or failed
	rounds   atomic.Uint64 // questions asked on behalf of reads
	invalid  atomic.Uint64 // of those, without a majority
	messages atomic.Uint64 // calls sent for them
	answers  atomic.Uint64 // questions of other nodes that were answered
	local    atomic.Uint64 // reads that needed no round
}
