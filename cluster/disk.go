package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
)

// A disk that is full stops its node, at any write (package raftlog). So a node says that its disk is nearly full before it is: it then
// hands leadership over, and while fewer than a majority of the voters have room, the leader refuses what grows the store. Where a
// majority has room the others go on: should the full one stop in the end, nothing is lost and nobody notices.

const (
	diskEvery = time.Second // between two looks at the disk

	// mostFree and partFree make the default mark: the smaller of 512 MiB and a tenth of the disk, so that small disks are of use too.
	mostFree = 512 << 20
	partFree = 10

	// roomHeard is how long what a voter said about its disk counts; the leader asks every clockEvery.
	roomHeard = 3 * clockEvery
)

// space is what a node knows of its own disk. It is safe for concurrent use; before the first look there is room.
type space struct {
	mu          sync.Mutex
	low         bool
	mark        uint64 // free bytes below which it is low
	free, total uint64 // total 0 = not known
}

// look takes in what the disk says, and reports whether low changed. There is room again only a quarter above the mark, so that a disk
// at the mark does not change its mind all the time.
func (s *space) look(free, total, minFree uint64) (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free, s.total = free, total
	s.mark = cmp.Or(minFree, min(mostFree, total/partFree))
	was := s.low
	s.low = free < s.mark || was && free < s.mark+s.mark/4
	return s.low != was
}

func (s *space) stats() DiskStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return DiskStats{Free: s.free, Total: s.total, Mark: s.mark, Low: s.low}
}

func (s *space) isLow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.low
}

// holds reports whether size more bytes fit, as far as is known.
func (s *space) holds(size uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total == 0 || s.free > size
}

// String says how full the disk is and what to do about it.
func (s *space) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	const mib = 1 << 20
	return fmt.Sprintf("%d MiB of the data directory's disk are free: make room there until it is %d MiB", s.free/mib, (s.mark+s.mark/4+mib-1)/mib)
}

// watchDisk looks at the free space until ctx ends. A node that is low tells the voters so again and again, and once when it no longer
// is; their answers say how it is with them.
func (n *Node) watchDisk(ctx context.Context) {
	ticker := time.NewTicker(diskEvery)
	defer ticker.Stop()
	blind := false
	for {
		free, total, err := n.cfg.Seams.DiskFree(n.cfg.DataDir)
		if err != nil && !blind {
			n.log.Warn("the free space of the disk is not known: the node cannot tell when it is nearly full", "error", err)
		}
		blind = err != nil
		changed := err == nil && n.space.look(free, total, n.cfg.Limits.MinFree)
		if low := n.space.isLow(); low || changed {
			if changed && low {
				n.log.Warn("the disk is nearly full", "free_bytes", free, "total_bytes", total, "try", n.space.String())
			} else if changed {
				n.log.Info("the disk has room again", "free_bytes", free)
			}
			n.askAll(ctx)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// askAll asks each other voter once, for what they tell and are told beside: how it is with the disks. It returns after a heartbeat at most.
func (n *Node) askAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Profile.Heartbeat)
	defer cancel()
	var asked sync.WaitGroup
	for _, v := range n.voters() {
		if v.id != n.id {
			asked.Go(func() { _, _ = n.askOne(ctx, v, 0) }) // who does not answer is not heard
		}
	}
	asked.Wait()
}

// mayGrow reports whether a majority of the voters has room, as far as this node knows. Who was not heard lately counts as having none
// once anybody is low: the majority would then hang on the disk that is nearly full.
func (n *Node) mayGrow() bool {
	if !n.space.isLow() && !n.peers.anyLow.Load() {
		return true // asked for every change: without a look at who votes
	}
	voters := ids(n.voters())
	room, low := n.peers.disks(voters, n.id, n.space.isLow(), n.clock.Monotonic())
	return low == 0 || 2*len(room) > len(voters)
}

// refuseGrowth returns what a change that grows the store is answered while too few disks have room, or nil. What ends sessions or keeps
// them alive passes as long as the log can be written.
func (n *Node) refuseGrowth(c sessnode.Change) error {
	switch c.(type) {
	case sessnode.Create, sessnode.Patch, sessnode.Replace:
		if !n.mayGrow() {
			return sessnode.Errorf(sessnode.CodeFull, sessnode.ReasonDisk, "too few nodes have room on their disks")
		}
	}
	return nil
}

// yieldWhileLow hands leadership to a voter that has room, for as long as this node leads and has none, until ctx ends.
func (n *Node) yieldWhileLow(ctx context.Context) {
	ticker := time.NewTicker(diskEvery / 2)
	defer ticker.Stop()
	for {
		if n.space.isLow() {
			if to := n.roomiest(); to != "" {
				n.log.Warn("handing leadership over: the disk is nearly full", "to", to)
				n.handOver(ctx, to)
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// roomiest returns the voter with room that is furthest; empty = none has been heard lately.
func (n *Node) roomiest() string {
	room, _ := n.peers.disks(ids(n.voters()), n.id, true, n.clock.Monotonic())
	if len(room) == 0 {
		return ""
	}
	return slices.MaxFunc(room, func(a, b string) int { return cmp.Compare(n.peers.applied(a), n.peers.applied(b)) })
}

// successor returns whom to hand over to when it was asked for to, empty = to anybody. ErrConflict means that its disk is nearly full
// while another's is not.
func (n *Node) successor(to string) (string, error) {
	voters := ids(n.voters())
	room, low := n.peers.disks(voters, n.id, n.space.isLow(), n.clock.Monotonic())
	switch {
	case low == 0 || len(room) == 0:
		return to, nil
	case to == "":
		return n.roomiest(), nil
	}
	target, err := n.voterCalled(to)
	if err != nil {
		return "", err
	}
	if id := string(target.ID); id != n.id && n.peers.isLow(id, n.clock.Monotonic()) {
		return "", sessnode.Errorf(sessnode.CodeConflict, sessnode.ReasonDisk, "the disk of %s is nearly full, and another node has room", id)
	}
	return to, nil
}

// said is what a peer said about its disk, and when.
type said struct {
	low bool
	at  time.Duration // on this node's monotonic clock
}

// disk records what a peer says about its disk.
func (p *peers) disk(id string, low bool, now time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.room[id] = said{low, now}
	any := false
	for _, s := range p.room {
		any = any || s.low
	}
	p.anyLow.Store(any)
}

// disks returns which of the voters have room, and how many have said lately that they have none.
func (p *peers) disks(voters []string, self string, selfLow bool, now time.Duration) (room []string, low int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range voters {
		s, heard := p.room[id]
		heard = heard && now-s.at <= roomHeard
		if id == self {
			s, heard = said{low: selfLow}, true
		}
		switch {
		case heard && s.low:
			low++
		case heard:
			room = append(room, id)
		}
	}
	return room, low
}

// isLow reports whether a peer has said lately that its disk is nearly full.
func (p *peers) isLow(id string, now time.Duration) bool {
	_, low := p.disks([]string{id}, "", false, now)
	return low > 0
}

// storageCheck is red while this disk is nearly full and a majority of the others has room. Where too few have, load balancers would find
// nobody at all, although every node still reads, and ends sessions: the check then only says so.
func (n *Node) storageCheck() sessnode.Check {
	c := sessnode.Check{Name: "storage", OK: true}
	if n.space.isLow() {
		c.OK, c.Detail = !n.mayGrow(), n.space.String()
	}
	return c
}

// errNoSpace means that a snapshot was not begun because it would not fit.
var errNoSpace = errors.New("too little space for a snapshot")

// roomForSnapshot keeps a snapshot from filling the disk that the log needs: half as much again as the state, which is more than one takes.
func (n *Node) roomForSnapshot() error {
	if need := n.replica.machine.Stats().Bytes*3/2 + 1<<20; !n.space.holds(need) {
		return fmt.Errorf("%w: it takes up to %d bytes", errNoSpace, need)
	}
	return nil
}
