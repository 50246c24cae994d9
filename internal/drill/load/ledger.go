package load

import (
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// ledger is a session that all clients write to and nobody ends, judged by plain sums.
type ledger struct {
	token   sessnode.Token
	entries atomic.Int64

	mu     sync.Mutex
	record check.Ledger // guarded by mu
}

// ledgerEntries stays below the default limit of 256 attributes of a session.
const ledgerEntries = 200

// ledgerStep adds an entry or increments the counter.
func (c *client) ledgerStep() {
	book := c.load.ledger.Load()
	if book == nil || book.entries.Load() >= ledgerEntries {
		fresh := c.openLedger()
		if fresh == nil {
			return
		}
		c.load.ledger.CompareAndSwap(book, fresh)
		book = fresh
	}
	if c.rng.IntN(2) == 0 && book.entries.Add(1) <= ledgerEntries {
		c.enter(book)
		return
	}
	op := history.Op{Client: c.id, Kind: history.Incr, Session: -1, Delta: 1 + int64(c.rng.IntN(9))}
	c.perform(&op, call{method: "PATCH", path: sessionPath, token: book.token,
		body: map[string]any{"incr": map[string]int64{"count": op.Delta}}})
	book.mu.Lock()
	defer book.mu.Unlock()
	book.record.Incrs = append(book.record.Incrs, check.Increment{Delta: op.Delta, Outcome: settled(&op), Number: op.Answer.Number})
}

func (c *client) enter(book *ledger) {
	name := c.load.next("entry")
	op := history.Op{Client: c.id, Kind: history.Patch, Session: -1}
	c.perform(&op, call{method: "PATCH", path: sessionPath, token: book.token,
		body: map[string]any{"set": map[string]bool{name: true}}})
	book.mu.Lock()
	defer book.mu.Unlock()
	book.record.Entries = append(book.record.Entries, check.Entry{Name: name, Outcome: settled(&op)})
}

// settled is the outcome of a write that the store had no reason to refuse: a refusal is a certain failure.
func settled(op *history.Op) history.Outcome {
	if op.Outcome == history.Done && op.Answer.Code != sessnode.OK {
		return history.NotDone
	}
	return op.Outcome
}

// openLedger creates a ledger; nil if that was not acknowledged.
func (c *client) openLedger() *ledger {
	l := c.load
	book := &ledger{token: sessnode.NewToken()}
	l.mu.Lock()
	l.extra = append(l.extra, book.token)
	l.mu.Unlock()
	op := history.Op{Client: c.id, Kind: history.Touch, Session: -1}
	c.perform(&op, call{method: "POST", path: sessionPath + "s", body: map[string]any{"token": book.token.Reveal()}})
	if !op.OK() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	book.record.Session = len(l.ledgers)
	l.ledgers = append(l.ledgers, book)
	return book
}

// close reads the ledger at every node.
func (book *ledger) close(l *Load, c *client) {
	for node := range l.cfg.Nodes {
		r := c.insist(node, call{method: "GET", path: sessionPath, token: book.token})
		final := check.LedgerRead{Node: node, Found: r.outcome == history.Done && r.code == sessnode.OK, Names: map[string]bool{}}
		if r.outcome != history.Done {
			l.complain("ledger %d could not be read at node %d", book.record.Session, node+1)
			continue
		}
		if final.Found {
			var body sessionBody
			if err := json.Unmarshal(r.body, &body); err != nil {
				l.complain("ledger: %v", err)
			}
			for name := range body.Attrs {
				final.Names[name] = true
			}
			if err := number(body.Attrs["count"], &final.Number); err != nil {
				l.complain("ledger: %v", err)
			}
		}
		book.mu.Lock()
		book.record.Finals = append(book.record.Finals, final)
		book.mu.Unlock()
	}
}

// insist sends a request to one node until it has a definite answer or patience ends.
func (c *client) insist(node int, req call) reply {
	l := c.load
	if req.method != "GET" && req.op == "" {
		req.op = sessnode.NewID().String()
	}
	giveUp := l.rec.Now() + patience
	for {
		r := l.api.do(c.load.life, node, req)
		if r.outcome == history.Done || l.rec.Now() > giveUp || l.life.Err() != nil {
			return r
		}
		pause(c.load.life, retryPause)
	}
}
