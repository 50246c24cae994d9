package load

import (
	"slices"
	"sync"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// Results is the evidence of a run.
type Results struct {
	Ops       []history.Op
	Ledgers   []check.Ledger
	Expiring  []check.Expiring
	Late      []check.LateTry
	Malformed []check.Violation // answers that could not be read, nodes that could not be asked at the end
}

// Finish waits for the watchers, reads everything back at every node, and attacks every token that must be dead with
// everything at every node. It is called once, after Stop, when the cluster is whole again.
func (l *Load) Finish() {
	var work []func(*client)
	l.mu.Lock()
	sessions, ledgers := slices.Clone(l.sessions), slices.Clone(l.ledgers)
	l.mu.Unlock()
	for _, book := range ledgers {
		work = append(work, func(c *client) { book.close(l, c) })
	}
	for _, s := range sessions {
		work = append(work, func(c *client) { c.readBack(s) })
	}
	l.inParallel(work)

	work = nil
	for _, s := range sessions {
		for number := range s.tokens {
			if s.dead(number) {
				work = append(work, func(c *client) { c.attack(s, number) })
			}
		}
	}
	l.inParallel(work)
	l.watchers.Wait()
}

// inParallel gives each piece of work to one of the clients and waits for all.
func (l *Load) inParallel(work []func(*client)) {
	queue := make(chan func(*client), len(work))
	for _, w := range work {
		queue <- w
	}
	close(queue)
	var group sync.WaitGroup
	for i := range l.cfg.Clients {
		c := l.client(2000 + i)
		group.Go(func() {
			for w := range queue {
				w(c)
			}
		})
	}
	group.Wait()
}

// readBack reads a session at every node through every token, as part of the history: what was acknowledged must be there.
func (c *client) readBack(s *session) {
	for node := range c.load.cfg.Nodes {
		for number, token := range s.tokens {
			op := history.Op{Client: c.id, Kind: history.Read, Session: s.number, Token: number, Except: -1}
			op.Call = c.load.rec.Now()
			op.Began = op.Call
			r := c.insist(node, call{method: "GET", path: sessionPath + "?touch=false", token: token})
			op.Return, op.Outcome = c.load.rec.Now(), r.outcome
			op.Tries = []history.Try{{Node: node, Outcome: r.outcome}}
			if r.outcome != history.Done {
				c.load.complain("session %d could not be read back at node %d", s.number, node+1)
				continue
			}
			var err error
			if op.Answer, err = answer(op.Kind, r); err != nil {
				c.load.complain("read: the answer cannot be read: %v", err)
			}
			c.load.rec.Add(op)
			if op.OK() && number == s.current {
				s.over = false // it turned out to live on
			}
			if op.Answer.Code == sessnode.CodeNotFound && number == s.current {
				s.over = true
			}
		}
	}
}

// dead reports whether a token must be refused for ever: of a session that was created and is gone, or replaced by a login.
// Nothing else is touched any more, so no lock is needed.
func (s *session) dead(number int) bool {
	return s.made && (number < s.cut || s.over && number <= s.current)
}

// attack sends everything late to every node, and a read to every node after all of it.
func (c *client) attack(s *session, number int) {
	token := s.tokens[number]
	for _, kind := range check.LateAttack() {
		for node := range c.load.cfg.Nodes {
			fresh := sessnode.NewToken()
			op := history.Op{Kind: kind, Register: "a", Value: "late", Content: history.Content{A: "late"}}
			req := sessionCall(&op, s, token, fresh, false)
			r := c.insist(node, req)
			c.load.mu.Lock()
			c.load.extra = append(c.load.extra, fresh)
			c.load.late = append(c.load.late, check.LateTry{Session: s.number, Token: number, Node: node, Kind: kind,
				Outcome: r.outcome, Code: r.code})
			c.load.mu.Unlock()
		}
	}
}

// Results returns the evidence. It is complete after Finish.
func (l *Load) Results() Results {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := Results{Ops: l.rec.Ops(), Expiring: slices.Clone(l.expiring), Late: slices.Clone(l.late), Malformed: slices.Clone(l.malformed)}
	for _, book := range l.ledgers {
		book.mu.Lock()
		r.Ledgers = append(r.Ledgers, book.record)
		book.mu.Unlock()
	}
	return r
}

// Tokens returns every token that the workload has used.
func (l *Load) Tokens() []sessnode.Token {
	l.mu.Lock()
	defer l.mu.Unlock()
	tokens := slices.Clone(l.extra)
	for _, s := range l.sessions {
		tokens = append(tokens, s.tokens...)
	}
	return tokens
}
