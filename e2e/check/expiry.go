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
// not be served later than the enforced one plus a small tolerance. least is how many sessions must have been seen to end.
func Expiry(sessions []Expiring, least int) []Violation {
	var out []Violation
	ended := 0
	for _, s := range sessions {
		out = append(out, early(s)...)
		out = append(out, late(s)...)
		if n := len(s.Probes); n > 0 && !s.Probes[n-1].Found {
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

// late: no probe that was sent after the latest possible deadline may have found the session.
func late(s Expiring) []Violation {
	for _, p := range s.Probes {
		if !p.Found {
			continue
		}
		enforced := time.Duration(1<<63 - 1)
		if s.Idle > 0 {
			last := s.Created.Return
			for _, a := range s.Activities {
				if a.Call <= p.Return {
					last = max(last, a.Return)
				}
			}
			resolution := sessnode.Policy{}.ResolutionFor(s.Idle)
			enforced = min(enforced, last+s.Idle+resolution+sessnode.ExpirySlack)
		}
		if s.Lifetime > 0 {
			enforced = min(enforced, s.Created.Return+s.Lifetime)
		}
		if s.Expires > 0 {
			enforced = min(enforced, s.Expires)
		}
		if p.Call > enforced+lateTolerance {
			return []Violation{violation(Late, "session %d (idle %v, lifetime %v) was served at node %d %v after its enforced end",
				s.Session, s.Idle, s.Lifetime, p.Node+1, p.Call-enforced)}
		}
	}
	return nil
}
