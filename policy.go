package sessnode

import (
	"errors"
	"fmt"
	"time"
)

// Day is a plain 24 hours, as time-outs count it.
const Day = 24 * time.Hour

// Policy is the rules of one app. It is replicated; a change that shortens acts at once, one that lengthens at the next touch.
type Policy struct {
	Idle     time.Duration // idle timeout; default 30 m
	Lifetime time.Duration // from creation or re-authentication; default 12 h

	MaxIdle     time.Duration // caps a session's own idle timeout; default 400 days (the longest a browser keeps a cookie, RFC 6265bis)
	MaxLifetime time.Duration // caps a session's own lifetime and Expires; default 400 days

	TouchResolution time.Duration // touches younger than this are dropped; 0 = a thirtieth of the idle timeout, 1 s to 60 s
	RotationGrace   time.Duration // how long the old token answers after the new one's first use; default 10 s
	RotationMax     time.Duration // how long it answers at most; default 2 m
	TombstoneTime   time.Duration // how long an ended session is remembered; default 1 h, at least 5 m

	AnonymousIdle  time.Duration // idle timeout of sessions without a subject; 0 = Idle
	AnonymousQuota uint64        // anonymous sessions of the app; 0 = no quota; over it the one nearest its end gives way

	SubjectLimit uint64      // live sessions of one subject; 0 = no limit
	OnLimit      LimitAction // what happens to one more

	MinTokenLength uint64 // characters; default 32, at least 8 (imports, upstream test suites)
	MaxNameBytes   uint64 // of an attribute's name; default 128
	MaxAttributes  uint64 // of a session; default 256
	MaxBytes       uint64 // of a session's names and values together; default 256 KiB
}

// LimitAction says what one session more than Policy.SubjectLimit does.
type LimitAction uint8

// The actions, in the order in which they are written to the log: append only.
const (
	RejectNew   LimitAction = iota // the new session is refused with ErrLimit
	EvictOldest                    // the session that authenticated first gives way
)

// String returns the action's name in HTTP.
func (a LimitAction) String() string {
	if a == EvictOldest {
		return "evict-oldest"
	}
	return "reject"
}

// ParseLimitAction finds an action by its name.
func ParseLimitAction(s string) (LimitAction, bool) {
	switch s {
	case "reject":
		return RejectNew, true
	case "evict-oldest":
		return EvictOldest, true
	}
	return 0, false
}

// DefaultPolicy is what an app that was never declared gets.
func DefaultPolicy() Policy {
	return Policy{
		Idle: 30 * time.Minute, Lifetime: 12 * time.Hour,
		MaxIdle: 400 * Day, MaxLifetime: 400 * Day,
		RotationGrace: 10 * time.Second, RotationMax: 2 * time.Minute,
		TombstoneTime:  time.Hour,
		MinTokenLength: 32, MaxNameBytes: 128, MaxAttributes: 256, MaxBytes: 256 << 10,
	}
}

// Validate reports every fault at once, each naming field, value and allowed range. The result wraps ErrInvalid.
func (p Policy) Validate() error {
	var faults []error
	within := func(name string, v, least, most time.Duration) {
		if v < least || v > most {
			faults = append(faults, fmt.Errorf("%s is %v, allowed is %v to %v", name, v, least, most))
		}
	}
	count := func(name string, v, least, most uint64) {
		if v < least || v > most {
			faults = append(faults, fmt.Errorf("%s is %d, allowed is %d to %d", name, v, least, most))
		}
	}
	within("max_idle", p.MaxIdle, time.Second, MaxPolicyTime)
	within("max_lifetime", p.MaxLifetime, time.Second, MaxPolicyTime)
	within("idle", p.Idle, time.Second, max(p.MaxIdle, time.Second))
	within("lifetime", p.Lifetime, time.Second, max(p.MaxLifetime, time.Second))
	within("touch_resolution", p.TouchResolution, 0, time.Minute)
	within("rotation_grace", p.RotationGrace, 0, 10*time.Minute)
	within("rotation_max", p.RotationMax, 0, 10*time.Minute)
	within("tombstone_time", p.TombstoneTime, MinTombstoneTime, 30*Day)
	within("anonymous_idle", p.AnonymousIdle, 0, max(p.MaxIdle, time.Second))
	count("min_token_length", p.MinTokenLength, LeastTokenLength, MaxTokenLength)
	count("max_name_bytes", p.MaxNameBytes, 1, 1024)
	count("max_attributes", p.MaxAttributes, 1, 4096)
	count("max_bytes", p.MaxBytes, 1, MaxSessionBytes)
	if p.OnLimit > EvictOldest {
		faults = append(faults, fmt.Errorf("on_limit is %d, allowed is reject or evict-oldest", p.OnLimit))
	}
	if len(faults) == 0 {
		return nil
	}
	return &Error{Op: "policy", Detail: errors.Join(faults...).Error(), Err: ErrInvalid}
}

// IdleFor returns the idle timeout that holds for a session with its own setting (0 = none).
func (p Policy) IdleFor(own time.Duration, anonymous bool) time.Duration {
	idle := p.Idle
	if anonymous && p.AnonymousIdle > 0 {
		idle = p.AnonymousIdle
	}
	if own > 0 {
		idle = own
	}
	return min(idle, p.MaxIdle)
}

// LifetimeFor returns the lifetime that holds for a session with its own setting (0 = none).
func (p Policy) LifetimeFor(own time.Duration) time.Duration {
	lifetime := p.Lifetime
	if own > 0 {
		lifetime = own
	}
	return min(lifetime, p.MaxLifetime)
}

// ResolutionFor returns the touch resolution at an idle timeout: the policy's, or max(1 s, idle/30) and at most 60 s.
func (p Policy) ResolutionFor(idle time.Duration) time.Duration {
	if p.TouchResolution > 0 {
		return p.TouchResolution
	}
	return min(max(time.Second, idle/30), time.Minute)
}
