// Package history records what clients of a cluster asked and what they were told: the raw material of every checker.
//
// It knows nothing of HTTP and nothing of how a checker judges. Tokens never enter it: a token is its number within its
// session, so that a history can be printed and kept.
package history

import (
	"time"

	"github.com/sessnode/sessnode"
)

// Kind is what a client asked for.
type Kind uint8

// The kinds. Each is one route of the HTTP API.
const (
	Create Kind = iota
	Read
	Patch
	Put
	Incr
	Pop
	Touch
	Rotate
	Revoke
	RevokeSubject
	List
)

var kindNames = [...]string{
	"create", "read", "patch", "put", "incr", "pop", "touch", "rotate", "revoke", "revoke-subject", "list",
}

// String returns the kind's name.
func (k Kind) String() string { return kindNames[k] }

// Reads reports whether the kind changes nothing, so that an unknown outcome may be forgotten.
func (k Kind) Reads() bool { return k == Read || k == List }

// Outcome is what a client may conclude from the answer, or from its absence.
type Outcome uint8

// The outcomes.
const (
	Done    Outcome = iota // the store gave a definite answer, be it a refusal
	NotDone                // certainly not made
	Unknown                // made, not made, or yet to be made
)

// String returns the outcome's name.
func (o Outcome) String() string { return [...]string{"done", "not-done", "unknown"}[o] }

// Content is what a modelled session holds: two registers, a slot that is popped, and a counter. Empty means absent.
type Content struct {
	A, B, Slot string
	Count      int64
}

// Op is one operation of one client, over all its tries under one operation id.
type Op struct {
	Client  int
	Kind    Kind
	Session int // the harness's number of the session; -1 for operations on a subject

	Token    int    // which of the session's tokens was sent, counted from 0
	NewToken int    // Rotate: the number of the new one
	Bind     bool   // Create, Rotate: Subject is set by it
	Subject  string // Create, Rotate, RevokeSubject, List
	Except   int    // RevokeSubject: the session that is spared, or -1

	Register string  // Patch: "a", "b" or "slot"
	Value    string  // Patch: its new content
	Guarded  bool    // Patch: only if the register holds Expect
	Expect   string  // empty = absent
	Content  Content // Create, Put: all of it
	IfMatch  uint64  // Put: 0 = any version
	Delta    int64   // Incr

	Began        time.Duration // when the first try was sent
	Call, Return time.Duration // since the recorder's start, on its monotonic clock; Call of a read is that of its last try
	Patient      bool          // tried again until a limit; else the first answer counts
	Outcome      Outcome
	Answer       Answer // meaningful only when Done
	Tries        []Try
}

// Answer is what a definite answer said.
type Answer struct {
	Code     sessnode.Code
	Reason   string
	Version  uint64
	Subject  string  // Read
	Content  Content // Read
	Value    string  // Pop: empty = nothing was there
	Number   int64   // Incr
	Ended    uint64  // RevokeSubject
	Sessions []int   // List, in ascending order
}

// Try is one request of an operation.
type Try struct {
	Node     int
	Follower bool // the harness believed so when it was sent
	Outcome  Outcome
}

// OK reports whether the operation was acknowledged.
func (o *Op) OK() bool { return o.Outcome == Done && o.Answer.Code == sessnode.OK }

// Writes reports whether the operation changes something.
func (o *Op) Writes() bool { return !o.Kind.Reads() }
