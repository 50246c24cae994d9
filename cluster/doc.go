// Package cluster is a node: it owns Raft, gossip, the node port and the data directory, and turns them into a session store
// that can be written and read at every node of the cluster.
//
//   - A write is taken in by any node (propose.go), forwarded to the leader where that is another one (forward.go), gathered
//     into a batch with whatever else waits (batch.go), and answered with one of three outcomes (outcome.go).
//   - A read is answered from the node's own memory once the voters have confirmed how much of the log it must have applied
//     (read.go and package readindex).
//   - The leader stamps cluster time into the log (package clock), ticks when something falls due (tick.go), and
//     checkpoints the state hash, by which a replica that diverged is found and stopped (diverge.go).
//
// What it is not: it knows nothing of HTTP and of tokens. A Node is safe for concurrent use. Open starts it, Drain and Close
// stop it, and they wait for every goroutine that it started.
package cluster
