package cluster

import (
	"time"

	"github.com/sessnode/sessnode/cluster/nodeport"
	"github.com/sessnode/sessnode/cluster/readindex"
)

// The calls between nodes. The numbers are on the wire: append only.
const (
	methodAsk      nodeport.Method = 1 // a read round's question; also how clocks and applied indexes are learned
	methodForward  nodeport.Method = 2 // changes and ticks on their way to the leader
	methodHash     nodeport.Method = 3 // the state hash at an index, for a replica that differs
	methodPledge   nodeport.Method = 4 // the founding of a cluster, see package bootstrap
	methodTransfer nodeport.Method = 5 // a hand-over that was asked for at a follower
	methodRemove   nodeport.Method = 6 // a removal that was asked for at a follower, or by the node itself
)

// question asks a node for its term.
type question struct {
	Nonce   uint64
	Applied uint64 // by the asker; a leader tells it of what is committed beyond
	Low     bool   // the asker's disk is nearly full
}

func (q *question) fields() uint64 { return 3 }
func (q *question) code(c *coder)  { c.uint(&q.Nonce); c.uint(&q.Applied); c.bool(&q.Low) }

// answerFrame is readindex.Answer on the wire, with what else is good to know.
type answerFrame struct {
	Nonce   uint64
	Term    uint64
	Wall    int64 // ns since the epoch
	Applied uint64
	Budget  uint64 // bytes of sessions that its memory allows; 0 = it names none
	Low     bool   // its disk is nearly full

	Leads      bool // the rest counts only then
	Commit     uint64
	Stamp      int64
	Generation uint64
	Voters     []string
}

func (f *answerFrame) fields() uint64 { return 11 }

func (f *answerFrame) code(c *coder) {
	c.uint(&f.Nonce)
	c.uint(&f.Term)
	c.int(&f.Wall)
	c.uint(&f.Applied)
	c.bool(&f.Leads)
	c.uint(&f.Commit)
	c.int(&f.Stamp)
	c.uint(&f.Generation)
	each(c, &f.Voters, (*coder).text)
	c.uint(&f.Budget)
	c.bool(&f.Low)
}

func (f *answerFrame) answer() readindex.Answer {
	a := readindex.Answer{Nonce: f.Nonce, Term: f.Term, Wall: time.Unix(0, f.Wall)}
	if f.Leads {
		a.Lead = &readindex.Lead{Commit: f.Commit, Stamp: f.Stamp, Generation: f.Generation, Voters: f.Voters}
	}
	return a
}

// forwardFrame is what waits at a follower, in one piece. It goes one hop: who is not the leader of that very term refuses it.
type forwardFrame struct {
	Term uint64
	Ops  [][]byte // each by fsm.EncodeOp; an empty one is a tick
}

func (f *forwardFrame) fields() uint64 { return 2 }
func (f *forwardFrame) code(c *coder)  { c.uint(&f.Term); each(c, &f.Ops, (*coder).bytes) }

// forwardAnswer answers each operation of a frame.
type forwardAnswer struct {
	Stamp    int64 // the leader's cluster time
	Outcomes []outcomeFrame
}

func (a *forwardAnswer) fields() uint64 { return 2 }

func (a *forwardAnswer) code(c *coder) {
	c.int(&a.Stamp)
	each(c, &a.Outcomes, func(c *coder, f *outcomeFrame) { f.code(c) })
}

// outcomeFrame is an outcome on the wire.
type outcomeFrame struct {
	Fate   uint64
	Result []byte // by fsm.EncodeResult, if done
	Code   uint64 // if not done
	Reason string
	Detail string
}

func (f *outcomeFrame) code(c *coder) {
	c.uint(&f.Fate)
	c.bytes(&f.Result)
	c.uint(&f.Code)
	c.text(&f.Reason)
	c.text(&f.Detail)
}

// hashQuestion asks for the state hash at an index, and tells the asker's own: whoever differs looks into it too.
type hashQuestion struct {
	Index uint64
	Hash  []byte
}

func (q *hashQuestion) fields() uint64 { return 2 }
func (q *hashQuestion) code(c *coder)  { c.uint(&q.Index); c.bytes(&q.Hash) }

// hashAnswer is empty when the index is not among those that are remembered.
type hashAnswer struct {
	Hash []byte
}

func (a *hashAnswer) fields() uint64 { return 1 }
func (a *hashAnswer) code(c *coder)  { c.bytes(&a.Hash) }

// transferFrame asks the leader to hand over to a node; empty = to whoever is best.
type transferFrame struct {
	To string
}

func (f *transferFrame) fields() uint64 { return 1 }
func (f *transferFrame) code(c *coder)  { c.text(&f.To) }

// removeFrame asks the leader to take a node out of the configuration.
type removeFrame struct {
	Who     string // id or name
	Leaving bool   // the node itself asks
}

func (f *removeFrame) fields() uint64 { return 2 }
func (f *removeFrame) code(c *coder)  { c.text(&f.Who); c.bool(&f.Leaving) }
