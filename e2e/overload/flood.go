package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/bench/latency"
	"github.com/sessnode/sessnode/internal/bench/wire"
)

const (
	// inTime is how soon after it was due a request has to be answered to be of use.
	inTime = time.Second

	// patience is how long an arrival waits for a free connection before it is turned away at the client: an open loop
	// does not wait, but timers are no finer than this under load.
	patience = 20 * time.Millisecond

	// settle is the beginning of a stretch, which is not counted: what it shows still belongs to the stretch before.
	settle = time.Second

	binWidth = 250 * time.Millisecond // of a strip
	app      = "overload"
)

// mix is what is sent, in percent.
type mix struct {
	name                       string
	create, read, patch, touch int
}

var mixes = []mix{{"create", 100, 0, 0, 0}, {"read", 0, 100, 0, 0}, {"mixed", 1, 95, 4, 0}}

// stretch is a time during which requests arrive at one rate, whatever becomes of those before. Rate 0 is a closed loop.
type stretch struct {
	rate float64
	last time.Duration
}

// counts is what became of the requests that were due in a stretch or a bin.
type counts struct {
	due      uint64 // arrivals
	ok, late uint64 // answered well, within inTime of when they were due or after it
	refused  uint64 // answered "unavailable": certainly not done
	lost     uint64 // anything else, among it "unknown"
	away     uint64 // never sent: no connection was free
}

func (c *counts) add(o counts) {
	c.due, c.ok, c.late, c.refused, c.lost, c.away = c.due+o.due, c.ok+o.ok, c.late+o.late, c.refused+o.refused, c.lost+o.lost, c.away+o.away
}

// record is what one worker, or all of them, saw.
type record struct {
	counts
	seconds  float64
	answered latency.Histogram // of what was done, from when it was due
	refusals latency.Histogram
}

// flood sends requests over connections that it shares out over the nodes.
type flood struct {
	targets  []wire.Target
	sessions []sessnode.Token
	mix      mix
	conns    int

	start time.Time
	plan  []stretch
	next  []atomic.Uint64 // of each stretch: how many arrivals were claimed
}

// worker is one connection.
type worker struct {
	f       *flood
	conn    *wire.Conn
	rng     *rand.Rand
	body    string
	records []record
	bins    []counts
}

// dials is how many connections are made at a time. A flood of dials would be another test: the generator, which has the same processors as
// the nodes, gets to none of them in time, gives them up, and dials again.
const dials = 64

// connect prepares all connections, and makes them before the first request.
func (f *flood) connect(ctx context.Context) ([]*worker, error) {
	workers := make([]*worker, f.conns)
	failed := make([]error, dials)
	var group sync.WaitGroup
	for first := range dials {
		group.Go(func() { // ends with its part of the connections
			for i := first; i < len(workers) && failed[first] == nil; i += dials {
				workers[i] = newWorker(f, i)
				failed[first] = workers[i].connect(ctx)
			}
		})
	}
	group.Wait()
	if err := errors.Join(failed...); err != nil {
		for _, w := range workers {
			if w != nil {
				_ = w.conn.Close()
			}
		}
		return nil, err
	}
	return workers, nil
}

func newWorker(f *flood, i int) *worker {
	w := &worker{f: f, conn: wire.New(f.targets[i%len(f.targets)]), rng: rand.New(rand.NewPCG(uint64(i), 7))}
	w.body = text(w.rng, 128)
	return w
}

// connect tries a few times: of thousands one may meet a moment in which nothing goes on.
func (w *worker) connect(ctx context.Context) (err error) {
	for range 4 {
		if err = w.conn.Connect(ctx); err == nil {
			return nil
		}
	}
	return fmt.Errorf("a connection for the flood: %w", err)
}

// run is over, with connections that it makes.
func (f *flood) run(ctx context.Context, plan []stretch) ([]record, []counts, error) {
	workers, err := f.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	records, bins := f.over(ctx, workers, plan)
	return records, bins, nil
}

// over carries a plan out and returns one record a stretch, and the bins of the whole. It blocks until the last answer, and closes the connections.
func (f *flood) over(ctx context.Context, workers []*worker, plan []stretch) ([]record, []counts) {
	f.plan, f.next = plan, make([]atomic.Uint64, len(plan))
	whole := time.Duration(0)
	for _, s := range plan {
		whole += s.last
	}
	f.start = time.Now().Add(100 * time.Millisecond)
	var group sync.WaitGroup
	for _, w := range workers {
		w.records, w.bins = make([]record, len(plan)), make([]counts, int(whole/binWidth)+1)
		group.Go(func() { // ends with the plan, or with ctx
			defer w.conn.Close()
			for i := range plan {
				w.stretch(ctx, i)
			}
		})
	}
	group.Wait()
	records, bins := make([]record, len(plan)), make([]counts, int(whole/binWidth)+1)
	for _, w := range workers {
		for i := range records {
			records[i].counts.add(w.records[i].counts)
			records[i].answered.Merge(&w.records[i].answered)
			records[i].refusals.Merge(&w.records[i].refusals)
		}
		for i := range bins {
			bins[i].add(w.bins[i])
		}
	}
	for i, s := range plan {
		records[i].seconds = (s.last - settle).Seconds()
	}
	return records, bins
}

// stretch takes part in one stretch until it is over.
func (w *worker) stretch(ctx context.Context, i int) {
	from := w.f.start
	for _, s := range w.f.plan[:i] {
		from = from.Add(s.last)
	}
	s := w.f.plan[i]
	until := from.Add(s.last)
	for ctx.Err() == nil {
		due := time.Now()
		if s.rate > 0 {
			due = from.Add(time.Duration(float64(w.f.next[i].Add(1)-1) * float64(time.Second) / s.rate))
		} else if due.Before(from) {
			due = from
		}
		if !due.Before(until) {
			return
		}
		time.Sleep(time.Until(due))
		c := counts{due: 1}
		began := time.Now()
		var code sessnode.Code
		if s.rate > 0 && began.Sub(due) > patience {
			c.away = 1
		} else {
			code = w.send(ctx)
		}
		w.count(i, c, code, due, time.Now(), !due.Before(from.Add(settle)))
	}
}

func (w *worker) count(i int, c counts, code sessnode.Code, due, ended time.Time, counted bool) {
	took, r := ended.Sub(due), &w.records[i]
	switch {
	case c.away > 0:
	case code == sessnode.OK && took <= inTime:
		c.ok = 1
	case code == sessnode.OK:
		c.late = 1
	case code == sessnode.CodeUnavailable:
		c.refused = 1
	default:
		c.lost = 1
	}
	if bin := int(ended.Sub(w.f.start) / binWidth); bin >= 0 && bin < len(w.bins) {
		w.bins[bin].add(c)
	}
	if !counted {
		return
	}
	r.counts.add(c)
	switch {
	case c.ok+c.late > 0:
		r.answered.Record(took)
	case c.refused > 0:
		r.refusals.Record(took)
	}
}

// send makes one request of the mix.
func (w *worker) send(ctx context.Context) sessnode.Code {
	switch n := w.rng.IntN(100); {
	case n < w.f.mix.create:
		return w.conn.Do(ctx, w.create(sessnode.NewToken()))
	case n < w.f.mix.create+w.f.mix.read:
		return w.conn.Do(ctx, &wire.Request{Method: "GET", Path: "/v1/apps/" + app + "/session?touch=false", Token: w.pick()})
	case n >= 100-w.f.mix.touch:
		return w.conn.Do(ctx, &wire.Request{Method: "POST", Path: "/v1/apps/" + app + "/session/touch", Token: w.pick(), Operation: sessnode.NewID().String()})
	default:
		body := fmt.Sprintf(`{"set":{"a%d":"%s"}}`, w.rng.IntN(4), w.body)
		return w.conn.Do(ctx, &wire.Request{Method: "PATCH", Path: "/v1/apps/" + app + "/session", Token: w.pick(), Operation: sessnode.NewID().String(), Body: []byte(body)})
	}
}

func (w *worker) pick() sessnode.Token { return w.f.sessions[w.rng.IntN(len(w.f.sessions))] }

func (w *worker) create(token sessnode.Token) *wire.Request {
	b := w.body
	body := fmt.Sprintf(`{"token":"%s","subject":"u%d","attrs":{"a0":"%s","a1":"%s","a2":"%s","a3":"%s"}}`, token.Reveal(), w.rng.IntN(1_000_000), b, b, b, b)
	return &wire.Request{Method: "POST", Path: "/v1/apps/" + app + "/sessions", Operation: sessnode.NewID().String(), Body: []byte(body)}
}

// prepare makes the sessions that reads and patches are about.
func (f *flood) prepare(ctx context.Context, n int) error {
	w := &worker{f: f, conn: wire.New(f.targets[0]), rng: rand.New(rand.NewPCG(1, 1))}
	defer w.conn.Close()
	w.body = text(w.rng, 128)
	for range n {
		token := sessnode.NewToken()
		if code := w.conn.Do(ctx, w.create(token)); code != sessnode.OK {
			return fmt.Errorf("a session could not be made: %v", code)
		}
		f.sessions = append(f.sessions, token)
	}
	return nil
}

// text returns n letters that nothing makes smaller.
func text(rng *rand.Rand, n int) string {
	raw := make([]byte, n)
	for i := range raw {
		raw[i] = byte(rng.Uint32())
	}
	return strings.Clone(base64.RawURLEncoding.EncodeToString(raw)[:n])
}
