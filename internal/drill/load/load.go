// Package load puts a cluster under the work of many clients and keeps the evidence: what each was told, by which node, when.
//
// Its clients behave like real ones in what they may conclude: a retry carries the same operation id, an unknown outcome
// stays unknown, and only a definite answer is believed. Every second one sends over connections that it shares with others.
package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// Config is how much work is done.
type Config struct {
	Nodes    []string      // base addresses
	App      string        // that the sessions belong to; default App
	Key      string        // API key of an operator; empty: the nodes ask for none
	TLS      *tls.Config   // who vouches for nodes that speak TLS; nil: the system's authorities
	Seed     uint64        // decides what each client wants; timing is not decided by it
	Clients  int           // default 20
	Watchers int           // sessions that are left to expire at any time; default 6, negative: none
	Try      time.Duration // how long a client waits for one node; default 1.5 s
	Sticky   bool          // every fourth client stays at one node until that gives no answer, as app servers do; the others roam
	Think    time.Duration // average pause between a client's operations; default 8 ms
}

const (
	sharedSlots  = 8
	subjectSlots = 6
)

// App is the app that the sessions belong to unless a Config says otherwise.
const App = "shop"

// Load is a running workload. Start and Stop are called once each, by one goroutine; the rest is safe for concurrent use.
type Load struct {
	cfg    Config
	api    *api
	rec    *history.Recorder
	broken []atomic.Int64 // for each node: until when (recorder's ns) it is avoided, because it gave no answer
	leader atomic.Int64   // index of the node that last called itself leader

	clients  sync.WaitGroup
	watchers sync.WaitGroup
	stop     context.CancelFunc // no new work
	rest     context.CancelFunc // no new session that is watched to its end
	life     context.Context    // of every request; ended by Close alone
	abandon  context.CancelFunc

	shared   [sharedSlots]atomic.Pointer[session]
	subjects [subjectSlots]atomic.Pointer[subject]
	ledger   atomic.Pointer[ledger]
	unique   atomic.Int64 // for values, subjects and operation ids

	mu        sync.Mutex
	sessions  []*session        // guarded by mu
	ledgers   []*ledger         // guarded by mu
	expiring  []check.Expiring  // guarded by mu
	late      []check.LateTry   // guarded by mu
	extra     []sessnode.Token  // guarded by mu; tokens that belong to no session of the model
	malformed []check.Violation // guarded by mu
}

// New prepares a workload.
func New(cfg Config) *Load {
	if cfg.App == "" {
		cfg.App = App
	}
	if cfg.Clients == 0 {
		cfg.Clients = 20
	}
	if cfg.Watchers == 0 {
		cfg.Watchers = 6
	}
	if cfg.Try == 0 {
		cfg.Try = 1500 * time.Millisecond
	}
	if cfg.Think == 0 {
		cfg.Think = 8 * time.Millisecond
	}
	l := &Load{cfg: cfg, api: newAPI(cfg), rec: history.NewRecorder()}
	l.broken = make([]atomic.Int64, len(cfg.Nodes))
	l.life, l.abandon = context.WithCancel(context.Background())
	for i := range l.subjects {
		l.subjects[i].Store(l.newSubject())
	}
	return l
}

// Start starts all clients. They work until Stop, which waits for them.
func (l *Load) Start(ctx context.Context) {
	ctx, l.stop = context.WithCancel(ctx)
	l.clients.Go(func() { l.followLeader(ctx) })
	for i := range l.cfg.Clients {
		c := l.client(i)
		l.clients.Go(func() { c.run(ctx) })
	}
	watching, rest := context.WithCancel(ctx)
	l.rest = rest
	for i := range l.cfg.Watchers {
		c := l.client(1000 + i)
		l.watchers.Go(func() { c.watch(watching, i) })
	}
}

func (l *Load) client(id int) *client {
	c := &client{load: l, id: id, rng: rand.New(rand.NewPCG(l.cfg.Seed, uint64(id)))}
	if l.cfg.Sticky && id%4 == 0 {
		c.sticky, c.node = true, id/4%len(l.cfg.Nodes)
	}
	return c
}

// Stop asks all clients to stop and waits until each has an answer to its last operation. Watchers go on with the sessions
// that they have begun; Finish waits for them.
func (l *Load) Stop() {
	l.stop()
	l.rest()
	l.clients.Wait()
}

// Rest lets watchers begin no new session, so that Finish has less to wait for. It may be called between Start and Stop.
func (l *Load) Rest() { l.rest() }

// Close ends everything at once, also what Stop would wait for, and waits until it has ended. Requests under way are cut off.
func (l *Load) Close() {
	l.abandon()
	if l.stop != nil {
		l.Stop()
	}
	l.watchers.Wait()
	l.api.close()
}

// Abandon cuts off every request under way and to come: whoever waits for one, also in Finish, waits no longer.
func (l *Load) Abandon() { l.abandon() }

// Recorder returns where operations are recorded, also while the work goes on.
func (l *Load) Recorder() *history.Recorder { return l.rec }

// followLeader keeps the clients informed of where the leader is, until ctx ends.
func (l *Load) followLeader(ctx context.Context) {
	for ctx.Err() == nil {
		for i := range l.cfg.Nodes {
			if l.api.leads(ctx, i) {
				l.leader.Store(int64(i))
			}
		}
		pause(ctx, 250*time.Millisecond)
	}
}

// pause waits for d or the end of ctx: the pace of a client, never a way to wait for something.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (l *Load) next(prefix string) string { return fmt.Sprintf("%s%d", prefix, l.unique.Add(1)) }

func (l *Load) complain(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.malformed = append(l.malformed, check.Violation{Check: check.Coverage, Detail: fmt.Sprintf(format, args...)})
}

// subject is a signed-in user that several sessions belong to.
type subject struct {
	name string
	room atomic.Int64 // how many sessions may still join, so that the checker's model stays small
	ops  atomic.Int64
}

func (l *Load) newSubject() *subject {
	s := &subject{name: l.next("user/")}
	s.room.Store(check.MaxSubjectSessions - 8)
	return s
}

// subject picks one to read or revoke; join picks one that a session may be bound to. Either replaces what is worn out.
func (l *Load) subject(rng *rand.Rand) *subject {
	slot := &l.subjects[rng.IntN(subjectSlots)]
	s := slot.Load()
	if s.ops.Add(1) > 400 || s.room.Load() <= 0 {
		slot.CompareAndSwap(s, l.newSubject())
	}
	return s
}

func (l *Load) join(rng *rand.Rand) string {
	for {
		s := l.subject(rng)
		if s.room.Add(-1) >= 0 {
			return s.name
		}
	}
}
