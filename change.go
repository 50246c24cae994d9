package sessnode

import "time"

// Change is one thing that a client asks the store to do to its state: one of the types below. It is a closed set; the
// state machine knows each by name.
type Change interface{ change() }

// Mutation is a change with what surrounds it. The node that takes it in hands it to the leader; the token never comes along.
type Mutation struct {
	App    string
	OpID   OpID   // zero = none: then a lost answer cannot be retried safely
	Actor  string // for the tombstone: "token", "key:NAME", "operator"
	Node   string // where it came in; the node fills it
	Strict bool   // refuse an app that was never declared
	Change Change
}

// Create makes a session. ErrConflict when the token is taken or was used by a session that ended lately.
type Create struct {
	Key        Key
	ID         ID // minted by the node that takes the change in
	TokenChars int
	Subject    string
	Device     Device
	Attrs      map[string]Value
	Timeouts   Timeouts
}

// TimeoutChange sets a session's own timeouts: nil leaves, zero returns to the policy.
type TimeoutChange struct {
	Idle     *time.Duration
	Lifetime *time.Duration
	Expires  *time.Time
}

// Guard is one comparison that must hold before a patch is made: stored bytes and codec equal Value, or the attribute is absent.
type Guard struct {
	Absent bool
	Value  Value
}

// Edit is a change of attributes and timeouts that is merged in one step.
type Edit struct {
	Set      map[string]Value
	Unset    []string
	Incr     map[string]int64
	If       map[string]Guard
	Timeouts TimeoutChange
	Device   *Device
}

// Patch merges an edit into the stored attributes. It never creates a session.
type Patch struct {
	Key     Key
	IfMatch uint64 // the version it must have; 0 = any
	Edit    Edit
}

// Replace sets all attributes at once. It never creates a session.
type Replace struct {
	Key      Key
	IfMatch  uint64 // the version it must have; 0 = any (`If-Match: *`)
	Attrs    map[string]Value
	Timeouts TimeoutChange
}

// Pop takes attributes out and returns them, exactly once. Names that are absent are left out of the answer.
type Pop struct {
	Key   Key
	Names []string
}

// Touch records activity of many sessions. Those that ended are passed over.
type Touch struct {
	Touches []TouchAt
}

// TouchAt is the activity of one session at a moment of cluster time.
type TouchAt struct {
	App string
	Key Key
	At  time.Time
}

// TouchOne records activity of one session and answers whether it is alive.
type TouchOne struct {
	Key      Key
	Timeouts TimeoutChange
}

// Rotate gives the session a new token, and with it a new subject, attributes and timeouts in the same step. Where the
// subject changes the old token is dead at once (ASVS 7.2.4).
type Rotate struct {
	Key        Key
	NewKey     Key
	TokenChars int
	Subject    *string // nil = unchanged
	Reauth     bool    // the subject proved itself again: the lifetime starts anew, and the old token is dead at once
	IfMatch    uint64  // the version it must have; 0 = any
	Edit       Edit
}

// Revoke ends the session of a token. Ending what is gone is no error; a late create on the token is refused all the same.
type Revoke struct {
	Key     Key
	IfMatch uint64 // the version it must have; 0 = any
}

// RevokeID ends a session by its public name. ErrNotFound when there is none.
type RevokeID struct {
	ID ID
}

// RevokeSubject ends all sessions of a subject, but Except where given.
type RevokeSubject struct {
	Subject string
	Except  ID // zero = none
}

// RevokeApp ends all sessions of the app.
type RevokeApp struct{}

// PutPolicy declares the app, or changes its policy.
type PutPolicy struct {
	Policy Policy
}

// DropApp ends all sessions of the app and forgets its policy.
type DropApp struct{}

// SetBudget sets how many bytes of sessions the cluster may hold. The leader proposes it.
type SetBudget struct {
	Bytes uint64
}

// Found begins a generation: it is the first change of a new cluster, and of every restored or recovered one.
type Found struct {
	Generation uint64
	Cluster    string // the cluster's id
	Budget     uint64 // bytes
}

func (Create) change()        {}
func (Patch) change()         {}
func (Replace) change()       {}
func (Pop) change()           {}
func (Touch) change()         {}
func (TouchOne) change()      {}
func (Rotate) change()        {}
func (Revoke) change()        {}
func (RevokeID) change()      {}
func (RevokeSubject) change() {}
func (RevokeApp) change()     {}
func (PutPolicy) change()     {}
func (DropApp) change()       {}
func (SetBudget) change()     {}
func (Found) change()         {}

// Effect is what a change did.
type Effect struct {
	Session  Session          // the state after it, without attributes; zero where no single session is meant
	Values   map[string]Value // Pop: what was taken out; incr: the new numbers
	Count    uint64           // how many sessions it ended (of RevokeApp and DropApp: how many will be, as visible ones)
	Replayed bool             // an earlier try with the same operation id had done it
	At       Position         // where in the log
}
