package conformance

import (
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// shortGrace makes rotation grace short enough to wait for.
func shortGrace(p *sessnode.Policy) { p.RotationGrace, p.RotationMax = time.Second, 4*time.Second }

var rotating = []claim{
	{"RotatedTokenOpensTheSameSession", func(e *env) {
		token, s := e.begin(client.Create{Attrs: attrs("a", "1")})
		fresh, after := e.rotate(token, client.Rotation{Edit: set("b", "1")})
		got := e.read(fresh)
		if fresh == token || got.ID != s.ID || after.Version != 2 || got.End != s.End {
			e.Errorf("Rotate = %+v, want the same session at version 2 under another token", after)
		}
		e.attr(got, "a", "1")
		e.attr(got, "b", "1")
	}},
	{"LoginKillsTheOldTokenAtOnce", func(e *env) {
		token, _ := e.begin(client.Create{})
		fresh, s := e.rotate(token, client.Rotation{Subject: ptr("ada")})
		if s.Subject != "ada" || s.Authenticated.IsZero() {
			e.Errorf("Rotate to a subject = %+v, want it authenticated", s)
		}
		e.gone(token, sessnode.ReasonRotated)
		e.read(fresh)
	}},
	{"LogoutByRotationKillsTheOldTokenAtOnce", func(e *env) {
		token, _ := e.begin(client.Create{Subject: "ada"})
		_, s := e.rotate(token, client.Rotation{Subject: ptr("")})
		if s.Subject != "" {
			e.Errorf("Rotate to nobody = %+v, want an anonymous session", s)
		}
		e.gone(token, sessnode.ReasonRotated)
		if list, _ := e.on().SubjectSessions(e.Context(), "ada"); len(list) != 0 {
			e.Errorf("SubjectSessions after signing out = %+v, want none", list)
		}
	}},
	{"ReauthenticationKillsTheOldTokenAndStartsTheLifetimeAnew", func(e *env) {
		e.declare(func(p *sessnode.Policy) { p.Lifetime = time.Hour })
		token, before := e.create(client.Create{Subject: "ada"})
		e.pass(time.Second)
		_, s := e.rotate(token, client.Rotation{Subject: ptr("ada"), Reauth: true})
		if moved := s.End.Sub(before.End); moved < 900*time.Millisecond || !s.Created.Equal(before.Created) {
			e.Errorf("Rotate = %+v, want an end one second later than %v", s, before.End)
		}
		e.gone(token, sessnode.ReasonRotated)
	}},
	{"OldTokenStillWorksForRequestsUnderWay", func(e *env) {
		token, s := e.begin(client.Create{Subject: "ada", Attrs: attrs("flash", "1")})
		fresh, _ := e.rotate(token, client.Rotation{})
		if got := e.read(token); got.ID != s.ID || !got.Previous {
			e.Errorf("Read by the old token = %+v, want the session, and that the token is a previous one", got)
		}
		e.patch(token, set("late", "1"))
		popped, err := e.on().Pop(e.Context(), token, []string{"flash"})
		if err != nil || len(popped.Values) != 1 {
			e.Errorf("Pop by the old token = %+v, %v, want the value", popped, err)
		}
		_, err = e.on().Touch(e.Context(), token, sessnode.TimeoutChange{})
		e.ok("Touch by the old token", err)
		now := e.read(fresh)
		e.attr(now, "late", "1")
		if now.Previous {
			e.Errorf("Read by the new token = %+v, want no previous token", now)
		}
	}},
	{"OldTokenMayNotRotateOrReplace", func(e *env) {
		token, _ := e.begin(client.Create{})
		fresh, _ := e.rotate(token, client.Rotation{})
		_, _, err := e.on().Rotate(e.Context(), token, client.Rotation{})
		e.is("Rotate by the old token", err, sessnode.ErrConflict, sessnode.ReasonRotated)
		_, err = e.on().Replace(e.Context(), token, nil, sessnode.TimeoutChange{})
		e.is("Replace by the old token", err, sessnode.ErrConflict, sessnode.ReasonRotated)
		e.read(fresh)
	}},
	{"OldTokenMayRevoke", func(e *env) {
		token, _ := e.begin(client.Create{})
		fresh, _ := e.rotate(token, client.Rotation{})
		e.revoke(token)
		e.gone(fresh, sessnode.ReasonRevoked)
		e.gone(token, "")
	}},
	{"GraceEndsShortlyAfterTheNewTokensFirstUse", func(e *env) {
		e.declare(shortGrace)
		token, _ := e.create(client.Create{})
		fresh, _ := e.rotate(token, client.Rotation{})
		e.read(token)
		e.read(fresh)
		e.pass(2500 * time.Millisecond)
		e.gone(token, sessnode.ReasonRotated)
		e.read(fresh)
	}},
	{"GraceEndsInTheEndEvenIfTheNewTokenIsNeverUsed", func(e *env) {
		e.declare(shortGrace)
		token, _ := e.create(client.Create{})
		fresh, _ := e.rotate(token, client.Rotation{})
		e.pass(2500 * time.Millisecond)
		e.read(token)
		e.pass(2500 * time.Millisecond)
		e.gone(token, sessnode.ReasonRotated)
		e.read(fresh)
	}},
	{"TokenThatWasRotatedAwayIsNeverCreatedAgain", func(e *env) {
		token, _ := e.begin(client.Create{})
		e.rotate(token, client.Rotation{})
		_, _, err := e.on().Create(e.Context(), client.Create{Token: token})
		e.is("Create on a token that was rotated away", err, sessnode.ErrConflict, sessnode.ReasonRotated)
	}},
	{"RotationToATokenInUseIsAConflict", func(e *env) {
		token, _ := e.begin(client.Create{})
		other, _ := e.create(client.Create{})
		_, _, err := e.on().Rotate(e.Context(), token, client.Rotation{Token: other})
		e.is("Rotate to a token that is taken", err, sessnode.ErrConflict, sessnode.ReasonTaken)
		e.read(token)
	}},
	{"RotationOfAnotherVersionIsRefused", func(e *env) {
		token, _ := e.begin(client.Create{})
		old := e.read(token).ETag
		e.patch(token, set("a", "1"))
		_, _, err := e.on().Rotate(e.Context(), token, client.Rotation{}, client.IfMatch(old))
		e.is("Rotate of an old version", err, sessnode.ErrPrecondition, "")
	}},
	{"OneOfManyRotationsWins", func(e *env) {
		token, _ := e.begin(client.Create{})
		fresh := make([]sessnode.Token, 8)
		together(e, len(fresh), func(i int, c *client.Client) error {
			got, _, err := c.Rotate(e.Context(), token, client.Rotation{Subject: ptr("ada")})
			if err == nil {
				fresh[i] = got
			} else {
				e.is("Rotate of a token that was rotated away", err, sessnode.ErrNotFound, sessnode.ReasonRotated)
			}
			return nil
		})
		wins := 0
		for _, f := range fresh {
			if f != "" {
				wins++
				e.read(f)
			}
		}
		if wins != 1 {
			e.Errorf("rotations of one token that won = %d, want 1", wins)
		}
	}},
}
