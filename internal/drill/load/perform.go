package load

import (
	"encoding/json"
	"net/url"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// perform sends an operation until it has a definite answer or the client's patience ends, records it, and returns the ETag
// of the answer. Most clients are patient: a retry goes to another node under the same operation id, and all tries are one
// operation. The others take the first answer for what it is.
func (c *client) perform(op *history.Op, req call) string {
	l := c.load
	impatient := c.rng.IntN(100) < 25 && op.Kind != history.Create && op.Kind != history.Rotate
	op.Patient = !impatient
	req.shared = c.id%2 == 1
	if !op.Kind.Reads() {
		req.op = sessnode.NewID().String()
	}
	op.Call = l.rec.Now()
	op.Began = op.Call
	giveUp := op.Call + patience
	doubt := false
	var r reply
	node := c.pick()
	for {
		if op.Kind.Reads() {
			op.Call = l.rec.Now() // a read that got no answer says nothing, so only the last try counts
		}
		r = l.api.do(c.load.life, node, req)
		op.Return = l.rec.Now()
		l.rec.Try()
		op.Tries = append(op.Tries, history.Try{Node: node, Follower: int64(node) != l.leader.Load(), Outcome: r.outcome})
		doubt = doubt || r.outcome == history.Unknown
		l.observe(node, r)
		if c.sticky && r.outcome != history.Done {
			c.node = (node + 1) % len(l.cfg.Nodes)
		}
		if r.outcome == history.Done || impatient || op.Return > giveUp || l.life.Err() != nil {
			break
		}
		pause(c.load.life, time.Duration(1+c.rng.IntN(30))*time.Millisecond)
		if next := c.pick(); next != node {
			node = next
		} else {
			node = (node + 1) % len(l.cfg.Nodes)
		}
	}
	op.Outcome = r.outcome
	if doubt && r.outcome == history.NotDone {
		op.Outcome = history.Unknown
	}
	if op.Outcome == history.Done {
		var err error
		if op.Answer, err = answer(op.Kind, r); err != nil {
			l.complain("%v: the answer cannot be read: %v", op.Kind, err)
		}
	}
	l.rec.Add(*op)
	if op.OK() && req.op != "" && c.rng.IntN(20) == 0 {
		c.repeat(req)
	}
	return r.etag
}

// repeat sends an acknowledged change once more under its operation id, as a retry of a lost answer would be. It must have
// no effect; that it has none is for the checkers to see.
func (c *client) repeat(req call) { c.load.api.do(c.load.life, c.pick(), req) }

// pick chooses the node for a first try: a follower three times of five, since tries that go astray during a fault end at the leader
// more often, and half of the work is to go through followers. A node that gave no answer lately is avoided, as the product's own clients
// do, a follower for another one; now and then it is tried all the same.
func (c *client) pick() int {
	if c.sticky {
		return c.node
	}
	leader, nodes := int(c.load.leader.Load()), len(c.load.cfg.Nodes)
	if c.rng.IntN(5) < 2 && !c.shuns(leader) {
		return leader
	}
	step := c.rng.IntN(nodes - 1)
	node := (leader + 1 + step) % nodes
	if c.shuns(node) {
		node = (leader + 1 + (step+1)%(nodes-1)) % nodes
	}
	return node
}

// shuns reports whether a node is avoided this time.
func (c *client) shuns(node int) bool { return c.load.avoided(node) && c.rng.IntN(20) > 0 }

// avoidance is how long a node is avoided after a try without an answer.
const avoidance = time.Second

func (l *Load) observe(node int, r reply) {
	if r.outcome != history.Done {
		l.broken[node].Store(int64(l.rec.Now() + avoidance))
	}
}

func (l *Load) avoided(node int) bool { return l.broken[node].Load() > int64(l.rec.Now()) }

// identify reads the session's public id and subject; empty if it cannot.
func (c *client) identify(s *session) (id, subject string) {
	token, _ := s.token()
	r := c.load.api.do(c.load.life, c.pick(), call{method: "GET", path: sessionPath + "?touch=false", token: token})
	if r.outcome != history.Done || r.code != sessnode.OK {
		return "", ""
	}
	var body struct{ ID, Subject string }
	if err := json.Unmarshal(r.body, &body); err != nil || body.Subject == "" {
		return "", ""
	}
	return body.ID, body.Subject
}

// The paths of requests, below that of the app.
const (
	sessionPath  = "/session"
	subjectsPath = "/subjects/"
)

// subjectCall builds the request of an operation on a subject.
func subjectCall(op *history.Op, spared string) call {
	path := subjectsPath + url.PathEscape(op.Subject) + "/sessions"
	if op.Kind == history.List {
		return call{method: "GET", path: path}
	}
	if spared != "" {
		path += "?except=" + spared
	}
	return call{method: "DELETE", path: path}
}

// sessionCall builds the request of an operation on a session. variant asks for the less common form: a read that does not
// count as activity, a replacement that demands the version seen last.
func sessionCall(op *history.Op, s *session, token, fresh sessnode.Token, variant bool) call {
	req := call{method: "POST", path: sessionPath, token: token}
	switch op.Kind {
	case history.Create:
		body := map[string]any{"attrs": attrs(op.Content), "token": token.Reveal(), "device": map[string]string{"label": s.label()}}
		if op.Subject != "" {
			body["subject"] = op.Subject
		}
		req.path, req.token, req.body = sessionPath+"s", "", body
	case history.Read:
		req.method = "GET"
		if variant {
			req.path += "?touch=false"
		}
	case history.Patch:
		req.method, req.body = "PATCH", patchBody(op)
	case history.Incr:
		req.method, req.body = "PATCH", map[string]any{"incr": map[string]int64{"count": op.Delta}}
	case history.Put:
		req.method, req.body, req.ifMatch = "PUT", map[string]any{"attrs": attrs(op.Content)}, "*"
		s.mu.Lock()
		if variant && s.etag != "" {
			req.ifMatch, op.IfMatch = s.etag, s.version
		}
		s.mu.Unlock()
	case history.Pop:
		req.path, req.body = sessionPath+"/pop", map[string]any{"names": []string{"slot"}}
	case history.Touch:
		req.path += "/touch"
	case history.Rotate:
		body := map[string]any{"token": fresh.Reveal()}
		if op.Bind {
			body["subject"] = op.Subject
		}
		req.path, req.body = sessionPath+"/rotate", body
	case history.Revoke:
		req.method = "DELETE"
	}
	return req
}

func patchBody(op *history.Op) map[string]any {
	body := map[string]any{"set": map[string]string{op.Register: op.Value}}
	switch {
	case op.Guarded && op.Expect == "":
		body["if"] = map[string]any{op.Register: map[string]bool{"absent": true}}
	case op.Guarded:
		body["if"] = map[string]any{op.Register: map[string]string{"equals": op.Expect}}
	}
	return body
}
