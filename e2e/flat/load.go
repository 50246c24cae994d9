package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/bench/wire"
)

// op is one kind of request of the steady load.
type op uint8

const (
	create op = iota
	read
	readTouch
	patch
	rotate
	revoke

	ops = int(revoke) + 1
)

func (o op) String() string {
	return [...]string{"create", "read", "read+touch", "patch", "rotate", "revoke"}[o]
}

func (o op) writes() bool { return o != read }

// shares is the steady load in percent. As many sessions are revoked as made, so that their number stays.
var shares = [ops]int{create: 10, read: 35, readTouch: 15, patch: 20, rotate: 10, revoke: 10}

// sample is one request. Its latency counts from when it was due.
type sample struct {
	due  time.Duration // since the load's start
	took time.Duration
	op   op
	code sessnode.Code
}

func (s sample) done() time.Duration { return s.due + s.took }

const (
	app            = "flat"
	workers        = 64
	requestTimeout = 10 * time.Second
	sessionBytes   = 512
)

var attributes = [4]string{"cart", "locale", "profile", "recent"}

// people is who the load is about: sessions whose tokens follow from their numbers, so that five millions of them take no memory here.
type people struct {
	secret  string
	filled  int           // sessions 0 to filled-1 are there from the beginning
	created atomic.Uint64 // numbers given to more, from mostFilled on
	ahead   atomic.Uint64 // operation ids
}

// mostFilled is above every number that a fill gives.
const mostFilled = 1 << 32

func newPeople() *people { return &people{secret: string(sessnode.NewToken().Reveal()[:22])} }

// token is that of session i after its generation-th rotation.
func (p *people) token(i uint64, generation uint32) sessnode.Token {
	b := make([]byte, 0, 48)
	b = append(b, p.secret...)
	b = append(strconv.AppendUint(append(b, '-'), i, 36), '-')
	b = strconv.AppendUint(b, uint64(generation), 36)
	for len(b) < 43 {
		b = append(b, 'x')
	}
	return sessnode.Token(b)
}

// client makes requests over one connection. It belongs to one goroutine.
type client struct {
	people *people
	conn   *wire.Conn
	rng    *rand.Rand
	values [4][]byte
	body   []byte
}

func newClient(p *people, address string) *client {
	c := &client{people: p, conn: wire.New(wire.Target{Address: address, Timeout: requestTimeout}), rng: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
	for i := range c.values {
		raw := make([]byte, sessionBytes/4)
		for j := range raw {
			raw[j] = byte(c.rng.Uint32())
		}
		c.values[i] = []byte(`"` + base64.RawURLEncoding.EncodeToString(raw)[:sessionBytes/4-2] + `"`)
	}
	return c
}

// value is a fresh JSON text for an attribute.
func (c *client) value(i int) []byte {
	var b [4]byte
	n := c.rng.Uint32()
	for j := range b {
		b[j] = byte(n >> (8 * j))
	}
	hex.Encode(c.values[i][1:9], b[:])
	return c.values[i]
}

// create makes a session. more is JSON that goes beside subject and attributes.
func (c *client) create(ctx context.Context, token sessnode.Token, subject, more string, remembered bool) sessnode.Code {
	b := append(append(c.body[:0], `{"token":"`...), token.Reveal()...)
	b = append(append(append(b, `","subject":"`...), subject...), `",`...)
	b = append(append(b, more...), `"attrs":{`...)
	for i, name := range attributes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), name...), `":`...)
		b = append(b, c.value(i)...)
	}
	c.body = append(b, `}}`...)
	return c.send(ctx, "POST", "/sessions", "", c.body, remembered)
}

func (c *client) patch(ctx context.Context, token sessnode.Token, value func(int) []byte) sessnode.Code {
	return c.patchOne(ctx, token, c.rng.IntN(len(attributes)), value)
}

// patchOne changes a certain attribute.
func (c *client) patchOne(ctx context.Context, token sessnode.Token, i int, value func(int) []byte) sessnode.Code {
	b := append(append(append(c.body[:0], `{"set":{"`...), attributes[i]...), `":`...)
	c.body = append(append(b, value(i)...), `}}`...)
	return c.send(ctx, "PATCH", "/session", token, c.body, true)
}

func (c *client) rotate(ctx context.Context, token, to sessnode.Token) sessnode.Code {
	c.body = append(append(append(c.body[:0], `{"token":"`...), to.Reveal()...), `"}`...)
	return c.send(ctx, "POST", "/session/rotate", token, c.body, true)
}

// send makes one request. Changes that are remembered carry an operation id, as those of an application do.
func (c *client) send(ctx context.Context, method, path string, token sessnode.Token, body []byte, remembered bool) sessnode.Code {
	r := wire.Request{Method: method, Path: "/v1/apps/" + app + path, Token: token, Body: body}
	if remembered && method != "GET" {
		r.Operation = sessnode.NewID().String()
	}
	return c.conn.Do(ctx, &r)
}

// worker is one client of the steady load. Sessions whose number is its own modulo all workers are only ever used by it, so that
// it knows what each of them must answer.
type worker struct {
	*client
	place      uint64
	generation map[uint64]uint32 // of those that were rotated
	lost       map[uint64]bool   // a rotation's outcome is not known
	own        []uint64          // made by this worker, oldest first
	samples    []sample
	wrong      int // answers that lost or kept what they must not
}

// steady is a load at a fixed rate that goes on until it is stopped.
type steady struct {
	people  *people
	workers []*worker
	start   time.Time
	every   time.Duration // 0: a closed loop, as fast as it goes
	next    atomic.Int64
	stop    chan struct{}
	done    sync.WaitGroup
	cancel  context.CancelFunc
}

// newSteady makes the load's workers; they last from one load to the next, since they know which sessions they rotated.
func newSteady(p *people, address string) *steady {
	s := &steady{people: p}
	for i := range workers {
		s.workers = append(s.workers, &worker{client: newClient(p, address), place: uint64(i), generation: map[uint64]uint32{}, lost: map[uint64]bool{}})
	}
	return s
}

// begin starts the load at a rate; 0 is a closed loop.
func (s *steady) begin(ctx context.Context, rate float64) {
	ctx, s.cancel = context.WithCancel(ctx)
	s.stop, s.start, s.every = make(chan struct{}), time.Now(), 0
	if rate > 0 {
		s.every = time.Duration(float64(time.Second) / rate)
	}
	s.next.Store(0)
	for _, w := range s.workers {
		w.samples, w.wrong = w.samples[:0], 0
		s.done.Go(func() { w.run(ctx, s) }) // ends with stop, or ctx
	}
}

// end stops the load and returns its requests, and how many answers were wrong.
func (s *steady) end() (all []sample, wrong int) {
	close(s.stop)
	s.done.Wait()
	s.cancel()
	for _, w := range s.workers {
		all = append(all, w.samples...)
		wrong += w.wrong
	}
	return all, wrong
}

// now is the moment on the load's own clock.
func (s *steady) now() time.Duration { return time.Since(s.start) }

// behind is how late the load is: longer than a moment only where the nodes cannot answer as fast as requests are due.
func (s *steady) behind() time.Duration { return s.now() - time.Duration(s.next.Load())*s.every }

func (w *worker) run(ctx context.Context, s *steady) {
	defer func() { _ = w.conn.Close() }()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		due := s.now()
		if s.every > 0 {
			due = time.Duration(s.next.Add(1)-1) * s.every
		}
		if wait := due - s.now(); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-s.stop:
				return
			}
		}
		select {
		case <-s.stop:
			return
		case <-ctx.Done():
			return
		default:
		}
		o, code := w.do(ctx)
		if code != sessnode.OK && ctx.Err() != nil {
			return
		}
		w.samples = append(w.samples, sample{due: due, took: s.now() - due, op: o, code: code})
	}
}

// choose draws the next operation.
func (w *worker) choose() op {
	n := w.rng.IntN(100)
	for o, share := range shares {
		if n -= share; n < 0 {
			return op(o)
		}
	}
	return read
}

// pick draws one of the filled sessions that is this worker's own and whose token is known.
func (w *worker) pick() (i uint64, t sessnode.Token) {
	for {
		i = w.rng.Uint64N(max(uint64(w.people.filled/workers), 1))*workers + w.place
		if !w.lost[i] {
			return i, w.people.token(i, w.generation[i])
		}
	}
}

// do makes the next operation, and notes where an answer contradicts what was acknowledged before.
func (w *worker) do(ctx context.Context) (o op, code sessnode.Code) {
	o = w.choose()
	if o == revoke && len(w.own) == 0 {
		o = create
	}
	switch o {
	case create:
		i := mostFilled + w.people.created.Add(1)
		if code = w.create(ctx, w.people.token(i, 0), "u"+strconv.FormatUint(i, 36), "", true); code == sessnode.OK {
			w.own = append(w.own, i)
		}
		return o, code
	case revoke:
		i := w.own[0]
		w.own = w.own[1:]
		return o, w.send(ctx, "DELETE", "/session", w.people.token(i, 0), nil, true)
	}
	i, token := w.pick()
	switch o {
	case read:
		code = w.send(ctx, "GET", "/session?touch=false", token, nil, false)
	case readTouch:
		code = w.send(ctx, "GET", "/session", token, nil, false)
	case patch:
		code = w.patch(ctx, token, w.value)
	case rotate:
		next := w.generation[i] + 1
		if code = w.rotate(ctx, token, w.people.token(i, next)); code == sessnode.OK {
			w.generation[i] = next
		} else {
			w.lost[i] = true
		}
	}
	if code == sessnode.CodeNotFound {
		w.wrong++ // a login was lost
	}
	return o, code
}
