package fsm

import (
	"io"
	"time"

	"github.com/sessnode/sessnode"
)

// STUB: signatures only, replaced by the real files soon.

// Format is the version of the log's entries. A Machine refuses any other: the node must stop, never skip.
const Format = 1

// Hash is the order-independent hash of the whole state.
type Hash [16]byte

// Header opens a batch.
type Header struct {
	Generation uint64
	Stamp      int64 // the leader's cluster time, ns since the epoch
	Check      Checkpoint
}

// Checkpoint is the hash that the leader had after applying Index; zero Index means none.
type Checkpoint struct {
	Index uint64
	Hash  Hash
}

// Op is a mutation in the log.
type Op struct {
	sessnode.Mutation
	NotAfter int64 // cluster time, ns, after which it must not be made any more; 0 = none
}

// Result is what one operation of a batch came to.
type Result struct {
	Code   sessnode.Code
	Reason string
	Detail string
	Effect sessnode.Effect
}

// Err returns nil for OK, else a *sessnode.Error.
func (r Result) Err() error { panic("stub") }

// EncodeOp, DecodeOp: one operation as canonical msgpack. DecodeOp wraps sessnode.ErrInvalid.
func EncodeOp(Op) ([]byte, error)   { panic("stub") }
func DecodeOp(b []byte) (Op, error) { panic("stub") }

// EncodeBatch builds a log entry out of operations encoded by EncodeOp.
func EncodeBatch(h Header, ops [][]byte) []byte { panic("stub") }

// DecodeBatch reads a log entry.
func DecodeBatch(b []byte) (Header, []Op, error) { panic("stub") }

// EncodeResult, DecodeResult carry a result between nodes.
func EncodeResult(Result) ([]byte, error)   { panic("stub") }
func DecodeResult(b []byte) (Result, error) { panic("stub") }

// Machine is the state.
type Machine struct{}

// New returns an empty machine.
func New() *Machine { panic("stub") }

// Mismatch says that the leader's checkpoint differs from this replica's hash at the same index.
type Mismatch struct {
	Index         uint64
	Leader, Local Hash
}

// Apply applies one log entry (a batch). An error is fatal: the node must stop (unknown format, wrong generation,
// undecodable). len(results) == number of operations. An entry with index <= the applied one is refused with an error.
func (m *Machine) Apply(index uint64, data []byte) ([]Result, *Mismatch, error) { panic("stub") }

// Skip records that an entry without operations (Raft's own) was applied.
func (m *Machine) Skip(index uint64) { panic("stub") }

// At returns the applied position and committed cluster time (ns).
func (m *Machine) At() (sessnode.Position, int64) { panic("stub") }

// HashAt returns the state hash at an index among the last few thousand applied ones.
func (m *Machine) HashAt(index uint64) (Hash, bool) { panic("stub") }

// Lookup is what a read by token finds.
type Lookup struct {
	Session    sessnode.Session
	At         sessnode.Position
	Now        int64         // committed cluster time at the read
	Until      int64         // cluster time at which it stops being served
	Resolution time.Duration // touches younger than this need not be sent
	FirstUse   bool          // the rotated token is used for the first time: send a touch at once whatever the resolution
}

// Lookup finds a live session by its token's key. Absence is a *sessnode.Error wrapping ErrNotFound with the reason when
// known; At and Now are set even then.
func (m *Machine) Lookup(app string, key sessnode.Key) (Lookup, error) { panic("stub") }

// ByID finds a live session by its public name (attributes included); same contract as Lookup.
func (m *Machine) ByID(app string, id sessnode.ID) (Lookup, error) { panic("stub") }

// Subject lists a subject's live sessions, oldest first. attrs says whether attributes are wanted (export).
func (m *Machine) Subject(app, subject string, attrs bool) (sessions []sessnode.Session, at sessnode.Position, now int64) {
	panic("stub")
}

// Page lists an app's live sessions in creation order after cursor ("" = from the start), without attributes.
func (m *Machine) Page(app, cursor string, limit int) (page sessnode.Page, at sessnode.Position, now int64, err error) {
	panic("stub")
}

// Why lists what is remembered of ended sessions by id or by subject, newest first.
func (m *Machine) Why(app string, id sessnode.ID, subject string) []sessnode.Ended { panic("stub") }

// Apps lists all apps by name. App returns one; an app that was never declared has the default policy and Declared false.
func (m *Machine) Apps() []sessnode.AppInfo         { panic("stub") }
func (m *Machine) App(name string) sessnode.AppInfo { panic("stub") }

// Due returns the earliest cluster time at which something becomes due (0 = nothing), and whether work that is already
// due waits for another batch (then the leader proposes one soon).
func (m *Machine) Due() (next int64, backlog bool) { panic("stub") }

// Stats are the machine's totals.
type Stats struct {
	Generation                                                      uint64
	Cluster                                                         string
	Sessions, Anonymous, Tombstones, Window, Bytes, Budget, Applied uint64
	Expired, Revoked, Evicted, Created, Replays                     uint64 // since this process started
	Hash                                                            Hash
}

// Stats returns the totals.
func (m *Machine) Stats() Stats { panic("stub") }

// Snapshot is a captured state; capturing takes microseconds, writing may take long and does not hold up Apply.
type Snapshot struct{}

// Snapshot captures the state.
func (m *Machine) Snapshot() *Snapshot { panic("stub") }

// Write streams it in checksummed blocks. Release lets go of it.
func (s *Snapshot) Write(w io.Writer) error { panic("stub") }
func (s *Snapshot) Release()                { panic("stub") }

// Restore reads a whole snapshot, verifies it, and only then replaces the state. On error the old state stays.
func (m *Machine) Restore(r io.Reader) error { panic("stub") }
