// Package nodeport is the one TCP port between the nodes of a cluster.
//
// A connection begins with a challenge in both directions under the cluster key (handshake.go), then one byte says what it
// carries: 1 is Raft, handed to hashicorp/raft through RaftLayer, 2 is calls, many at once over one connection for each peer
// (frame.go). The challenge proves that both ends hold the key, that they are two different nodes, and that they belong to
// the same life of the same cluster as far as both know one. It neither encrypts nor signs what follows: that is what TLS
// around it is for.
//
// It is not a membership list, knows nothing of sessions, never forwards, and never retries what may have been delivered. A
// Port is safe for concurrent use. Every goroutine belongs to the Port, and Close waits for all of them.
package nodeport
