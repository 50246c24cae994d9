package cluster

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/raft"
)

// timing is what Raft's time-outs depend on.
type timing struct {
	strain *strain
	tuning sync.Mutex // held while Raft's configuration is changed: the library loses one of two changes at once
}

// tune changes what of Raft's configuration can be changed while it runs.
func (n *Node) tune(change func(*raft.ReloadableConfig)) error {
	n.tuning.Lock()
	defer n.tuning.Unlock()
	c := n.raft.ReloadableConfig()
	change(&c)
	return n.raft.ReloadConfig(c)
}

// patience is how long this node, as a follower, bears a silent leader. It is for the goroutine of keepPatience.
type patience struct {
	term  uint64
	heard time.Time     // when the leader of term was last heard
	given time.Duration // beyond the profile's time-outs, as Raft was told last

	asking bool        // whether the silent leader is there
	gone   chan uint64 // capacity 1, what came of that: the term whose leader is not, or 0
	lost   uint64      // the term whose leader is known not to be there: it is not waited for
}

// keepPatience measures how strained the machine is and tells Raft what to allow for it, until ctx ends. On a quiet machine it changes
// nothing. A leader keeps the profile's time-outs, because Raft paces heartbeats by them; what it allows itself is in heartbeats.
//
// The patience is for leaders that are there and silent. One that has stepped down, or whose process has ended, so that its port refuses
// connections, is not waited for longer than the profile says.
func (n *Node) keepPatience(ctx context.Context) {
	every := n.cfg.Profile.Heartbeat / 10
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	p := patience{gone: make(chan uint64, 1)}
	last := time.Now()
	for {
		select {
		case <-ticker.C:
			now := time.Now()
			n.strain.late(now.Sub(last)-every, now)
			last = now
		case term := <-p.gone:
			p.asking, p.lost = false, term
		case <-ctx.Done():
			return
		}
		now := time.Now()
		term, isLeader := n.leading()
		if gap := p.hear(n.raft.LastContact(), term); !isLeader {
			n.strain.late(gap-2*every, now) // Raft waits up to two of them between heartbeats
		}
		n.give(ctx, &p, isLeader, now)
	}
}

// hear takes in when the leader of a term was last heard, and returns how long it had been silent before; 0 = it has not been heard
// since, or is another than before.
func (p *patience) hear(at time.Time, term uint64) time.Duration {
	gap := at.Sub(p.heard)
	if term != p.term {
		gap = 0
	} else if gap > 0 {
		p.lost = 0 // it is there after all: when it was asked it may have been elected and not in office yet
	}
	p.term, p.heard = term, at
	return gap
}

// give tells Raft what to allow, where that has changed.
func (n *Node) give(ctx context.Context, p *patience, isLeader bool, now time.Time) {
	step, allowed := n.cfg.Profile.Heartbeat/4, n.strain.allowance(now)
	if _, leader := n.raft.LeaderWithID(); leader == "" {
		allowed /= strainFactor // nobody to be patient with: votes may be late once, and split votes are not to cost seconds
	}
	allowed = (allowed + step - 1) / step * step
	if !isLeader && allowed > 0 && now.Sub(p.heard) > n.cfg.Profile.Heartbeat {
		n.seek(ctx, p)
	}
	if isLeader || p.lost == p.term {
		allowed = 0
	}
	if allowed == p.given {
		return
	}
	err := n.tune(func(c *raft.ReloadableConfig) {
		c.HeartbeatTimeout = n.cfg.Profile.Heartbeat + allowed
		c.ElectionTimeout = n.cfg.Profile.Election + allowed
	})
	if err != nil {
		n.log.Warn("the time-outs of elections could not be changed", "error", err)
		return
	}
	n.log.Debug("the time-outs of elections allow for a busy machine", "beyond", allowed)
	p.given = allowed
}

// seek finds out, beside, whether a silent leader is there: whether its process is, and still leads.
func (n *Node) seek(ctx context.Context, p *patience) {
	_, leader := n.raft.LeaderWithID()
	if p.asking || leader == "" {
		return
	}
	p.asking = true
	term := p.term
	n.work.Go(func() { // ends after a heartbeat's time-out
		ctx, cancel := context.WithTimeout(ctx, n.cfg.Profile.Heartbeat)
		defer cancel()
		answer, err := n.askOne(ctx, n.peers.resolve([]string{string(leader)})[0], 0)
		if there := err == nil && answer.Leads || err != nil && !errors.Is(err, syscall.ECONNREFUSED); there {
			term = 0
		}
		p.gone <- term
	})
}
