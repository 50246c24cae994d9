package conformance

import (
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

var creating = []claim{
	{"CreatedSessionIsReadAtEveryNode", func(e *env) {
		in := client.Create{Subject: "ada", Attrs: attrs("n", "1.0"), Device: sessnode.Device{IP: "::1", UserAgent: "ua", Label: "l"}}
		token, made := e.begin(in)
		for range e.Clients {
			s := e.read(token)
			if s.ID != made.ID || s.App != e.app || s.Subject != "ada" || s.Device != in.Device || s.Version != 1 || s.ETag == "" {
				e.Errorf("Read = %+v, want the session that was created", s)
			}
			e.attr(s, "n", "1.0")
		}
	}},
	{"CreateTellsDeadlinesOfThePolicy", func(e *env) {
		e.declare(func(p *sessnode.Policy) { p.Idle, p.Lifetime = time.Hour, 3*time.Hour })
		_, s := e.create(client.Create{Subject: "ada"})
		if s.IdleDeadline.Sub(s.Touched) != time.Hour || s.End.Sub(s.Created) != 3*time.Hour || s.Authenticated != s.Created {
			e.Errorf("Create = %+v, want an hour of idling, three of life, and the subject authenticated at creation", s)
		}
	}},
	{"AnonymousSessionIsNotAuthenticated", func(e *env) {
		_, s := e.begin(client.Create{})
		if s.Subject != "" || !s.Authenticated.IsZero() {
			e.Errorf("Create = %+v, want no subject and no authentication", s)
		}
	}},
	{"TokenThatIsTakenIsAConflict", func(e *env) {
		token, _ := e.begin(client.Create{Attrs: attrs("a", "1")})
		_, _, err := e.on().Create(e.Context(), client.Create{Token: token, Attrs: attrs("a", "2")})
		e.is("Create on a token that is taken", err, sessnode.ErrConflict, sessnode.ReasonTaken)
		e.attr(e.read(token), "a", "1")
	}},
	{"TokenInOneAppOpensNothingInAnother", func(e *env) {
		token, _ := e.begin(client.Create{})
		e.app += "-other"
		e.declare(unchanged)
		e.gone(token, "")
		_, _, err := e.on().Create(e.Context(), client.Create{Token: token})
		e.ok("Create with the same token in another app", err)
	}},
	{"TokenThatIsTooShortIsInvalid", func(e *env) {
		e.declare(unchanged)
		_, _, err := e.on().Create(e.Context(), client.Create{Token: sessnode.Token(strings.Repeat("x", 31))})
		e.is("Create with 31 characters", err, sessnode.ErrInvalid, "")
		e.declare(func(p *sessnode.Policy) { p.MinTokenLength = 8 })
		_, _, err = e.on().Create(e.Context(), client.Create{Token: "12345678"})
		e.ok("Create with 8 characters where the policy allows them", err)
		e.read("12345678")
	}},
	{"LongestTokenWorks", func(e *env) {
		token := sessnode.Token(strings.Repeat("~!", 128))
		e.begin(client.Create{Token: token})
		e.read(token)
	}},
	{"UnknownTokenIsNotFoundWithoutReason", func(e *env) {
		e.declare(unchanged)
		for _, token := range []sessnode.Token{sessnode.NewToken(), "short", "a b", ""} {
			for range e.Clients {
				_, err := e.on().Read(e.Context(), token)
				e.is("Read of an unknown token", err, sessnode.ErrNotFound, "")
				if r := sessnode.ReasonOf(err); r != "" {
					e.Errorf("reason for an unknown token = %q, want none", r)
				}
			}
		}
	}},
	{"SizesAreBounded", func(e *env) {
		e.declare(func(p *sessnode.Policy) { p.MaxNameBytes, p.MaxAttributes, p.MaxBytes = 4, 3, 100 })
		for name, in := range map[string]map[string]sessnode.Value{
			"a name of 5 bytes": attrs("12345", "1"),
			"4 attributes":      attrs("a", "1", "b", "1", "c", "1", "d", "1"),
			"too many bytes":    attrs("a", `"`+strings.Repeat("x", 100)+`"`),
		} {
			_, _, err := e.on().Create(e.Context(), client.Create{Attrs: in})
			e.is("Create with "+name, err, sessnode.ErrTooLarge, "")
		}
		token, _ := e.create(client.Create{Attrs: attrs("1234", "1", "b", "1", "c", "1")})
		_, err := e.on().Patch(e.Context(), token, set("d", "1"))
		e.is("Patch to 4 attributes", err, sessnode.ErrTooLarge, "")
		_, err = e.on().Replace(e.Context(), token, attrs("12345", "1"), sessnode.TimeoutChange{})
		e.is("Replace with a name of 5 bytes", err, sessnode.ErrTooLarge, "")
		if n := len(e.read(token).Attrs); n != 3 {
			e.Errorf("attributes after refused changes = %d, want the 3 of before", n)
		}
	}},
	{"LargestSessionIsStored", func(e *env) {
		big := `"` + strings.Repeat("x", sessnode.MaxSessionBytes-3) + `"`
		token, _ := e.begin(client.Create{Attrs: attrs("a", big)})
		e.attr(e.read(token), "a", big)
		_, err := e.on().Patch(e.Context(), token, set("b", "1"))
		e.is("Patch beyond the largest session", err, sessnode.ErrTooLarge, "")
	}},
	{"EmptyNameIsInvalid", func(e *env) {
		e.declare(unchanged)
		_, _, err := e.on().Create(e.Context(), client.Create{Attrs: attrs("", "1")})
		e.is("Create with an empty name", err, sessnode.ErrInvalid, "")
	}},
	{"UndeclaredAppFollowsTheNode", func(e *env) {
		token, _, err := e.on().Create(e.Context(), client.Create{})
		if e.Strict {
			e.is("Create in an app that was never declared", err, sessnode.ErrUnknownApp, "")
			return
		}
		e.ok("Create in an app that was never declared", err)
		s := e.read(token)
		if s.IdleDeadline.Sub(s.Touched) != 30*time.Minute || s.End.Sub(s.Created) != 12*time.Hour {
			e.Errorf("Read = %+v, want the default policy", s)
		}
	}},
}
