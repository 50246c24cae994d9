package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
	load "github.com/sessnode/sessnode/internal/bench"
)

// FailoverLasts is how long one loss of a leader takes, as it was seen.
const FailoverLasts = 15 * time.Second

const (
	failoverClients = 64
	failoverRequest = time.Second     // the limit of one request
	steadyFor       = 3 * time.Second // before the kill
	afterwards      = time.Second     // once all clients are back
	backLimit       = 40 * time.Second
	retryPause      = 5 * time.Millisecond
)

// failover takes the leader of a system away, once.
func (w *Workshop) failover(ctx context.Context, r *Report, s System, rep int) {
	site, err := w.site(s.Name)
	if err == nil {
		defer os.RemoveAll(site.Folder)
		site.Timeout = failoverRequest
		var f Failover
		if f, err = lose(ctx, site, s); err == nil {
			f.System, f.Repetition = s.Name, rep
			w.Log("%d %-15s first write after %s s, all %d clients after %s s; %d acknowledged, %d missing, %d not verified", rep, s.Name,
				seconds(f.First), f.Clients, seconds(f.All), f.Acknowledged, f.Missing, f.Unverified)
			r.Failovers = append(r.Failovers, f)
			return
		}
	}
	w.Log("%s: failover NOT MEASURED: %v", s.Name, err)
	r.Missing = append(r.Missing, Missing{s.Name, fmt.Sprintf("failover, repetition %d", rep), firstLine(err)})
}

// lose starts a system, lets clients write, kills the leader, and looks for what was acknowledged.
func lose(ctx context.Context, site *Site, s System) (f Failover, err error) {
	running, err := s.start(ctx, site)
	defer func() { err = errors.Join(err, running.Stop()) }()
	if err != nil {
		return f, err
	}
	if running.leader == nil {
		return f, errors.New("nobody leads")
	}
	nodes, err := running.Store.Nodes(ctx)
	if err != nil {
		return f, err
	}
	writing, stop := context.WithCancel(ctx)
	defer stop()
	c := &crowd{nodes: nodes, back: make(chan struct{}, failoverClients)}
	var work sync.WaitGroup
	for i := range failoverClients {
		c.writers = append(c.writers, &writer{crowd: c, at: i % len(nodes), conns: connect(running.Store, nodes)})
		work.Go(func() { c.writers[i].write(writing) }) // ends with writing
	}
	f.Clients = failoverClients
	first, all, err := c.kill(ctx, running)
	stop()
	work.Wait()
	if err != nil {
		return f, err
	}
	f.First, f.All = first.Seconds(), all.Seconds()
	c.verify(ctx, running.Store, &f)
	return f, ctx.Err()
}

func connect(store load.Store, nodes load.Nodes) []load.Conn {
	var conns []load.Conn
	for _, n := range nodes {
		conns = append(conns, store.Connect(n))
	}
	return conns
}

// crowd is the clients of one failover.
type crowd struct {
	nodes   load.Nodes
	writers []*writer
	killed  atomic.Int64 // when, in nanoseconds since 1970; 0: not yet
	back    chan struct{}
}

// writer is one client.
type writer struct {
	crowd        *crowd
	at           int
	conns        []load.Conn
	acknowledged []sessnode.Token
	before       int           // of these: before the kill
	back         time.Duration // from the kill to its first acknowledged write that began after it; 0: none
}

// write creates sessions, one after the other, through one node until it fails, then through the next.
func (w *writer) write(ctx context.Context) {
	defer func() {
		for _, c := range w.conns {
			_ = c.Close()
		}
	}()
	letters := make([]byte, payloadBytes)
	for i := range letters {
		letters[i] = 'a' + byte(i%26)
	}
	for ctx.Err() == nil {
		token := sessnode.NewToken()
		body := fmt.Appendf(nil, `{"token":"%s","idle":"3h","attrs":{"cart":"%s"}}`, token.Reveal(), letters)
		began := time.Now().UnixNano()
		if w.conns[w.at].Do(ctx, load.Create, token, body) != sessnode.OK {
			w.at = (w.at + 1) % len(w.conns)
			select {
			case <-time.After(retryPause): // a server that is down is not to be told so in a busy loop
			case <-ctx.Done():
			}
			continue
		}
		w.acknowledged = append(w.acknowledged, token)
		killed := w.crowd.killed.Load()
		switch {
		case killed == 0:
			w.before++
		case w.back == 0 && began > killed:
			w.back = time.Duration(time.Now().UnixNano() - killed)
			w.crowd.back <- struct{}{}
		}
	}
}

// kill takes the leader away and waits until every client is back, or for as long as they may take. Times are 0 where nobody or not
// everybody came back.
func (c *crowd) kill(ctx context.Context, running *Running) (first, all time.Duration, err error) {
	pause := func(d time.Duration) {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
	}
	pause(steadyFor)
	leader, err := running.leader(ctx)
	if err != nil {
		return 0, 0, err
	}
	killed := time.Now()
	c.killed.Store(killed.UnixNano())
	if err := running.Processes[leader].Kill(); err != nil {
		return 0, 0, err
	}
	limit := time.NewTimer(backLimit)
	defer limit.Stop()
	for n := 0; n < len(c.writers); n++ {
		select {
		case <-c.back:
			if all = time.Since(killed); n == 0 {
				first = all
			}
		case <-limit.C:
			return first, 0, nil
		case <-ctx.Done():
			return 0, 0, context.Cause(ctx)
		}
	}
	pause(afterwards)
	return first, all, ctx.Err()
}

// verify reads every acknowledged session through nodes that live.
func (c *crowd) verify(ctx context.Context, store load.Store, f *Failover) {
	var tokens []sessnode.Token
	before := 0
	for _, w := range c.writers {
		tokens = append(tokens, w.acknowledged...)
		before += w.before
	}
	f.Acknowledged = len(tokens)
	if before == 0 {
		f.Note = "nothing was written before the kill"
	}
	var next, missing, unverified atomic.Int64
	var work sync.WaitGroup
	for i := range failoverClients {
		conns := connect(store, c.nodes)
		work.Go(func() { // ends with the list
			for at := next.Add(1) - 1; at < int64(len(tokens)); at = next.Add(1) - 1 {
				switch i = look(ctx, conns, i, tokens[at]); {
				case i == gone:
					missing.Add(1)
					i = 0
				case i == unknown:
					unverified.Add(1)
					i = 0
				}
			}
			for _, c := range conns {
				_ = c.Close()
			}
		})
	}
	work.Wait()
	f.Missing, f.Unverified = int(missing.Load()), int(unverified.Load())
}

// What look returns beside the place of a node.
const (
	gone    = -1
	unknown = -2
)

// lookTries is how often a session is looked for, through one node after the other, before it counts as missing: a replica may lag.
const lookTries = 12

// look reads a session, beginning with a node. It returns the place of the node that had it.
func look(ctx context.Context, conns []load.Conn, at int, token sessnode.Token) int {
	var heard []sessnode.Code
	for range lookTries {
		at = (at + len(conns)) % len(conns)
		code := conns[at].Do(ctx, load.Read, token, nil)
		if code == sessnode.OK {
			return at
		}
		heard = append(heard, code)
		at++
		select {
		case <-time.After(10 * retryPause):
		case <-ctx.Done():
			return unknown
		}
	}
	if slices.Contains(heard, sessnode.CodeNotFound) {
		return gone
	}
	return unknown
}
