package view

import (
	"fmt"
	"strconv"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/term"
)

// PolicyField is one rule of an app's policy, as it is shown and set.
type PolicyField struct {
	Name string // as in the HTTP API; flags have - instead of _
	Kind string // how a value looks
	Help string // one sentence without a full stop
	Show func(p sessnode.Policy) string
	Set  func(p *sessnode.Policy, text string) error
	json func(p sessnode.Policy) any
}

// PolicyFields returns all rules, in the order in which they are shown. The caller owns the slice.
func PolicyFields() []PolicyField {
	type P = sessnode.Policy
	return []PolicyField{
		span("idle", "idle timeout of a session", func(p *P) *time.Duration { return &p.Idle }),
		span("lifetime", "lifetime of a session, from its creation or the last login", func(p *P) *time.Duration { return &p.Lifetime }),
		span("max_idle", "the longest idle timeout that a session may bring itself", func(p *P) *time.Duration { return &p.MaxIdle }),
		span("max_lifetime", "the longest lifetime that a session may bring itself", func(p *P) *time.Duration { return &p.MaxLifetime }),
		span("touch_resolution", "activity younger than this is not recorded again; 0s: a thirtieth of the idle timeout", func(p *P) *time.Duration { return &p.TouchResolution }),
		span("rotation_grace", "how long an old token answers after the first use of the new one", func(p *P) *time.Duration { return &p.RotationGrace }),
		span("rotation_max", "how long an old token answers at most", func(p *P) *time.Duration { return &p.RotationMax }),
		span("tombstone_time", "how long an ended session is remembered", func(p *P) *time.Duration { return &p.TombstoneTime }),
		span("anonymous_idle", "idle timeout of sessions without a subject; 0s: as idle", func(p *P) *time.Duration { return &p.AnonymousIdle }),
		count("anonymous_quota", "how many anonymous sessions there may be; 0: any number", func(p *P) *uint64 { return &p.AnonymousQuota }),
		count("subject_limit", "how many sessions a subject may have; 0: any number", func(p *P) *uint64 { return &p.SubjectLimit }),
		onLimit(),
		count("min_token_length", "characters that a token must have at least", func(p *P) *uint64 { return &p.MinTokenLength }),
		count("max_name_bytes", "bytes of an attribute's name", func(p *P) *uint64 { return &p.MaxNameBytes }),
		count("max_attributes", "attributes of a session", func(p *P) *uint64 { return &p.MaxAttributes }),
		size("max_bytes", "bytes of a session's names and values together", func(p *P) *uint64 { return &p.MaxBytes }),
	}
}

func span(name, help string, field func(*sessnode.Policy) *time.Duration) PolicyField {
	return PolicyField{Name: name, Kind: "duration", Help: help,
		Show: func(p sessnode.Policy) string { return Span(*field(&p)) },
		json: func(p sessnode.Policy) any { return secondsOf(*field(&p)) },
		Set:  func(p *sessnode.Policy, text string) error { return assign(field(p), text, ParseSpan) }}
}

func count(name, help string, field func(*sessnode.Policy) *uint64) PolicyField {
	return PolicyField{Name: name, Kind: "count", Help: help,
		Show: func(p sessnode.Policy) string { return strconv.FormatUint(*field(&p), 10) },
		json: func(p sessnode.Policy) any { return *field(&p) },
		Set:  func(p *sessnode.Policy, text string) error { return assign(field(p), text, parseCount) }}
}

func parseCount(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no whole number", text)
	}
	return n, nil
}

// assign sets a field to what a text says, and leaves it alone where that makes no sense.
func assign[V any](field *V, text string, parse func(string) (V, error)) error {
	v, err := parse(text)
	if err == nil {
		*field = v
	}
	return err
}

func size(name, help string, field func(*sessnode.Policy) *uint64) PolicyField {
	f := count(name, help, field)
	f.Kind = "size"
	f.Show = func(p sessnode.Policy) string { return term.Bytes(*field(&p)) }
	f.Set = func(p *sessnode.Policy, text string) error { return assign(field(p), text, config.ParseSize) }
	return f
}

func onLimit() PolicyField {
	return PolicyField{Name: "on_limit", Kind: "reject|evict-oldest", Help: "what one session more than subject_limit does",
		Show: func(p sessnode.Policy) string { return p.OnLimit.String() },
		json: func(p sessnode.Policy) any { return p.OnLimit.String() },
		Set: func(p *sessnode.Policy, text string) error {
			action, known := sessnode.ParseLimitAction(text)
			if !known {
				return fmt.Errorf("%q is neither reject nor evict-oldest", text)
			}
			p.OnLimit = action
			return nil
		}}
}
