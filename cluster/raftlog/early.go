package raftlog

import (
	"runtime"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// earlyBytes is the most that is sent early. Of more, the sending would cost more than the disk's time that it hides.
	earlyBytes = 64 << 10

	// earlyEntries is the most entries of one message: Raft would send more in several.
	earlyEntries = 16

	// earlyKeeps is how long an answer may wait for Raft's question. One that is older says that the follower lived, not that it lives: Raft
	// takes the moment at which it gets an answer for the follower's last sign of life.
	earlyKeeps = 50 * time.Millisecond
)

// Transport is Raft's transport between nodes, see NewTransport. It lets a leader's disk and its followers' disks write at the same time.
//
// hashicorp/raft writes an entry to the leader's disk and only then sends it. So when a leader begins to write (see Log), the transport
// sends the very message that Raft will send afterwards to each follower that has all before it, and gives the answer to Raft when that
// asks. Raft itself sees nothing of it: it counts the leader's copy when the leader's disk has it, and a follower's when it has its
// answer (thesis, 10.2.1). A leader that dies before its disk has the entry leaves one that was never acknowledged, as a leader does that
// dies later.
//
// What is sent early is a message that Raft could send. What was not, or got no good answer, goes the ordinary way.
type Transport struct {
	serialTransport
	sending sync.WaitGroup // of what is sent early; Close waits for it

	mu    sync.Mutex // guards what follows
	lanes map[raft.ServerID]*lane
	shut  bool
}

// lane is what a leader knows about one follower.
type lane struct {
	target raft.ServerAddress
	header raft.AppendEntriesRequest // of the last message: its term, and who leads
	index  uint64                    // up to here the follower's log is the leader's
	term   uint64                    // of that entry
	early  *early                    // sent, and not asked for yet
}

// early is a message that was sent before Raft asked for it.
type early struct {
	request raft.AppendEntriesRequest
	done    chan struct{} // closed when the rest is set
	answer  raft.AppendEntriesResponse
	err     error
	came    time.Time
}

// AppendEntries sends a message of Raft's and returns the answer, or that of the same message if it was sent early.
func (t *Transport) AppendEntries(id raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	if args.PrevLogEntry == 0 && len(args.Entries) == 0 { // a heartbeat, or there is nothing yet
		return t.serialTransport.AppendEntries(id, target, args, resp)
	}
	e := t.take(id, args)
	if e != nil {
		<-e.done // bounded by the transport's time-out
	}
	var err error
	if e != nil && e.good(args.Term) {
		*resp = e.answer
	} else {
		err = t.serialTransport.AppendEntries(id, target, args, resp)
	}
	t.note(id, target, args, err == nil && resp.Success && resp.Term == args.Term)
	return err
}

// good reports whether Raft may have the answer.
func (e *early) good(term uint64) bool {
	return e.err == nil && e.answer.Success && e.answer.Term == term && time.Since(e.came) < earlyKeeps
}

// take returns the message that was sent early, if it is this one.
func (t *Transport) take(id raft.ServerID, args *raft.AppendEntriesRequest) *early {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lanes[id]
	if l == nil || l.early == nil || len(args.Entries) == 0 {
		return nil
	}
	e := l.early
	l.early = nil
	sent := &e.request
	if sent.Term != args.Term || sent.PrevLogEntry != args.PrevLogEntry || sent.PrevLogTerm != args.PrevLogTerm || len(sent.Entries) != len(args.Entries) {
		return nil
	}
	for i, l := range args.Entries { // of one leader in one term: index and term say which entry it is
		if s := sent.Entries[i]; s.Index != l.Index || s.Term != l.Term {
			return nil
		}
	}
	return e
}

// note takes down how far the follower's log is known to be the leader's.
func (t *Transport) note(id raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, success bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !success {
		delete(t.lanes, id)
		return
	}
	l := t.lanes[id]
	if l == nil || l.header.Term != args.Term {
		l = &lane{}
		t.lanes[id] = l
	}
	l.target, l.header = target, *args
	l.header.Entries = nil
	index, term := args.PrevLogEntry, args.PrevLogTerm
	if n := len(args.Entries); n > 0 {
		index, term = args.Entries[n-1].Index, args.Entries[n-1].Term
	}
	if index >= l.index {
		l.index, l.term = index, term
	}
}

// send sends entries, which this node leads with, to the followers that have all before them. It does not wait, and reports whether there
// is one.
func (t *Transport) send(logs []*raft.Log, committed uint64) (sent bool) {
	if len(logs) == 0 || len(logs) > earlyEntries {
		return false
	}
	size := 0
	for _, l := range logs {
		size += len(l.Data)
	}
	if size > earlyBytes {
		return false
	}
	first := logs[0]
	if logs[len(logs)-1].Term != first.Term { // a follower catches up; a leader writes entries of its own term alone
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, l := range t.lanes {
		// Only the leader of a term appends entries of that term after those that it has sent in it: a follower's writes do not pass, unless
		// they are what it had written itself as the leader of that term, and that message it may send at any time.
		if t.shut || l.early != nil || l.header.Term != first.Term || l.index+1 != first.Index {
			continue
		}
		e := &early{request: l.header, done: make(chan struct{})}
		e.request.PrevLogEntry, e.request.PrevLogTerm = l.index, l.term
		e.request.LeaderCommitIndex = max(min(committed, l.index), l.header.LeaderCommitIndex)
		e.request.Entries = logs
		l.early = e
		target := l.target
		t.sending.Go(func() { // ends with the transport's time-out
			defer close(e.done)
			e.err = t.serialTransport.AppendEntries(id, target, &e.request, &e.answer)
			e.came = time.Now()
		})
		sent = true
	}
	return sent
}

// Close ends Raft's connections, and waits for what is under way on them.
func (t *Transport) Close() error {
	t.mu.Lock()
	t.shut = true
	t.mu.Unlock()
	err := t.serialTransport.Close()
	t.sending.Wait()
	return err
}

// earlyLog is the log of a node, see Transport.Log.
type earlyLog struct {
	raft.LogStore
	transport *Transport
	committed func() uint64
}

var _ raft.MonotonicLogStore = earlyLog{}

// Log returns the log store that Raft must get: around store, which it tells the transport of. committed returns an index up to which
// everything is committed; it is called on Raft's goroutine.
func (t *Transport) Log(store raft.LogStore, committed func() uint64) raft.LogStore {
	return earlyLog{store, t, committed}
}

// StoreLogs returns when this node's disk has the entries, whatever the others' do.
func (l earlyLog) StoreLogs(logs []*raft.Log) error {
	if l.transport.send(logs, l.committed()) {
		runtime.Gosched() // let them go out on this thread: to wake another one takes longer, and this one is about to wait for the disk
	}
	return l.LogStore.StoreLogs(logs)
}

// StoreLog stores one entry. Raft itself never does.
func (l earlyLog) StoreLog(entry *raft.Log) error { return l.StoreLogs([]*raft.Log{entry}) }

// IsMonotonic tells Raft what the store around which this is says.
func (l earlyLog) IsMonotonic() bool {
	m, is := l.LogStore.(raft.MonotonicLogStore)
	return is && m.IsMonotonic()
}
