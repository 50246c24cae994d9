package cluster

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sessnode/sessnode/fsm"
)

const (
	// suspectsEvery is how often the other voters are asked again while too few have answered, and suspectsFor how long.
	suspectsEvery = 200 * time.Millisecond
	suspectsFor   = 10 * time.Second
)

// suspicion is what is left of a mismatch until it was looked into.
type suspicion struct {
	mu      sync.Mutex
	pending *fsm.Mismatch
	cleared uint64        // up to this index most voters have this replica's state
	wake    chan struct{} // capacity 1
}

// suspect notes that this replica's hash differs from another's. It does not block.
func (n *Node) suspect(m fsm.Mismatch) {
	n.suspicion.mu.Lock()
	if n.suspicion.pending == nil && m.Index > n.suspicion.cleared {
		n.suspicion.pending = &m
	}
	n.suspicion.mu.Unlock()
	poke(n.suspicion.wake)
}

// watchSuspicion looks into mismatches until ctx ends.
func (n *Node) watchSuspicion(ctx context.Context) {
	for {
		select {
		case <-n.suspicion.wake:
		case <-ctx.Done():
			return
		}
		n.suspicion.mu.Lock()
		m := n.suspicion.pending
		n.suspicion.mu.Unlock()
		if m != nil {
			n.log.Error("this node's state differs from another's", "index", m.Index, "own", m.Local, "other", m.Leader)
			right := n.look(ctx, *m)
			n.suspicion.mu.Lock()
			n.suspicion.pending = nil
			if right {
				n.suspicion.cleared = m.Index
			}
			n.suspicion.mu.Unlock()
		}
	}
}

// verdict is what the voters' hashes say about this replica.
type verdict uint8

const (
	undecided  verdict = iota // not enough have answered
	inMajority                // most have this replica's hash
	inMinority                // most have another one
	noMajority                // all answered, and no hash has a majority
)

// judge compares this replica's hash with the others'; voters is how many there are, this one included.
func judge(own fsm.Hash, others []fsm.Hash, voters int) verdict {
	counts := map[fsm.Hash]int{own: 1}
	for _, h := range others {
		counts[h]++
	}
	for h, count := range counts {
		if count > voters/2 {
			if h == own {
				return inMajority
			}
			return inMinority
		}
	}
	if len(others)+1 >= voters {
		return noMajority
	}
	return undecided
}

// look asks the other voters for their hash until it is clear who is wrong. A replica in the minority stops, a leader hands
// over first; where there is no majority to trust, every replica that finds out stops. It reports whether this one is right.
func (n *Node) look(ctx context.Context, m fsm.Mismatch) bool {
	ctx, cancel := context.WithTimeout(ctx, suspectsFor)
	defer cancel()
	v := undecided
	for {
		others, voters := n.hashes(ctx, m)
		if v = judge(m.Local, others, voters); v != undecided {
			break
		}
		select {
		case <-time.After(suspectsEvery):
			continue
		case <-ctx.Done():
		}
		break
	}
	switch {
	case n.stopping():
	case v == inMajority:
		n.log.Info("most voters have this node's state: it is right", "index", m.Index)
		return true
	default:
		n.handOver(n.ctx, "")
		n.fail(fmt.Errorf("the state at index %d is %v here and differs from the other voters' (%s): this node stops; replace its data directory", m.Index, m.Local, v))
	}
	return false
}

func (v verdict) String() string {
	switch v {
	case inMajority:
		return "most agree with this node"
	case inMinority:
		return "most agree with each other"
	case noMajority:
		return "no majority agrees"
	}
	return "too few answered"
}

// hashes asks the other voters once.
func (n *Node) hashes(ctx context.Context, m fsm.Mismatch) (others []fsm.Hash, voters int) {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Profile.Heartbeat)
	defer cancel()
	list := n.voters()
	var asked sync.WaitGroup
	var mu sync.Mutex
	for _, p := range list {
		if p.id == n.id {
			continue
		}
		asked.Go(func() {
			body, err := n.port.Call(ctx, p.dial(), methodHash, pack(&hashQuestion{Index: m.Index, Hash: m.Local[:]}))
			var a hashAnswer
			if err != nil || unpack(body, &a) != nil || len(a.Hash) != len(fsm.Hash{}) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			others = append(others, fsm.Hash(a.Hash))
		})
	}
	asked.Wait()
	return others, len(list)
}

// handleHash answers with this replica's hash. One that differs from the asker's is a suspicion here too: so a leader finds out
// that it is the one who is wrong.
func (n *Node) handleHash(_ context.Context, _ string, body []byte) ([]byte, error) {
	var q hashQuestion
	if err := unpack(body, &q); err != nil {
		return nil, err
	}
	own, known := n.replica.machine.HashAt(q.Index)
	if !known {
		return pack(&hashAnswer{}), nil
	}
	if len(q.Hash) == len(own) && !bytes.Equal(q.Hash, own[:]) {
		n.suspect(fsm.Mismatch{Index: q.Index, Leader: fsm.Hash(q.Hash), Local: own})
	}
	return pack(&hashAnswer{Hash: own[:]}), nil
}
