// Package raftlog is what stands under Raft on one node: the data directory with the node's identity, the log store, and the
// wrappers that keep known defects of hashicorp/raft away from it. Each wrapper is a small type with one reason.
//
// It knows nothing of sessions. A Dir belongs to one process; a Store is safe for concurrent use, as Raft requires.
package raftlog
