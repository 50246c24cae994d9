package conformance

import (
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

var reading = []claim{
	{"UnchangedSessionIsNotSentAgain", func(e *env) {
		token, _ := e.begin(client.Create{Attrs: attrs("a", "1")})
		first := e.read(token)
		again := e.read(token, client.IfNoneMatch(first.ETag))
		if !again.NotModified || again.Attrs != nil || !again.End.Equal(first.End) || again.IdleDeadline.Before(first.IdleDeadline) {
			e.Errorf("Read of an unchanged session = %+v, want not modified, with current deadlines", again)
		}
		if _, err := e.on().Touch(e.Context(), token, sessnode.TimeoutChange{}); err != nil {
			e.Fatal(err)
		}
		if s := e.read(token, client.IfNoneMatch(first.ETag)); !s.NotModified {
			e.Errorf("Read after a touch = %+v, want not modified", s)
		}
		e.patch(token, set("a", "2"))
		changed := e.read(token, client.IfNoneMatch(first.ETag))
		if changed.NotModified || changed.ETag == first.ETag {
			e.Errorf("Read of a changed session = %+v, want it whole, with another ETag", changed)
		}
		e.attr(changed, "a", "2")
	}},
	{"VersionCountsChangesAndNotTouches", func(e *env) {
		token, _ := e.begin(client.Create{})
		e.patch(token, set("a", "1"))
		if _, err := e.on().Touch(e.Context(), token, sessnode.TimeoutChange{}); err != nil {
			e.Fatal(err)
		}
		if v := e.read(token).Version; v != 2 {
			e.Errorf("version after create, patch, touch and read = %d, want 2", v)
		}
		if _, err := e.on().Touch(e.Context(), token, sessnode.TimeoutChange{Idle: ptr(time.Hour)}); err != nil {
			e.Fatal(err)
		}
		if v := e.read(token).Version; v != 3 {
			e.Errorf("version after a touch with a new timeout = %d, want 3", v)
		}
	}},
	{"EveryNodeReadsWhatAnyNodeWrote", func(e *env) {
		token, _ := e.begin(client.Create{})
		for i := range int64(30) {
			s := e.patch(token, sessnode.Edit{Incr: map[string]int64{"n": 1}})
			if got := e.read(token); string(got.Attrs["n"].Data) != string(s.Values["n"].Data) {
				e.Fatalf("Read after write %d = %s, want %s", i, got.Attrs["n"].Data, s.Values["n"].Data)
			}
		}
	}},
	{"LowerLevelsReadNoLessThanTheyAreAskedFor", func(e *env) {
		token, _ := e.begin(client.Create{})
		for _, level := range []client.CallOption{client.WithBound(time.Minute), client.WithLocal()} {
			wrote := e.patch(token, sessnode.Edit{Incr: map[string]int64{"n": 1}})
			for range e.Clients {
				if s := e.read(token, level, client.AtLeast(wrote.At)); string(s.Attrs["n"].Data) != string(wrote.Values["n"].Data) {
					e.Errorf("Read at least at a write = %s, want %s", s.Attrs["n"].Data, wrote.Values["n"].Data)
				}
			}
		}
	}},
	{"AbsenceIsConfirmedAtEveryLevelButLocal", func(e *env) {
		token, _ := e.begin(client.Create{})
		for range e.Clients {
			if _, err := e.on().Read(e.Context(), token, client.WithBound(time.Minute)); err != nil {
				e.Errorf("bounded Read of a session just created = %v, want it found", err)
			}
			_, err := e.on().Read(e.Context(), sessnode.NewToken(), client.WithBound(time.Minute))
			e.is("bounded Read of an unknown token", err, sessnode.ErrNotFound, "")
		}
	}},
	{"PositionOfAnotherLifeIsUnavailable", func(e *env) {
		token, s := e.begin(client.Create{})
		other := sessnode.Position{Generation: s.At.Generation + 1, Index: 1}
		ctx, cancel := shortly(e)
		defer cancel()
		_, err := e.on().Read(ctx, token, client.AtLeast(other))
		e.is("Read at a position of another generation", err, sessnode.ErrUnavailable, sessnode.ReasonGeneration)
	}},
	{"TouchIsAnsweredWithNewDeadlines", func(e *env) {
		e.declare(func(p *sessnode.Policy) { p.Idle = 2 * time.Second })
		token, before := e.create(client.Create{})
		e.pass(2 * time.Second)
		after, err := e.on().Touch(e.Context(), token, sessnode.TimeoutChange{})
		if err != nil || after.IdleDeadline.Sub(before.IdleDeadline) < 1500*time.Millisecond || !after.End.Equal(before.End) {
			e.Errorf("Touch = %+v, %v, want an idle deadline 2s after %v and the same end", after, err, before.IdleDeadline)
		}
	}},
	{"TouchMaySetTheSessionsOwnTimeouts", func(e *env) {
		token, _ := e.begin(client.Create{})
		s, err := e.on().Touch(e.Context(), token, sessnode.TimeoutChange{Idle: ptr(time.Hour)})
		if err != nil || s.IdleDeadline.Sub(s.Touched) != time.Hour || e.read(token).Timeouts.Idle != time.Hour {
			e.Errorf("Touch = %+v, %v, want an hour of idling", s, err)
		}
		s, err = e.on().Touch(e.Context(), token, sessnode.TimeoutChange{Idle: ptr(time.Duration(0))})
		if err != nil || s.IdleDeadline.Sub(s.Touched) != 30*time.Minute || e.read(token).Timeouts.Idle != 0 {
			e.Errorf("Touch = %+v, %v, want the policy's half hour again", s, err)
		}
	}},
}
