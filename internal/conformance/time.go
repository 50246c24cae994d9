package conformance

import (
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// An idle timeout of one second comes with a touch resolution of one second: a session is served for its idle timeout at
// least and, without activity, for seven seconds at most.
func idleOneSecond(p *sessnode.Policy) { p.Idle = time.Second }

var timing = []claim{
	{"IdleSessionIsNeverEndedEarlyNorServedLate", func(e *env) {
		e.declare(idleOneSecond)
		token, s := e.create(client.Create{Subject: "ada"})
		if s.IdleDeadline.Sub(s.Touched) != time.Second {
			e.Errorf("idle deadline = %v after the touch, want 1s", s.IdleDeadline.Sub(s.Touched))
		}
		e.pass(900 * time.Millisecond)
		e.read(token, client.WithoutTouch())
		e.pass(7 * time.Second)
		e.attack(token, sessnode.ReasonExpired)
		list, err := e.on().Why(e.Context(), s.ID)
		if err != nil || len(list) != 1 || list[0].Reason != sessnode.ReasonExpired {
			e.Errorf("Why = %+v, %v, want expired", list, err)
		}
		if list, _ := e.on().SubjectSessions(e.Context(), "ada"); len(list) != 0 {
			e.Errorf("SubjectSessions after expiry = %+v, want none", list)
		}
	}},
	{"ReadingKeepsASessionAlive", func(e *env) {
		e.declare(func(p *sessnode.Policy) { p.Idle = 4 * time.Second })
		token, s := e.create(client.Create{})
		for range 4 {
			e.pass(3 * time.Second)
			e.read(token)
		}
		if got := e.read(token); !got.End.Equal(s.End) {
			e.Errorf("end after reads = %v, want %v", got.End, s.End)
		}
	}},
	{"ReadingWithoutTouchDoesNot", func(e *env) {
		e.declare(idleOneSecond)
		token, _ := e.create(client.Create{})
		e.pass(4 * time.Second)
		e.read(token, client.WithoutTouch())
		e.pass(4 * time.Second)
		e.gone(token, sessnode.ReasonExpired)
	}},
	{"LifetimeEndsWhateverTheActivity", func(e *env) {
		e.declare(unchanged)
		token, s := e.create(client.Create{Timeouts: sessnode.Timeouts{Lifetime: 4 * time.Second}})
		e.pass(2 * time.Second)
		if after, err := e.on().Touch(e.Context(), token, sessnode.TimeoutChange{}); err != nil || !after.End.Equal(s.End) {
			e.Errorf("Touch = %+v, %v, want the same end", after, err)
		}
		e.pass(2500 * time.Millisecond)
		e.attack(token, sessnode.ReasonExpired)
	}},
	{"ExpiryInThePastEndsASession", func(e *env) {
		e.declare(unchanged)
		token, s := e.create(client.Create{})
		past := s.Created.Add(-time.Hour)
		if _, err := e.on().Patch(e.Context(), token, sessnode.Edit{Timeouts: sessnode.TimeoutChange{Expires: &past}}); err != nil {
			e.Fatal(err)
		}
		e.gone(token, sessnode.ReasonExpired)
		token, _ = e.create(client.Create{Timeouts: sessnode.Timeouts{Expires: past}})
		e.gone(token, sessnode.ReasonExpired)
	}},
	{"ExpiryIsExact", func(e *env) {
		e.declare(unchanged)
		_, first := e.create(client.Create{})
		at := first.Created.Add(3 * time.Second)
		token, s := e.create(client.Create{Timeouts: sessnode.Timeouts{Expires: at}})
		if !s.End.Equal(at) {
			e.Errorf("end = %v, want %v", s.End, at)
		}
		e.pass(3500 * time.Millisecond)
		e.gone(token, sessnode.ReasonExpired)
	}},
	{"ShorterPolicyActsAtOnce", func(e *env) {
		e.declare(unchanged)
		token, _ := e.create(client.Create{})
		e.declare(idleOneSecond)
		e.pass(8 * time.Second)
		e.attack(token, sessnode.ReasonExpired)
	}},
	{"LongerPolicyActsAtTheNextTouch", func(e *env) {
		e.declare(idleOneSecond)
		idle, _ := e.create(client.Create{})
		active, _ := e.create(client.Create{})
		e.declare(unchanged)
		if _, err := e.on().Touch(e.Context(), active, sessnode.TimeoutChange{}); err != nil {
			e.Fatal(err)
		}
		e.pass(8 * time.Second)
		e.gone(idle, sessnode.ReasonExpired)
		e.read(active)
		e.declare(func(p *sessnode.Policy) { p.Idle = time.Hour })
		e.gone(idle, sessnode.ReasonExpired)
	}},
}
