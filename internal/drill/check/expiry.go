package check

import (
	"time"

	"github.com/sessnode/sessnode"
)

// Span is when something happened, as narrowly as a client can know: between its call and its return.
type Span struct {
	Call, Return time.Duration
}

// Probe is one look at a session that did not count as activity, and was answered.
type Probe struct {
	Span
	Node  int
	Found bool
}

// Expiring is one session that was left to expire, with everything that its only client saw. Every creation and activity in
// it was acknowledged; a session with one in doubt does not belong here.
type Expiring struct {
	Session  int
	Idle     time.Duration // its own idle timeout; 0 = far away
	Lifetime time.Duration // its own lifetime; 0 = far away
	Expires  time.Duration // absolute end on the recorder's scale; 0 = none

	// Stray says that a read of it was tried in vain before it was answered. A node that stood still may have such a try still in its
	// hands, and record it as activity when it goes on: from then on nobody can say when the session must have ended.
	Stray bool

	Created    Span
	Activities []Span
	Probes     []Probe
}

// The tolerances. Cluster time may be slewed by 5 % (design, section 5), and a stamp reaches the log with the next tick.
const (
	earlyTolerance   = 100 * time.Millisecond
	lateTolerance    = 2 * time.Second
	expiresTolerance = 500 * time.Millisecond // two wall clocks, as far as one machine has two
	maxSlew          = 20                     // one part in
)

// Expiry judges each session by the harness's clock alone: it must be served until its idle deadline as promised, and must
// not be served later than the enforced one plus a small tolerance. least is how many sessions must have been seen to end, by
// both rules.
func Expiry(sessions []Expiring, least int) []Violation {
	var out []Violation
	ended := 0
	for _, s := range sessions {
		out = append(out, early(s)...)
		out = append(out, late(s)...)
		out = append(out, again(s)...)
		if n := len(s.Probes); n > 0 && !s.Probes[n-1].Found && !s.Stray {
			ended++
		}
	}
	if ended < least {
		out = append(out, violation(Coverage, "%d sessions were seen to expire, want at least %d", ended, least))
	}
	return out
}

// early: no probe that returned before the earliest possible deadline may have missed the session.
func early(s Expiring) []Violation {
	for _, p := range s.Probes {
		if p.Found {
			continue
		}
		promised := time.Duration(1<<63 - 1)
		if s.Idle > 0 {
			last := s.Created.Call
			for _, a := range s.Activities {
				if a.Return <= p.Call {
					last = max(last, a.Call)
				}
			}
			promised = min(promised, last+s.Idle-s.Idle/maxSlew)
		}
		if s.Lifetime > 0 {
			promised = min(promised, s.Created.Call+s.Lifetime-s.Lifetime/maxSlew)
		}
		if s.Expires > 0 {
			promised = min(promised, s.Expires-expiresTolerance)
		}
		if p.Return < promised-earlyTolerance {
			return []Violation{violation(Early, "session %d (idle %v, lifetime %v) was gone at node %d %v after its creation, %v "+
				"before it could end", s.Session, s.Idle, s.Lifetime, p.Node+1, p.Return-s.Created.Call, promised-p.Return)}
		}
	}
	return nil
}

// EnforcedEnd is the latest moment at which the store may still serve the session, by everything that its client did.
func EnforcedEnd(s Expiring) time.Duration { return enforced(s, time.Duration(1<<63-1)) }

// enforced is EnforcedEnd as it was known when a probe returned.
func enforced(s Expiring, known time.Duration) time.Duration {
	end := time.Duration(1<<63 - 1)
	if s.Idle > 0 {
		last := s.Created.Return
		for _, a := range s.Activities {
			if a.Call <= known {
				last = max(last, a.Return)
			}
		}
		end = min(end, last+s.Idle+sessnode.Policy{}.ResolutionFor(s.Idle)+sessnode.ExpirySlack)
	}
	if s.Lifetime > 0 {
		end = min(end, s.Created.Return+s.Lifetime)
	}
	if s.Expires > 0 {
		end = min(end, s.Expires)
	}
	return end
}

// late: no probe that was sent after the latest possible deadline may have found the session.
func late(s Expiring) []Violation {
	if s.Stray {
		return nil
	}
	for _, p := range s.Probes {
		if end := enforced(s, p.Return); p.Found && p.Call > end+lateTolerance {
			return []Violation{violation(Late, "session %d (idle %v, lifetime %v) was served at node %d %v after its enforced end",
				s.Session, s.Idle, s.Lifetime, p.Node+1, p.Call-end)}
		}
	}
	return nil
}

// again: once a session was seen to be gone, nobody may see it any more.
func again(s Expiring) []Violation {
	gone := time.Duration(1<<63 - 1)
	for _, p := range s.Probes {
		if !p.Found {
			gone = min(gone, p.Return)
		}
	}
	for _, p := range s.Probes {
		if p.Found && p.Call > gone {
			return []Violation{violation(Late, "session %d was served again at node %d, %v after it was seen to be gone", s.Session,
				p.Node+1, p.Call-gone)}
		}
	}
	return nil
}
