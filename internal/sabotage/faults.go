package sabotage

import "slices"

// Fault is one way in which the store can be broken.
type Fault string

// The faults. Each breaks one promise; the fault test must catch each.
const (
	AckBeforeCommit Fault = "ack-before-commit" // a write is acknowledged before a majority has it
	LoseTail        Fault = "lose-tail"         // a restarted node forgets the last entries of its log
	Resurrect       Fault = "resurrect"         // tombstones are ignored and a patch recreates a session
	StaleRead       Fault = "stale-read"        // reads skip the read index
	DoubleApply     Fault = "double-apply"      // the exactly-once window forgets at once
	EarlyExpiry     Fault = "early-expiry"      // sessions expire at half of their idle timeout
	LateExpiry      Fault = "late-expiry"       // sessions are served a minute past their deadline
	FrozenClock     Fault = "frozen-clock"      // the leader's stamp stands still
	NoFsync         Fault = "no-fsync"          // the log store does not sync
)

// Faults lists all of them.
func Faults() []Fault {
	return []Fault{AckBeforeCommit, LoseTail, Resurrect, StaleRead, DoubleApply, EarlyExpiry, LateExpiry, FrozenClock, NoFsync}
}

// Known reports whether there is such a fault.
func Known(f Fault) bool { return slices.Contains(Faults(), f) }
