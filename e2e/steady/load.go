package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/bench/wire"
)

const (
	app   = "steady"
	path  = "/v1/apps/" + app + "/session"
	keeps = 40 // sessions that a client has at once: a run may be long, and the store is not to fill up

	// oneTry bounds a request, and retries how long a change is tried again under its operation id.
	oneTry  = 5 * time.Second
	retries = 30 * time.Second
)

// mixes say by a number below 100 what a client does next: "create", and end the oldest session, "patch" or "read".
var mixes = map[string]func(n int) string{
	"create": func(int) string { return "create" },
	"mixed": func(n int) string {
		switch {
		case n < 1:
			return "create"
		case n < 5:
			return "patch"
		}
		return "read"
	},
}

// held is a session as a client knows it.
type held struct {
	token   sessnode.Token
	count   int64 // acknowledged increments
	doubted bool  // one more may have been made, or the session may have ended
}

// tally is what became of what was asked.
type tally struct {
	acknowledged, tries, doubted uint64 // writes acknowledged; tries of writes beyond the first; writes whose fate was never told
	reads, unread                uint64 // reads answered, and refused
	slowest                      time.Duration
	checked, missing, ghosts     uint64 // afterwards: sessions looked at; acknowledged writes not there; ended sessions that are
}

// load is all clients.
type load struct {
	cluster *harness.Cluster
	mix     func(int) string
	clients []*client
}

// client makes one request after the other.
type client struct {
	conns []*wire.Conn
	at    int // the node that it speaks to
	rng   *rand.Rand
	live  []held
	ended []held // the last few
	tally
}

func newLoad(c *harness.Cluster, clients int, mix func(int) string) *load {
	l := &load{cluster: c, mix: mix}
	for i := range clients {
		one := &client{at: i % len(c.Nodes), rng: rand.New(rand.NewPCG(uint64(i), 7))}
		for _, n := range c.Nodes {
			one.conns = append(one.conns, wire.New(wire.Target{Address: n.HTTPAddr, Timeout: oneTry}))
		}
		l.clients = append(l.clients, one)
	}
	return l
}

// prepare declares the app: tombstones of an hour at full speed would fill the memory.
func (l *load) prepare(ctx context.Context) error {
	c := wire.New(wire.Target{Address: l.cluster.Nodes[0].HTTPAddr, Timeout: oneTry})
	defer c.Close()
	if code := c.Do(ctx, &wire.Request{Method: "PUT", Path: "/v1/apps/" + app, Body: []byte(`{"tombstone_time":"5m","idle":"6h"}`)}); code != sessnode.OK {
		return fmt.Errorf("the app could not be declared: %v", code)
	}
	return nil
}

// run works for as long as it is told.
func (l *load) run(ctx context.Context, last time.Duration) {
	until := time.Now().Add(last)
	var group sync.WaitGroup
	for _, c := range l.clients {
		group.Go(func() { // ends at until, or with ctx
			for ctx.Err() == nil && time.Now().Before(until) {
				c.step(ctx, l.mix(c.rng.IntN(100)))
			}
		})
	}
	group.Wait()
	for _, c := range l.clients {
		for _, conn := range c.conns {
			_ = conn.Close()
		}
	}
}

func (c *client) step(ctx context.Context, what string) {
	if len(c.live) == 0 {
		what = "create"
	}
	switch what {
	case "create":
		h := held{token: sessnode.NewToken()}
		body := fmt.Sprintf(`{"token":%q,"subject":"u%d","attrs":{"text":%q}}`, h.token.Reveal(), c.rng.IntN(1_000_000), strings.Repeat("x", 400))
		code := c.write(ctx, &wire.Request{Method: "POST", Path: path + "s", Body: []byte(body)})
		if h.doubted = code != sessnode.OK; !h.doubted {
			c.live = append(c.live, h)
		}
		if len(c.live) > keeps {
			oldest := c.live[0]
			c.live = c.live[1:]
			if c.write(ctx, &wire.Request{Method: "DELETE", Path: path, Token: oldest.token}) == sessnode.OK {
				c.ended = append(c.ended[max(0, len(c.ended)-keeps/4):], oldest)
			}
		}
	case "patch":
		h := &c.live[c.rng.IntN(len(c.live))]
		if c.write(ctx, &wire.Request{Method: "PATCH", Path: path, Token: h.token, Body: []byte(`{"incr":{"n":1}}`)}) == sessnode.OK {
			h.count++
		} else {
			h.doubted = true
		}
	default:
		h := c.live[c.rng.IntN(len(c.live))]
		if c.conns[c.at].Do(ctx, &wire.Request{Method: "GET", Path: path + "?touch=false", Token: h.token}) == sessnode.OK {
			c.reads++
		} else {
			c.unread++
			c.next()
		}
	}
}

// write tries one change until it is acknowledged or refused for good: under one operation id, at one node after the other.
func (c *client) write(ctx context.Context, r *wire.Request) sessnode.Code {
	r.Operation = sessnode.NewID().String()
	began := time.Now()
	for {
		code := c.conns[c.at].Do(ctx, r)
		took := time.Since(began)
		switch {
		case code == sessnode.OK:
			c.acknowledged++
			c.slowest = max(c.slowest, took)
			return code
		case code != sessnode.CodeUnavailable && code != sessnode.CodeUnknown, took > retries, ctx.Err() != nil:
			c.doubted++
			return code
		}
		c.tries++
		c.next()
	}
}

// next turns to another node after a moment, as clients do.
func (c *client) next() {
	c.at = (c.at + 1) % len(c.conns)
	time.Sleep(time.Duration(5+c.rng.IntN(20)) * time.Millisecond)
}

// check looks every session up: what was acknowledged must be there, and what was ended must not.
func (l *load) check(ctx context.Context) (tally, error) {
	var total tally
	for i, c := range l.clients {
		url := l.cluster.Nodes[i%len(l.cluster.Nodes)].URL() + path + "?touch=false"
		for _, h := range c.live {
			status, n, err := look(ctx, url, h.token)
			if err != nil {
				return total, err
			}
			c.checked++
			if status != http.StatusOK || n < h.count || n > h.count && !h.doubted {
				c.missing++
			}
		}
		for _, h := range c.ended {
			status, _, err := look(ctx, url, h.token)
			if err != nil {
				return total, err
			}
			c.checked++
			if status == http.StatusOK {
				c.ghosts++
			}
		}
		total.add(c.tally)
	}
	return total, nil
}

func (t *tally) add(o tally) {
	t.acknowledged, t.tries, t.doubted = t.acknowledged+o.acknowledged, t.tries+o.tries, t.doubted+o.doubted
	t.reads, t.unread, t.slowest = t.reads+o.reads, t.unread+o.unread, max(t.slowest, o.slowest)
	t.checked, t.missing, t.ghosts = t.checked+o.checked, t.missing+o.missing, t.ghosts+o.ghosts
}

// look reads a session: 200 with its counter, or 404. Any other answer is no answer, and asked again for a while.
func look(ctx context.Context, url string, token sessnode.Token) (status int, count int64, err error) {
	err = harness.Await(ctx, retries, "an answer about a session", func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Session-Token", token.Reveal())
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNotFound {
			return errors.Join(fmt.Errorf("status %d", res.StatusCode), err)
		}
		var s struct{ Attrs struct{ N int64 } }
		status = res.StatusCode
		if status == http.StatusOK {
			err = json.Unmarshal(body, &s)
		}
		count = s.Attrs.N
		return err
	})
	return status, count, err
}
