package conformance

import (
	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// attack sends every late request there is at every node, and checks that none brings the session back.
func (e *env) attack(token sessnode.Token, reason string) {
	e.Helper()
	for range e.Clients {
		_, _, err := e.on().Create(e.Context(), client.Create{Token: token, Attrs: attrs("ghost", "1")})
		e.is("late Create", err, sessnode.ErrConflict, reason)
		_, err = e.on().Patch(e.Context(), token, set("ghost", "1"))
		e.is("late Patch", err, sessnode.ErrNotFound, reason)
		_, err = e.on().Replace(e.Context(), token, attrs("ghost", "1"), sessnode.TimeoutChange{})
		e.is("late Replace", err, sessnode.ErrNotFound, reason)
		_, err = e.on().Pop(e.Context(), token, []string{"ghost"})
		e.is("late Pop", err, sessnode.ErrNotFound, reason)
		_, err = e.on().Touch(e.Context(), token, sessnode.TimeoutChange{})
		e.is("late Touch", err, sessnode.ErrNotFound, reason)
		_, _, err = e.on().Rotate(e.Context(), token, client.Rotation{})
		e.is("late Rotate", err, sessnode.ErrNotFound, reason)
	}
	e.gone(token, reason)
}

var revoking = []claim{
	{"RevokedSessionNeverComesBack", func(e *env) {
		token, s := e.begin(client.Create{Subject: "ada"})
		e.revoke(token)
		e.attack(token, sessnode.ReasonRevoked)
		_, err := e.on().SessionByID(e.Context(), s.ID)
		e.is("SessionByID", err, sessnode.ErrNotFound, sessnode.ReasonRevoked)
	}},
	{"RevokeIsNoErrorWhenNothingIsThere", func(e *env) {
		token, _ := e.begin(client.Create{})
		e.revoke(token)
		e.revoke(token)
		e.revoke(sessnode.NewToken())
	}},
	{"RevokeBeatsACreateThatIsStillUnderWay", func(e *env) {
		e.declare(unchanged)
		token := sessnode.NewToken()
		e.revoke(token)
		_, _, err := e.on().Create(e.Context(), client.Create{Token: token})
		e.is("Create after its own revocation", err, sessnode.ErrConflict, sessnode.ReasonRevoked)
		e.gone(token, "")
	}},
	{"RevokeEndsTokensInGraceToo", func(e *env) {
		token, _ := e.begin(client.Create{})
		fresh, _ := e.rotate(token, client.Rotation{})
		e.revoke(fresh)
		e.attack(fresh, sessnode.ReasonRevoked)
		e.gone(token, "")
	}},
	{"RevokeOfAnotherVersionIsRefused", func(e *env) {
		token, _ := e.begin(client.Create{})
		old := e.read(token).ETag
		e.patch(token, set("a", "1"))
		e.is("Revoke of an old version", e.on().Revoke(e.Context(), token, client.IfMatch(old)), sessnode.ErrPrecondition, "")
		e.read(token)
	}},
	{"RevokeByIDIsFinal", func(e *env) {
		token, s := e.begin(client.Create{})
		e.ok("RevokeID", e.on().RevokeID(e.Context(), s.ID))
		e.attack(token, sessnode.ReasonRevoked)
		e.is("second RevokeID", e.on().RevokeID(e.Context(), s.ID), sessnode.ErrNotFound, sessnode.ReasonRevoked)
		e.is("RevokeID of nobody", e.on().RevokeID(e.Context(), sessnode.NewID()), sessnode.ErrNotFound, "")
	}},
	{"RevokeOfTheWholeAppIsFinal", func(e *env) {
		token, _ := e.begin(client.Create{Subject: "ada"})
		other, _ := e.create(client.Create{})
		n, err := e.on().RevokeApp(e.Context())
		if err != nil || n != 2 {
			e.Errorf("RevokeApp = %d, %v, want 2", n, err)
		}
		e.attack(token, sessnode.ReasonRevoked)
		e.attack(other, sessnode.ReasonRevoked)
		later, _ := e.create(client.Create{Subject: "ada"})
		e.read(later)
	}},
	{"WhyTellsHowASessionEnded", func(e *env) {
		token, s := e.begin(client.Create{Subject: "ada"})
		if list, err := e.on().Why(e.Context(), s.ID); err != nil || len(list) != 0 {
			e.Errorf("Why of a live session = %+v, %v, want nothing", list, err)
		}
		e.revoke(token)
		for range e.Clients {
			list, err := e.on().Why(e.Context(), s.ID)
			if err != nil || len(list) != 1 {
				e.Fatalf("Why = %+v, %v, want one", list, err)
			}
			got := list[0]
			if got.ID != s.ID || got.App != e.app || got.Subject != "ada" || got.Reason != sessnode.ReasonRevoked || got.Actor == "" || got.Node == "" || got.At.Before(s.Created) || got.Index == 0 {
				e.Errorf("Why = %+v, want who, where, when and the reason", got)
			}
			bySubject, err := e.on().WhySubject(e.Context(), "ada")
			if err != nil || len(bySubject) != 1 || bySubject[0] != got {
				e.Errorf("WhySubject = %+v, %v, want the same", bySubject, err)
			}
		}
	}},
}
