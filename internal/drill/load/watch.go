package load

import (
	"context"
	"strconv"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/drill/history"
)

const (
	retryPause = 20 * time.Millisecond
	probePause = 150 * time.Millisecond

	// probeLimit is how long past its enforced end a session is looked for: enough to prove it late, not to wait a minute.
	probeLimit = 5 * time.Second
)

// watch leaves one session after the other to expire until ctx ends; the one it has begun is finished.
func (c *client) watch(ctx context.Context, turn int) {
	for ctx.Err() == nil {
		if s, ok := c.expire(turn); ok {
			c.load.mu.Lock()
			s.Session = len(c.load.expiring)
			c.load.expiring = append(c.load.expiring, s)
			c.load.mu.Unlock()
		}
		turn++
		pause(ctx, retryPause)
	}
}

// expire lives through one session. It is not ok if an outcome stayed unknown: then the rules cannot be judged.
func (c *client) expire(turn int) (s check.Expiring, ok bool) {
	token := sessnode.NewToken()
	c.load.mu.Lock()
	c.load.extra = append(c.load.extra, token)
	c.load.mu.Unlock()
	body := map[string]any{"token": token.Reveal(), "attrs": map[string]int{"x": 1}}
	activities := c.rule(turn, &s, body)
	r, span, _ := c.timed(call{method: "POST", path: sessionPath + "s", body: body, op: sessnode.NewID().String()})
	if r.outcome != history.Done || r.code != sessnode.OK {
		return s, false
	}
	s.Created = span
	for range activities {
		pause(c.load.life, s.Idle*3/5)
		req := call{method: "POST", path: sessionPath + "/touch", token: token, op: sessnode.NewID().String()}
		if c.rng.IntN(3) == 0 {
			req = call{method: "GET", path: sessionPath, token: token} // a read counts as activity
		}
		r, span, tries := c.timed(req)
		s.Stray = s.Stray || req.op == "" && tries > 1 // with an operation id a late try changes nothing
		switch {
		case r.outcome != history.Done:
			return s, false
		case r.code == sessnode.CodeNotFound:
			s.Probes = append(s.Probes, check.Probe{Span: span})
			return s, true
		}
		s.Activities = append(s.Activities, span)
	}
	c.probe(&s, token)
	return s, true
}

// rule decides how the session is to end, and how often it is to be active before.
func (c *client) rule(turn int, s *check.Expiring, body map[string]any) (activities int) {
	switch turn % 5 {
	case 0:
		s.Idle, activities = time.Second, 3
	case 1:
		s.Idle, activities = 3*time.Second, 1
	case 2:
		s.Lifetime = 3 * time.Second
	case 3:
		s.Idle, s.Lifetime, activities = 2*time.Second, 4*time.Second, 2
	case 4:
		end := time.Now().Add(4 * time.Second)
		s.Expires = c.load.rec.At(end)
		body["expires"] = end.UTC().Format(time.RFC3339Nano)
	}
	if s.Idle > 0 {
		body["idle"] = seconds(s.Idle)
	}
	if s.Lifetime > 0 {
		body["lifetime"] = seconds(s.Lifetime)
	}
	return activities
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s" }

// probe looks at the session at one node after the other, without being activity, until each of them has said that it is
// gone, or it is far too late.
func (c *client) probe(s *check.Expiring, token sessnode.Token) {
	gone := 0
	giveUp := check.EnforcedEnd(*s) + probeLimit + patience
	for node := c.rng.IntN(3); gone < len(c.load.cfg.Nodes) && c.load.rec.Now() < giveUp && c.load.life.Err() == nil; node++ {
		at := node % len(c.load.cfg.Nodes)
		call := call{method: "GET", path: sessionPath + "?touch=false", token: token}
		from := c.load.rec.Now()
		r := c.load.api.do(c.load.life, at, call)
		to := c.load.rec.Now()
		if r.outcome == history.Done {
			found := r.code == sessnode.OK
			s.Probes = append(s.Probes, check.Probe{Span: check.Span{Call: from, Return: to}, Node: at, Found: found})
			if !found {
				gone++
			} else if from > check.EnforcedEnd(*s)+probeLimit {
				return
			}
		}
		if gone == 0 {
			pause(c.load.life, probePause)
		}
	}
}

// timed sends a request, to other nodes again if it must, and returns from when to when, and how often. A read's time is that of
// its last try.
func (c *client) timed(req call) (r reply, span check.Span, tries int) {
	l := c.load
	from := l.rec.Now()
	giveUp := from + patience
	for {
		if req.method == "GET" {
			from = l.rec.Now()
		}
		r = l.api.do(l.life, c.pick(), req)
		tries++
		to := l.rec.Now()
		if r.outcome == history.Done || to > giveUp || l.life.Err() != nil {
			return r, check.Span{Call: from, Return: to}, tries
		}
		pause(c.load.life, retryPause)
	}
}
