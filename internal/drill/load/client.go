package load

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// client is one of the concurrent clients: one operation at a time.
type client struct {
	load *Load
	id   int
	rng  *rand.Rand

	sticky bool // stays at node until that gives no answer
	node   int
}

// patience is how long a patient client retries before it leaves an outcome unknown. It is longer than any outage of a run.
const patience = 20 * time.Second

// run works until ctx ends: a life of a session of its own, mixed with work on shared ones, subjects and the ledger.
func (c *client) run(ctx context.Context) {
	for ctx.Err() == nil {
		own := c.create(true)
		for range 40 + c.rng.IntN(40) {
			if ctx.Err() != nil || !own.usable() {
				break
			}
			c.step(own)
			pause(ctx, time.Duration(c.rng.Int64N(int64(2*c.load.cfg.Think))))
		}
		if ctx.Err() == nil && own.usable() && c.rng.IntN(4) > 0 {
			c.revoke(own)
		}
		if !own.usable() {
			c.lateTry(own)
		}
	}
}

// step does one thing.
func (c *client) step(own *session) {
	switch p := c.rng.IntN(100); {
	case p < 4:
		c.list()
	case p < 5:
		c.revokeSubject(own)
	case p < 14:
		c.ledgerStep()
	case p < 44:
		c.act(c.sharedSession())
	default:
		c.act(own)
	}
}

// sharedSession returns a session that all clients use, or a new one in the place of one that is over.
func (c *client) sharedSession() *session {
	slot := &c.load.shared[c.rng.IntN(sharedSlots)]
	old := slot.Load()
	if old != nil {
		old.mu.Lock()
		worn := old.over || old.ops > 400
		old.mu.Unlock()
		if !worn {
			return old
		}
	}
	fresh := c.create(false)
	if slot.CompareAndSwap(old, fresh) {
		return fresh
	}
	return slot.Load()
}

// act does one operation on a session through its current token.
func (c *client) act(s *session) {
	switch p := c.rng.IntN(100); {
	case p < 33:
		c.onSession(s, history.Op{Kind: history.Read}, c.rng.IntN(4) == 0)
	case p < 50:
		c.patch(s)
	case p < 56:
		c.put(s)
	case p < 72:
		c.onSession(s, history.Op{Kind: history.Incr, Delta: 1 + int64(c.rng.IntN(3))}, false)
	case p < 82:
		c.onSession(s, history.Op{Kind: history.Pop}, false)
	case p < 90:
		c.onSession(s, history.Op{Kind: history.Touch}, false)
	case p < 97:
		c.rotate(s)
	default:
		c.revoke(s)
	}
}

func (c *client) create(own bool) *session {
	s := c.load.newSession()
	op := history.Op{Kind: history.Create, Content: history.Content{A: c.load.next("v"), B: c.load.next("v")}}
	if own && c.rng.IntN(2) == 0 {
		op.Bind, op.Subject = true, c.load.join(c.rng)
	}
	c.onSession(s, op, false)
	return s
}

func (c *client) patch(s *session) {
	op := history.Op{Kind: history.Patch, Register: [...]string{"a", "b", "slot", "slot"}[c.rng.IntN(4)], Value: c.load.next("v")}
	if op.Register == "a" && c.rng.IntN(2) == 0 {
		s.mu.Lock()
		op.Guarded, op.Expect = true, s.a
		s.mu.Unlock()
	}
	c.onSession(s, op, false)
}

func (c *client) put(s *session) {
	op := history.Op{Kind: history.Put, Content: history.Content{A: c.load.next("v"), B: c.load.next("v"), Count: 1}}
	if c.rng.IntN(2) == 0 {
		op.Content.Slot = c.load.next("v")
	}
	c.onSession(s, op, c.rng.IntN(2) == 0)
}

func (c *client) revoke(s *session) { c.onSession(s, history.Op{Kind: history.Revoke}, false) }

// rotate is done by one client at a time, as an application would. Half of them are logins.
func (c *client) rotate(s *session) {
	if !s.rotate.TryLock() {
		return
	}
	defer s.rotate.Unlock()
	s.mu.Lock()
	tokens, bound := len(s.tokens), s.subject
	s.mu.Unlock()
	if tokens >= 60 { // the model has a bit for each
		return
	}
	op := history.Op{Kind: history.Rotate}
	if c.rng.IntN(2) == 0 && tokens < 6 {
		op.Bind, op.Subject = true, bound
		if c.rng.IntN(3) > 0 {
			op.Subject = c.load.join(c.rng)
		}
	}
	c.onSession(s, op, false)
}

// lateTry attacks a session that is over with one request, as a browser's late request would.
func (c *client) lateTry(s *session) {
	kinds := []history.Kind{history.Create, history.Read, history.Patch, history.Put, history.Touch, history.Rotate}
	op := history.Op{Kind: kinds[c.rng.IntN(len(kinds))], Register: "a", Value: c.load.next("late"),
		Content: history.Content{A: c.load.next("late")}}
	c.onSession(s, op, false)
}

func (c *client) list() {
	op := history.Op{Client: c.id, Kind: history.List, Session: -1, Subject: c.load.subject(c.rng).name, Except: -1}
	c.perform(&op, subjectCall(&op, ""))
}

// revokeSubject logs a subject out everywhere, sometimes sparing the client's own session.
func (c *client) revokeSubject(own *session) {
	op := history.Op{Client: c.id, Kind: history.RevokeSubject, Session: -1, Subject: c.load.subject(c.rng).name, Except: -1}
	spared := ""
	if c.rng.IntN(3) == 0 {
		if id, subject := c.identify(own); id != "" {
			op.Subject, op.Except, spared = subject, own.number, id
		}
	}
	c.perform(&op, subjectCall(&op, spared))
}

// onSession performs an operation on a session and lets the session learn from it.
func (c *client) onSession(s *session, op history.Op, variant bool) {
	op.Client, op.Session, op.Except = c.id, s.number, -1
	var token, fresh sessnode.Token
	token, op.Token = s.token()
	if op.Kind == history.Rotate {
		fresh, op.NewToken = s.mint()
	}
	req := sessionCall(&op, s, token, fresh, variant)
	s.learn(&op, c.perform(&op, req))
}
