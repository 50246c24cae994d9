package membership

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// noFSM keeps nothing but where the last configuration stands in the log.
type noFSM struct{ configured *atomic.Uint64 }

func (noFSM) Apply(*raft.Log) any                                     { return nil }
func (noFSM) Snapshot() (raft.FSMSnapshot, error)                     { return nil, raft.ErrNothingNewToSnapshot }
func (noFSM) Restore(r io.ReadCloser) error                           { return r.Close() }
func (f noFSM) StoreConfiguration(index uint64, _ raft.Configuration) { f.configured.Store(index) }

// realRaft is the interface over hashicorp/raft, as the node has it.
type realRaft struct {
	*raft.Raft
	fsm noFSM
}

func (r realRaft) Configuration() (raft.Configuration, uint64, error) {
	return r.GetConfiguration().Configuration(), r.fsm.configured.Load(), nil
}

func (r realRaft) AddNonvoter(id raft.ServerID, addr raft.ServerAddress, prevIndex uint64) error {
	return r.Raft.AddNonvoter(id, addr, prevIndex, 5*time.Second).Error()
}

func (r realRaft) AddVoter(id raft.ServerID, addr raft.ServerAddress, prevIndex uint64) error {
	return r.Raft.AddVoter(id, addr, prevIndex, 5*time.Second).Error()
}

func (r realRaft) RemoveServer(id raft.ServerID, prevIndex uint64) error {
	return r.Raft.RemoveServer(id, prevIndex, 5*time.Second).Error()
}

// startRaft runs one real Raft node in memory; boot makes it found a cluster of itself.
func startRaft(t *testing.T, id string, boot bool) (realRaft, *raft.InmemTransport) {
	t.Helper()
	addr, transport := raft.NewInmemTransport(raft.ServerAddress(id + ":1"))
	conf := raft.DefaultConfig()
	conf.LocalID = raft.ServerID(id)
	conf.LogOutput = io.Discard
	conf.HeartbeatTimeout, conf.ElectionTimeout = 200*time.Millisecond, 200*time.Millisecond
	conf.LeaderLeaseTimeout, conf.CommitTimeout = 100*time.Millisecond, 5*time.Millisecond
	store, snaps := raft.NewInmemStore(), raft.NewInmemSnapshotStore()
	if boot {
		servers := raft.Configuration{Servers: []raft.Server{{ID: conf.LocalID, Address: addr}}}
		if err := raft.BootstrapCluster(conf, store, store, snaps, transport, servers); err != nil {
			t.Fatal(err)
		}
	}
	fsm := noFSM{new(atomic.Uint64)}
	r, err := raft.NewRaft(conf, fsm, store, store, snaps, transport)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Shutdown().Error(); err != nil {
			t.Error(err)
		}
		if err := transport.Close(); err != nil {
			t.Error(err)
		}
	})
	return realRaft{r, fsm}, transport
}

// realProgress compares the applied indexes of nodes in one process.
type realProgress map[raft.ServerID]realRaft

func (p realProgress) Lag(_ context.Context, id raft.ServerID) (uint64, error) {
	leader, node := p["a"].CommitIndex(), p[id].AppliedIndex()
	return leader - min(leader, node), nil
}

// TestThreeRealRaftsGrowFromOne also shows that the fake used elsewhere behaves as hashicorp/raft does.
func TestThreeRealRaftsGrowFromOne(t *testing.T) {
	nodes := realProgress{}
	transports := map[string]*raft.InmemTransport{}
	seen := newFakeGossip()
	for _, id := range []string{"a", "b", "c"} {
		nodes[raft.ServerID(id)], transports[id] = startRaft(t, id, id == "a")
		seen.show(id, id+":1", true)
	}
	for from, transport := range transports {
		for to, other := range transports {
			if from != to {
				transport.Connect(other.LocalAddr(), other)
				transport.Connect(raft.ServerAddress(to+":2"), other)
			}
		}
	}
	if !<-nodes["a"].LeaderCh() {
		t.Fatal("a does not lead")
	}
	changes := make(chan string, 100)
	r, err := NewReconciler(Config{
		Raft: notedRaft{nodes["a"], changes}, Gossip: seen, Progress: nodes,
		Identity: func() (string, uint64) { return "k", 1 }, Interval: 20 * time.Millisecond,
		Rules: Rules{MaxVoters: 3, MaxLag: 4, StableFor: 50 * time.Millisecond}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	expect(t, changes, "b b:1 Nonvoter", "c c:1 Nonvoter", "b b:1 Voter", "c c:1 Voter")
	seen.show("b", "b:2", true)
	expect(t, changes, "b b:2 Voter")
	config, _, err := nodes["a"].Configuration()
	want := "[{Voter a a:1} {Voter b b:2} {Voter c c:1}]"
	if err := nodes["a"].AddNonvoter("d", "d:1", 1); err == nil {
		t.Error("a change against an old index was made: the guard is off")
	}
	if got := fmt.Sprint(config.Servers); err != nil || got != want {
		t.Errorf("configuration is %s, %v, want %s", got, err, want)
	}
}

// expect takes the next successful changes from the channel.
func expect(t *testing.T, changes <-chan string, want ...string) {
	t.Helper()
	var got []string
	timeout := time.After(20 * time.Second)
	for range want {
		select {
		case c := <-changes:
			got = append(got, c)
		case <-timeout:
			t.Fatalf("changes %q, want %q", got, want)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("changes %q, want %q", got, want)
	}
}

// notedRaft notes each change that succeeded.
type notedRaft struct {
	realRaft
	done chan<- string
}

func (n notedRaft) AddNonvoter(id raft.ServerID, addr raft.ServerAddress, prevIndex uint64) error {
	return n.note(fmt.Sprintf("%s %s Nonvoter", id, addr), n.realRaft.AddNonvoter(id, addr, prevIndex))
}

func (n notedRaft) AddVoter(id raft.ServerID, addr raft.ServerAddress, prevIndex uint64) error {
	return n.note(fmt.Sprintf("%s %s Voter", id, addr), n.realRaft.AddVoter(id, addr, prevIndex))
}

func (n notedRaft) note(change string, err error) error {
	if err == nil {
		n.done <- change
	}
	return err
}
