package cluster

import (
	"fmt"
	"time"

	"github.com/vmihailenco/msgpack/v5"

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
)

// Bodies are msgpack arrays: a later build may add fields at the end, and an older one passes over them.

// question asks a node for its term.
type question struct {
	_msgpack struct{} `msgpack:",as_array"`

	Nonce   uint64
	Applied uint64 // by the asker; a leader tells it of what is committed beyond.
}

// answerFrame is readindex.Answer on the wire, with what else is good to know.
type answerFrame struct {
	_msgpack struct{} `msgpack:",as_array"`

	Nonce   uint64
	Term    uint64
	Wall    int64 // ns since the epoch
	Applied uint64

	Leads      bool // the rest counts only then
	Commit     uint64
	Stamp      int64
	Generation uint64
	Voters     []string
}

func (f answerFrame) answer() readindex.Answer {
	a := readindex.Answer{Nonce: f.Nonce, Term: f.Term, Wall: time.Unix(0, f.Wall)}
	if f.Leads {
		a.Lead = &readindex.Lead{Commit: f.Commit, Stamp: f.Stamp, Generation: f.Generation, Voters: f.Voters}
	}
	return a
}

// forwardFrame is what waits at a follower, in one piece. It goes one hop: who is not the leader of that very term refuses it.
type forwardFrame struct {
	_msgpack struct{} `msgpack:",as_array"`

	Term uint64
	Ops  [][]byte // each by fsm.EncodeOp; an empty one is a tick
}

// forwardAnswer answers each operation of a frame.
type forwardAnswer struct {
	_msgpack struct{} `msgpack:",as_array"`

	Stamp    int64 // the leader's cluster time
	Outcomes []outcomeFrame
}

// outcomeFrame is an outcome on the wire.
type outcomeFrame struct {
	_msgpack struct{} `msgpack:",as_array"`

	Fate   uint8
	Result []byte // by fsm.EncodeResult, if done
	Code   uint8  // if not done
	Reason string
	Detail string
}

// hashQuestion asks for the state hash at an index, and tells the asker's own: whoever differs looks into it too.
type hashQuestion struct {
	_msgpack struct{} `msgpack:",as_array"`

	Index uint64
	Hash  []byte
}

// hashAnswer is empty when the index is not among those that are remembered.
type hashAnswer struct {
	_msgpack struct{} `msgpack:",as_array"`

	Hash []byte
}

// transferFrame asks the leader to hand over to a node; empty = to whoever is best.
type transferFrame struct {
	_msgpack struct{} `msgpack:",as_array"`

	To string
}

// pack encodes a body. It cannot fail for the types above.
func pack(v any) []byte {
	b, err := msgpack.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("cluster: encode %T: %v", v, err))
	}
	return b
}

// unpack decodes a body.
func unpack(b []byte, into any) error {
	if err := msgpack.Unmarshal(b, into); err != nil {
		return fmt.Errorf("cluster: decode %T: %w", into, err)
	}
	return nil
}
