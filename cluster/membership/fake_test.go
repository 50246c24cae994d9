package membership

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/gossip"
)

// fakeRaft is a configuration that changes as hashicorp/raft's does; TestThreeRealRaftsGrowFromOne shows the original.
type fakeRaft struct {
	mu      sync.Mutex
	config  raft.Configuration
	index   uint64
	changes []string
	fail    error  // of the next change
	sneak   func() // another change comes first
}

func (f *fakeRaft) Configuration() (raft.Configuration, uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.config.Clone(), f.index, nil
}

func (f *fakeRaft) AddNonvoter(id raft.ServerID, addr raft.ServerAddress, prevIndex uint64) error {
	return f.set(raft.Server{ID: id, Address: addr, Suffrage: raft.Nonvoter}, prevIndex)
}

func (f *fakeRaft) AddVoter(id raft.ServerID, addr raft.ServerAddress, prevIndex uint64) error {
	return f.set(raft.Server{ID: id, Address: addr, Suffrage: raft.Voter}, prevIndex)
}

func (f *fakeRaft) RemoveServer(id raft.ServerID, prevIndex uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if prevIndex != f.index {
		return fmt.Errorf("configuration changed since %d (latest is %d)", prevIndex, f.index)
	}
	f.index++
	f.changes = append(f.changes, string(id)+" removed")
	f.config.Servers = slices.DeleteFunc(f.config.Servers, func(s raft.Server) bool { return s.ID == id })
	return nil
}

func (f *fakeRaft) set(server raft.Server, prevIndex uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sneak != nil {
		f.sneak()
		f.sneak = nil
	}
	if err := f.fail; err != nil {
		f.fail = nil
		return err
	}
	if prevIndex != f.index {
		return fmt.Errorf("configuration changed since %d (latest is %d)", prevIndex, f.index)
	}
	f.index++
	f.changes = append(f.changes, fmt.Sprintf("%s %s %s", server.ID, server.Address, server.Suffrage))
	for i, known := range f.config.Servers {
		if known.ID == server.ID {
			if known.Suffrage == raft.Voter {
				server.Suffrage = raft.Voter
			}
			f.config.Servers[i] = server
			return nil
		}
	}
	f.config.Servers = append(f.config.Servers, server)
	return nil
}

// fakeGossip shows what the test sets.
type fakeGossip struct {
	mu      sync.Mutex
	members map[string]gossip.Member
	changed chan struct{}
}

func newFakeGossip() *fakeGossip {
	return &fakeGossip{members: map[string]gossip.Member{}, changed: make(chan struct{})}
}

func (f *fakeGossip) Members() []gossip.Member {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []gossip.Member
	for _, m := range f.members {
		all = append(all, m)
	}
	return all
}

func (f *fakeGossip) Changes() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

func (f *fakeGossip) show(id, addr string, alive bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members[id] = gossip.Member{ID: id, NodeAddr: addr, Cluster: "k", Generation: 1, Voter: true, Alive: alive}
	close(f.changed)
	f.changed = make(chan struct{})
}

// fakeProgress says how far nodes are behind; a node that is not listed cannot be reached.
type fakeProgress struct {
	mu  sync.Mutex
	lag map[raft.ServerID]uint64
}

func (f *fakeProgress) Lag(_ context.Context, id raft.ServerID) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if lag, known := f.lag[id]; known {
		return lag, nil
	}
	return 0, errors.New("no answer")
}

func (f *fakeProgress) set(id raft.ServerID, lag uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lag[id] = lag
}
