package raftlog

import (
	"fmt"
	"sync"
)

// livelockLimit is how often one snapshot may be installed in a row. Once is normal, a second time happens when the leader did not
// get the answer; a third one brought nothing that the first two did not.
const livelockLimit = 3

// Livelock notices a follower that is sent the same snapshot for ever: an entry at the snapshot's index that was never committed
// survives in its log, so that every append after the snapshot is refused and the leader sends it again (hashicorp/raft#697). The
// state machine's adapter reports snapshots, and the log what is appended. It is safe for concurrent use.
type Livelock struct {
	// OnFailure is called once. The node must exit; a restart does not cure it, only a new directory does.
	OnFailure func(error)

	mu    sync.Mutex
	index uint64 // of the last snapshot
	times int    // that it came without an append after it
}

// Installed reports that a snapshot up to index came from the leader and replaced the state.
func (l *Livelock) Installed(index uint64) {
	l.mu.Lock()
	if index != l.index {
		l.index, l.times = index, 0 // a later one is progress: this follower is slow, not stuck
	}
	l.times++
	stuck := l.times == livelockLimit
	l.mu.Unlock()
	if stuck && l.OnFailure != nil {
		l.OnFailure(fmt.Errorf("the snapshot at index %d was installed %d times and nothing could be appended after it (hashicorp/raft#697). %s",
			index, livelockLimit, cureWipe))
	}
}

// Appended reports that entries up to index were stored.
func (l *Livelock) Appended(index uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if index > l.index {
		l.times = 0
	}
}
