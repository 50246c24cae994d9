package conformance

import (
	"fmt"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// twice is how often a retry is sent to each node.
const twice = 2

var onceOnly = []claim{
	{"RetriedIncrementCountsOnce", func(e *env) {
		token, _ := e.begin(client.Create{})
		for range twice * len(e.Clients) {
			s, err := e.on().Patch(e.Context(), token, sessnode.Edit{Incr: map[string]int64{"n": 5}}, client.WithOperation("op"))
			if err != nil || string(s.Values["n"].Data) != "5" || s.Version != 2 {
				e.Errorf("retried Patch = %+v, %v, want the first effect", s, err)
			}
		}
		e.attr(e.read(token), "n", "5")
	}},
	{"RetriedCreateIsTheSameSession", func(e *env) {
		e.declare(unchanged)
		token := sessnode.NewToken()
		var first *client.Session
		for range 1 + twice*len(e.Clients) {
			_, s, err := e.on().Create(e.Context(), client.Create{Token: token, Subject: "ada"}, client.WithOperation("op"))
			if err != nil {
				e.Fatalf("retried Create = %v", err)
			}
			if first == nil {
				first = s
			}
			if s.ID != first.ID {
				e.Errorf("retried Create = session %s, want %s", s.ID, first.ID)
			}
		}
		if list, _ := e.on().SubjectSessions(e.Context(), "ada"); len(list) != 1 {
			e.Errorf("sessions after retried creates = %d, want 1", len(list))
		}
	}},
	{"RetriedPopGetsTheValuesAgain", func(e *env) {
		token, _ := e.begin(client.Create{Attrs: attrs("code", "42")})
		for range twice * len(e.Clients) {
			s, err := e.on().Pop(e.Context(), token, []string{"code"}, client.WithOperation("op"))
			if err != nil || string(s.Values["code"].Data) != "42" {
				e.Errorf("retried Pop = %+v, %v, want the value that was taken out", s, err)
			}
		}
	}},
	{"RetriedRotationKeepsItsToken", func(e *env) {
		token, _ := e.begin(client.Create{})
		fresh := sessnode.NewToken()
		for range twice * len(e.Clients) {
			_, s, err := e.on().Rotate(e.Context(), token, client.Rotation{Token: fresh, Subject: ptr("ada")}, client.WithOperation("op"))
			if err != nil || s.Version != 2 {
				e.Errorf("retried Rotate = %+v, %v, want the first effect", s, err)
			}
		}
		e.read(fresh)
	}},
	{"RetriedRevocationCountsTheSame", func(e *env) {
		e.begin(client.Create{Subject: "ada"})
		for range twice * len(e.Clients) {
			n, err := e.on().RevokeSubject(e.Context(), "ada", sessnode.ID{}, client.WithOperation("op"))
			if err != nil || n != 1 {
				e.Errorf("retried RevokeSubject = %d, %v, want 1", n, err)
			}
		}
		token, _ := e.create(client.Create{Subject: "ada"})
		if _, err := e.on().RevokeSubject(e.Context(), "ada", sessnode.ID{}, client.WithOperation("op")); err != nil {
			e.Error(err)
		}
		e.read(token)
	}},
	{"RefusalIsRememberedToo", func(e *env) {
		token, _ := e.begin(client.Create{Attrs: attrs("a", "1")})
		edit := set("seen", "1")
		edit.If = map[string]sessnode.Guard{"a": {Value: text("2")}}
		_, err := e.on().Patch(e.Context(), token, edit, client.WithOperation("op"))
		e.is("Patch", err, sessnode.ErrPrecondition, "")
		e.patch(token, set("a", "2"))
		_, err = e.on().Patch(e.Context(), token, edit, client.WithOperation("op"))
		e.is("retried Patch that would now hold", err, sessnode.ErrPrecondition, "")
		e.attr(e.read(token), "seen", "")
	}},
	{"OtherChangeUnderTheSameOperationIsAConflict", func(e *env) {
		token, _ := e.begin(client.Create{})
		_, err := e.on().Patch(e.Context(), token, set("a", "1"), client.WithOperation("op"))
		e.ok("Patch", err)
		for range e.Clients {
			_, err = e.on().Patch(e.Context(), token, set("a", "2"), client.WithOperation("op"))
			e.is("other Patch", err, sessnode.ErrConflict, sessnode.ReasonOpReused)
			_, err = e.on().Pop(e.Context(), token, []string{"a"}, client.WithOperation("op"))
			e.is("Pop", err, sessnode.ErrConflict, sessnode.ReasonOpReused)
		}
		e.attr(e.read(token), "a", "1")
	}},
	{"OperationsOfDifferentSessionsDoNotMeet", func(e *env) {
		first, _ := e.begin(client.Create{})
		second, _ := e.create(client.Create{})
		for i, token := range []sessnode.Token{first, second} {
			_, err := e.on().Patch(e.Context(), token, set("a", fmt.Sprint(i)), client.WithOperation("op"))
			e.ok("Patch", err)
			e.attr(e.read(token), "a", fmt.Sprint(i))
		}
	}},
	{"ConcurrentTriesOfOneOperationHappenOnce", func(e *env) {
		token, _ := e.begin(client.Create{})
		together(e, 16, func(_ int, c *client.Client) error {
			_, err := c.Patch(e.Context(), token, sessnode.Edit{Incr: map[string]int64{"n": 1}}, client.WithOperation("op"))
			return err
		})
		e.attr(e.read(token), "n", "1")
	}},
}
