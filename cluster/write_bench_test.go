package cluster

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/clock"
	"github.com/sessnode/sessnode/fsm"
)

// diskTime is how long an entry takes to be committed by a promptRaft.
const diskTime = time.Millisecond

// promptRaft commits every entry after diskTime, with results that say nothing: what is left of a write is the node's own part.
type promptRaft struct{ none applied }

type promptEntry struct {
	raft.ApplyFuture // only the methods below are used

	landed chan struct{}
	none   *applied
}

func (r *promptRaft) Apply([]byte, time.Duration) raft.ApplyFuture {
	e := &promptEntry{landed: make(chan struct{}), none: &r.none}
	time.AfterFunc(diskTime, func() { close(e.landed) })
	return e
}

func (e *promptEntry) Error() error  { <-e.landed; return nil }
func (e *promptEntry) Response() any { return *e.none }
func (*promptEntry) Index() uint64   { return 1 }

// limited is a context as package httpapi makes it: it watches the time once somebody asks it to.
type limited struct {
	context.Context
	at     time.Time
	inner  context.Context
	cancel context.CancelFunc
}

func (l *limited) Deadline() (time.Time, bool) { return l.at, true }

func (l *limited) Done() <-chan struct{} {
	if l.inner == nil {
		l.inner, l.cancel = context.WithDeadline(l.Context, l.at)
	}
	return l.inner.Done()
}

func (l *limited) end() {
	if l.cancel != nil {
		l.cancel()
	}
}

// benchLeader is as much of a node as a write at the leader needs.
func benchLeader(b *testing.B) *Node {
	cfg := Config{}.withDefaults()
	ctx, cancel := context.WithCancel(b.Context())
	n := &Node{cfg: cfg, id: "node-1", clock: cfg.Seams.Clock, ctx: ctx, cancel: cancel, peers: newPeers()}
	n.gate.maxOps, n.gate.maxBytes = cfg.Limits.PendingOps, cfg.Limits.PendingBytes
	n.replica = &replica{machine: fsm.New(), estimate: clock.NewEstimate(n.clock)}
	n.replica.estimate.Learn(time.Now().UnixNano())
	stamper := clock.NewStamper(n.clock, n.id, time.Now().UnixNano())
	o := &office{term: 1, stamper: stamper}
	o.batcher = newBatcher(&promptRaft{applied{results: make([]fsm.Result, fsm.MaxBatchOps)}}, futures{down: make(chan struct{})}, n.replica.machine, stamper, cfg, &n.writes)
	n.office.Store(o)
	var running sync.WaitGroup
	running.Go(func() { o.batcher.run(ctx) })
	b.Cleanup(func() { cancel(); running.Wait() })
	return n
}

// BenchmarkLeaderWrite is what a create costs at the leader outside of HTTP, Raft and the state machine, by so many clients at once.
func BenchmarkLeaderWrite(b *testing.B) {
	attrs := map[string]sessnode.Value{}
	for i := range 4 {
		attrs[fmt.Sprint("attr", i)] = sessnode.Value{Codec: sessnode.JSON, Data: make([]byte, 123)}
	}
	for _, clients := range []int{1, 16, 256} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			n := benchLeader(b)
			m := sessnode.Mutation{App: "web", OpID: sessnode.NewOpID(), Actor: "token",
				Change: sessnode.Create{Key: sessnode.Key{1}, TokenChars: 43, Subject: "ada", Attrs: attrs}}
			b.ReportAllocs()
			begun := cpuTime(b)
			b.ResetTimer()
			var working sync.WaitGroup
			for c := range clients {
				working.Go(func() {
					for range (b.N + c) / clients {
						ctx := &limited{Context: context.Background(), at: time.Now().Add(5 * time.Second)}
						_, err := n.Write(ctx, m)
						if ctx.end(); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			working.Wait()
			b.ReportMetric(float64(cpuTime(b)-begun)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime is what the process has used of all processors: a load of other processes hardly changes it.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
