// Package raftlog is what hashicorp/raft keeps on disk and how it reaches its peers, made safe from outside the library.
//
// A Dir is a node's data directory: it holds the node's identity, minted once and never used again, and refuses to open
// where a start could break what the node has promised under that identity. OpenLog opens the log in it: raft-wal or raft-boltdb, as its Kind
// says, under a stack of small layers, each a type of its own that answers one open defect or one kind of damage:
//
//	voteOrder  a vote is never half written                  hashicorp/raft#661
//	chunked    long deletions do not hold up appends, and never leave a hole (bolt only)
//	failStop   a disk that fails or hangs ends the node      hashicorp/raft#503, #614, #666
//	(Wrap)     the disk that tests want, such as Faults
//	checksums  damage is found when it is read
//	counting   what goes to disk, in numbers
//	engine     boltLog, whose pages are checked first; walLog, over files and a record of ours, whose segments are
//
// NewTransport is raft's network transport without the heartbeat shortcut (#695) and without pipelining (#612). It sends
// what a leader writes to its followers while the leader's disk writes it (docs/adr/0010-disks-write-together.md). Livelock
// notices a follower that is sent the same snapshot for ever (#697).
//
// Nothing here knows what the entries mean. A Dir and a Store belong to one process at a time, which a lock holds; their
// methods may be called by many goroutines.
package raftlog
