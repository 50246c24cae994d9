package raftlog

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/nodeport"
)

func silent() hclog.Logger { return NewLogger(slog.New(slog.DiscardHandler)) }

// port is one node's stream layer on loopback.
func port(t *testing.T, id string) raft.StreamLayer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := nodeport.New(ln, nodeport.Config{Identity: func() nodeport.Identity { return nodeport.Identity{NodeID: id} }})
	served := make(chan error, 1)
	go func() { served <- p.Serve() }()
	t.Cleanup(func() {
		if err := errors.Join(p.Close(), <-served); err != nil {
			t.Errorf("node port: %v", err)
		}
	})
	return p.RaftLayer()
}

type noState struct{}

func (noState) Apply(*raft.Log) any                  { return nil }
func (noState) Snapshot() (raft.FSMSnapshot, error)  { return nil, errors.New("none") }
func (noState) Restore(snapshot io.ReadCloser) error { return snapshot.Close() }

// heldFollower is a follower of a leader that the test plays, with a disk that can be held.
func heldFollower(t *testing.T, wrap func(*raft.NetworkTransport) raft.Transport) (addr raft.ServerAddress, gate *Gate) {
	t.Helper()
	gate = new(Gate)
	faults := Faults{BeforeStore: func([]*raft.Log) error { gate.Pass(); return nil }}
	s := openLog(t, openDir(t, t.TempDir(), "follower"), Options{Wrap: faults.Wrap})
	layer := port(t, "follower")
	transport := wrap(newNetworkTransport(layer, nil, silent()))
	conf := raft.DefaultConfig()
	conf.LocalID, conf.Logger = "follower", silent()
	conf.HeartbeatTimeout, conf.ElectionTimeout = time.Hour, time.Hour
	snapshots := raft.NewInmemSnapshotStore()
	servers := raft.Configuration{Servers: []raft.Server{{ID: "leader", Address: "leader:1"}, {ID: "follower", Address: transport.LocalAddr()}}}
	if err := raft.BootstrapCluster(conf, s, s, snapshots, transport, servers); err != nil {
		t.Fatal(err)
	}
	r, err := raft.NewRaft(conf, noState{}, s, s, snapshots, transport)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		gate.Open()
		if err := r.Shutdown().Error(); err != nil {
			t.Errorf("Shutdown = %v", err)
		}
	})
	return transport.LocalAddr(), gate
}

// heartbeatWhileHeld returns when the answer to a heartbeat came: before or after the disk, which holds the main loop, was let go.
func heartbeatWhileHeld(t *testing.T, wrap func(*raft.NetworkTransport) raft.Transport) (before bool) {
	t.Helper()
	addr, gate := heldFollower(t, wrap)
	leader := newNetworkTransport(port(t, "leader"), nil, silent())
	t.Cleanup(func() { leader.Close() })
	header := raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte("leader"), Addr: []byte("leader:1")}
	beat := func() error {
		var resp raft.AppendEntriesResponse
		return leader.AppendEntries("follower", addr, &raft.AppendEntriesRequest{RPCHeader: header, Term: 2}, &resp)
	}
	if err := beat(); err != nil {
		t.Fatalf("heartbeat of an idle follower = %v", err)
	}
	waiting := gate.Shut()
	appended, answered := make(chan error, 1), make(chan error, 1)
	go func() {
		var resp raft.AppendEntriesResponse
		appended <- leader.AppendEntries("follower", addr, &raft.AppendEntriesRequest{
			RPCHeader: header, Term: 2, PrevLogEntry: 1, PrevLogTerm: 1,
			Entries: []*raft.Log{{Index: 2, Term: 2, Type: raft.LogNoop}},
		}, &resp)
	}()
	<-waiting
	go func() { answered <- beat() }()
	select {
	case err := <-answered:
		before = true
		if err != nil {
			t.Errorf("heartbeat = %v", err)
		}
	case <-time.After(500 * time.Millisecond): // nothing to wait for but that nothing comes
	}
	gate.Open()
	if err := <-appended; err != nil {
		t.Errorf("append = %v", err)
	}
	if !before {
		if err := <-answered; err != nil {
			t.Errorf("heartbeat after the disk was let go = %v", err)
		}
	}
	return before
}

func TestHeartbeatWaitsForTheMainLoop(t *testing.T) {
	if heartbeatWhileHeld(t, func(n *raft.NetworkTransport) raft.Transport { return serialTransport{n} }) {
		t.Error("a heartbeat was answered while the main loop was held: it can change the term under an append (hashicorp/raft#695)")
	}
}

func TestPlainTransportAnswersHeartbeatsBesideTheMainLoop(t *testing.T) {
	if !heartbeatWhileHeld(t, func(n *raft.NetworkTransport) raft.Transport { return n }) {
		t.Error("raft's own transport no longer answers heartbeats beside the main loop: drop serialTransport, and its test cannot fail")
	}
}

func TestTransportDoesNotPipeline(t *testing.T) {
	tr := NewTransport(port(t, "a"), nil, silent())
	t.Cleanup(func() { tr.Close() })
	if _, err := tr.AppendEntriesPipeline("b", "127.0.0.1:1"); !errors.Is(err, raft.ErrPipelineReplicationNotSupported) {
		t.Errorf("AppendEntriesPipeline = %v, want ErrPipelineReplicationNotSupported (hashicorp/raft#612)", err)
	}
}
