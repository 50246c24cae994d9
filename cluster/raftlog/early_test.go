package raftlog

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// earlyPair is a leader's transport, and the connection's other end, where the test plays the follower.
type earlyPair struct {
	t      *testing.T
	leader *Transport
	addr   raft.ServerAddress
	calls  <-chan raft.RPC
}

func newEarlyPair(t *testing.T) *earlyPair {
	t.Helper()
	follower := newNetworkTransport(port(t, "follower"), nil, silent())
	t.Cleanup(func() { follower.Close() })
	leader := NewTransport(port(t, "leader"), nil, silent())
	t.Cleanup(func() { leader.Close() })
	return &earlyPair{t, leader, follower.LocalAddr(), follower.Consumer()}
}

// logsFrom returns entries of a term, from the index first on.
func logsFrom(term, first uint64, n, size int) []*raft.Log {
	var all []*raft.Log
	for i := range uint64(n) {
		all = append(all, &raft.Log{Index: first + i, Term: term, Data: make([]byte, size)})
	}
	return all
}

// request is a message of the leader of a term.
func request(term, prev, prevTerm uint64, logs []*raft.Log) *raft.AppendEntriesRequest {
	return &raft.AppendEntriesRequest{
		RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte("leader"), Addr: []byte("leader:1")},
		Term:      term, PrevLogEntry: prev, PrevLogTerm: prevTerm, Entries: logs, LeaderCommitIndex: prev,
	}
}

// ask sends what Raft sends, and returns how it was answered.
func (p *earlyPair) ask(r *raft.AppendEntriesRequest) <-chan raft.AppendEntriesResponse {
	answered := make(chan raft.AppendEntriesResponse, 1)
	go func() {
		var resp raft.AppendEntriesResponse
		if err := p.leader.AppendEntries("follower", p.addr, r, &resp); err != nil {
			p.t.Errorf("AppendEntries = %v", err)
		}
		answered <- resp
	}()
	return answered
}

// get returns the next message that the follower gets, without an answer yet.
func (p *earlyPair) get() (*raft.AppendEntriesRequest, raft.RPC) {
	p.t.Helper()
	select {
	case rpc := <-p.calls:
		return rpc.Command.(*raft.AppendEntriesRequest), rpc
	case <-time.After(10 * time.Second):
		p.t.Fatal("the follower gets nothing")
		return nil, raft.RPC{}
	}
}

// begin has a first message answered: the follower then has the entries 2 and 3 of term 5.
func (p *earlyPair) begin() {
	p.t.Helper()
	answered := p.ask(request(5, 1, 1, logsFrom(5, 2, 2, 1)))
	_, rpc := p.get()
	rpc.Respond(&raft.AppendEntriesResponse{Term: 5, Success: true}, nil)
	<-answered
}

// hookedStore calls a hook instead of a disk.
type hookedStore struct {
	raft.LogStore
	store func([]*raft.Log) error
}

func (s hookedStore) StoreLogs(logs []*raft.Log) error { return s.store(logs) }

// store writes entries at the leader; during is what happens while its disk does.
func (p *earlyPair) store(logs []*raft.Log, during func()) {
	p.t.Helper()
	s := p.leader.Log(hookedStore{store: func([]*raft.Log) error { during(); return nil }}, func() uint64 { return 2 })
	if err := s.StoreLogs(logs); err != nil {
		p.t.Fatal(err)
	}
}

// TestFollowersGetEntriesWhileTheLeadersDiskWrites: and what they get is what Raft would send afterwards, with whose answer Raft is content.
func TestFollowersGetEntriesWhileTheLeadersDiskWrites(t *testing.T) {
	p := newEarlyPair(t)
	p.begin()
	logs := logsFrom(5, 4, 2, 100)
	var got *raft.AppendEntriesRequest
	var rpc raft.RPC
	p.store(logs, func() { got, rpc = p.get() })
	if got.Term != 5 || got.PrevLogEntry != 3 || got.PrevLogTerm != 5 || got.LeaderCommitIndex != 2 || string(got.Addr) != "leader:1" ||
		len(got.Entries) != 2 || got.Entries[1].Index != 5 || len(got.Entries[1].Data) != 100 {
		t.Errorf("the follower got %+v", got)
	}
	answered := p.ask(request(5, 3, 5, logs))
	rpc.Respond(&raft.AppendEntriesResponse{Term: 5, LastLog: 5, Success: true}, nil)
	if a := <-answered; !a.Success || a.LastLog != 5 {
		t.Errorf("Raft got the answer %+v", a)
	}
	p.store(logsFrom(5, 6, 1, 1), func() { got, rpc = p.get() }) // the next one, and not the last one again
	if got.PrevLogEntry != 5 || len(got.Entries) != 1 {
		t.Errorf("the next message is %+v", got)
	}
	rpc.Respond(&raft.AppendEntriesResponse{Term: 5, Success: true}, nil)
}

// TestRaftAsksItselfWhereTheEarlyAnswerWillNotDo: what Raft gets is always an answer to what it sent.
func TestRaftAsksItselfWhereTheEarlyAnswerWillNotDo(t *testing.T) {
	logs := logsFrom(5, 4, 2, 1)
	for name, c := range map[string]struct {
		early raft.AppendEntriesResponse
		ask   *raft.AppendEntriesRequest
	}{
		"refused":        {raft.AppendEntriesResponse{Term: 5}, request(5, 3, 5, logs)},
		"newer term":     {raft.AppendEntriesResponse{Term: 6}, request(5, 3, 5, logs)},
		"odd term":       {raft.AppendEntriesResponse{Term: 4, Success: true}, request(5, 3, 5, logs)},
		"more entries":   {raft.AppendEntriesResponse{Term: 5, Success: true}, request(5, 3, 5, logsFrom(5, 4, 3, 1))},
		"fewer entries":  {raft.AppendEntriesResponse{Term: 5, Success: true}, request(5, 3, 5, logs[:1])},
		"other place":    {raft.AppendEntriesResponse{Term: 5, Success: true}, request(5, 2, 5, logsFrom(5, 3, 2, 1))},
		"later leader":   {raft.AppendEntriesResponse{Term: 5, Success: true}, request(7, 3, 5, logsFrom(7, 4, 2, 1))},
		"other entries":  {raft.AppendEntriesResponse{Term: 5, Success: true}, request(5, 3, 5, logsFrom(4, 4, 2, 1))},
		"other previous": {raft.AppendEntriesResponse{Term: 5, Success: true}, request(5, 3, 4, logs)},
	} {
		t.Run(name, func(t *testing.T) {
			p := newEarlyPair(t)
			p.begin()
			p.store(logs, func() {
				_, rpc := p.get()
				rpc.Respond(&c.early, nil)
			})
			answered := p.ask(c.ask)
			got, rpc := p.get()
			if got.Term != c.ask.Term || got.PrevLogEntry != c.ask.PrevLogEntry || len(got.Entries) != len(c.ask.Entries) {
				t.Errorf("the follower got %+v, want %+v", got, c.ask)
			}
			rpc.Respond(&raft.AppendEntriesResponse{Term: 9, LastLog: 77}, nil)
			if a := <-answered; a.LastLog != 77 {
				t.Errorf("Raft got %+v, want the answer to its own message", a)
			}
		})
	}
}

// TestOldAnswerIsNoSignOfLife: Raft dates a follower's last sign of life by when it gets an answer.
func TestOldAnswerIsNoSignOfLife(t *testing.T) {
	e := early{answer: raft.AppendEntriesResponse{Term: 5, Success: true}, came: time.Now()}
	if !e.good(5) || e.good(6) {
		t.Errorf("good(5), good(6) = %v, %v, want true, false", e.good(5), e.good(6))
	}
	if e.came = time.Now().Add(-2 * earlyKeeps); e.good(5) {
		t.Error("an old answer is good")
	}
	if e.came, e.err = time.Now(), errors.New("connection lost"); e.good(5) {
		t.Error("an answer that never came is good")
	}
}

// TestOnlyWhatRaftCouldSendIsSentEarly: not what another leader's entries are written with, nor what the follower lacks the entry before.
func TestOnlyWhatRaftCouldSendIsSentEarly(t *testing.T) {
	p := newEarlyPair(t)
	sent := func(logs []*raft.Log) bool {
		p.leader.send(logs, 2)
		p.leader.mu.Lock()
		defer p.leader.mu.Unlock()
		l := p.leader.lanes["follower"]
		return l != nil && l.early != nil
	}
	if sent(logsFrom(5, 4, 1, 1)) {
		t.Error("something was sent to a follower of which nothing is known")
	}
	p.begin()
	for name, logs := range map[string][]*raft.Log{
		"nothing":              nil,
		"another leader's":     logsFrom(6, 4, 1, 1),
		"an earlier term's":    logsFrom(4, 4, 1, 1),
		"of two leaders":       append(logsFrom(5, 4, 1, 1), logsFrom(6, 5, 1, 1)...),
		"behind a gap":         logsFrom(5, 5, 1, 1),
		"what it has already":  logsFrom(5, 3, 1, 1),
		"too many":             logsFrom(5, 4, earlyEntries+1, 1),
		"too large":            logsFrom(5, 4, 1, earlyBytes+1),
		"too large altogether": logsFrom(5, 4, 2, earlyBytes/2+1),
	} {
		if sent(logs) {
			t.Errorf("%s was sent early", name)
		}
	}
	answered := p.ask(request(5, 3, 5, logsFrom(5, 4, 1, 1)))
	_, rpc := p.get()
	rpc.Respond(&raft.AppendEntriesResponse{Term: 5}, nil)
	<-answered
	if sent(logsFrom(5, 4, 1, 1)) {
		t.Error("something was sent early to a follower that has just refused")
	}
}

// TestClosedTransportSendsNothing, and waits for what is under way.
func TestClosedTransportSendsNothing(t *testing.T) {
	p := newEarlyPair(t)
	p.begin()
	p.leader.send(logsFrom(5, 4, 1, 1), 2)
	p.get() // never answered
	if err := p.leader.Close(); err != nil {
		t.Fatal(err)
	}
	e := p.leader.lanes["follower"].early
	select {
	case <-e.done:
	default:
		t.Error("Close returned before what was sent early had ended")
	}
	p.leader.lanes["follower"].early = nil
	p.leader.send(logsFrom(5, 4, 1, 1), 2)
	if p.leader.lanes["follower"].early != nil {
		t.Error("a closed transport sends")
	}
}

// TestEarlyLogIsWhatItIsAround keeps what Raft asks a log store for.
func TestEarlyLogIsWhatItIsAround(t *testing.T) {
	kinds := []Kind{Bolt, WAL}
	for _, kind := range kinds {
		d, err := OpenDirAs(t.TempDir(), "a", kind)
		if err != nil {
			t.Fatal(err)
		}
		s, err := OpenLog(d, Options{})
		if err != nil {
			t.Fatal(err)
		}
		cache, err := raft.NewLogCache(8, s)
		if err != nil {
			t.Fatal(err)
		}
		wrapped := new(Transport).Log(cache, func() uint64 { return 0 }).(raft.MonotonicLogStore)
		if want := slices.Index(kinds, kind) == 1; wrapped.IsMonotonic() != want {
			t.Errorf("%s: IsMonotonic() = %v, want %v", kind, !want, want)
		}
		if err := errors.Join(s.Close(), d.Close()); err != nil {
			t.Error(err)
		}
	}
}
