package conformance

import (
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// names are subjects that a path which is not careful would take for something else.
var names = []string{"ada", "a/b", "/", "..", ".", "../../v1/apps", "%2F", "%", "a b", " ", "?x=1", "#", "a&b=c;d", "名前", "é", "e\u0301", "+", "@:\\\"'<>",
	strings.Repeat("é", 128)}

var subjects = []claim{
	{"AnySubjectIsOneSegment", func(e *env) {
		e.declare(unchanged)
		for _, name := range names {
			e.create(client.Create{Subject: name, Attrs: attrs("a", "1")})
		}
		for _, name := range names {
			list, err := e.on().SubjectSessions(e.Context(), name)
			if err != nil || len(list) != 1 || list[0].Subject != name {
				e.Errorf("SubjectSessions(%q) = %+v, %v, want its one session", name, list, err)
			}
			n, err := e.on().RevokeSubject(e.Context(), name, sessnode.ID{})
			if err != nil || n != 1 {
				e.Errorf("RevokeSubject(%q) = %d, %v, want 1", name, n, err)
			}
			ended, err := e.on().WhySubject(e.Context(), name)
			if err != nil || len(ended) != 1 {
				e.Errorf("WhySubject(%q) = %+v, %v, want one", name, ended, err)
			}
		}
	}},
	{"ListIsOldestFirstWithoutAttributes", func(e *env) {
		_, first := e.begin(client.Create{Subject: "ada", Attrs: attrs("a", "1"), Device: sessnode.Device{Label: "phone"}})
		_, second := e.create(client.Create{Subject: "ada"})
		e.create(client.Create{Subject: "bob"})
		list, err := e.on().SubjectSessions(e.Context(), "ada")
		if err != nil || len(list) != 2 || list[0].ID != first.ID || list[1].ID != second.ID || list[0].Attrs != nil || list[0].Device.Label != "phone" {
			e.Errorf("SubjectSessions = %+v, %v, want the two of ada", list, err)
		}
		if list, err := e.on().SubjectSessions(e.Context(), "nobody"); err != nil || len(list) != 0 {
			e.Errorf("SubjectSessions of nobody = %+v, %v, want none", list, err)
		}
	}},
	{"LogoutEverywhereIsFinal", func(e *env) {
		first, _ := e.begin(client.Create{Subject: "ada"})
		second, _ := e.create(client.Create{Subject: "ada"})
		bob, _ := e.create(client.Create{Subject: "bob"})
		n, err := e.on().RevokeSubject(e.Context(), "ada", sessnode.ID{})
		if err != nil || n != 2 {
			e.Errorf("RevokeSubject = %d, %v, want 2", n, err)
		}
		e.attack(first, sessnode.ReasonRevoked)
		e.attack(second, sessnode.ReasonRevoked)
		e.read(bob)
		later, _ := e.create(client.Create{Subject: "ada"})
		e.read(later)
	}},
	{"LogoutElsewhereKeepsOne", func(e *env) {
		here, s := e.begin(client.Create{Subject: "ada"})
		there, _ := e.create(client.Create{Subject: "ada"})
		n, err := e.on().RevokeSubject(e.Context(), "ada", s.ID)
		if err != nil || n != 1 {
			e.Errorf("RevokeSubject with an exception = %d, %v, want 1", n, err)
		}
		e.read(here)
		e.attack(there, sessnode.ReasonRevoked)
	}},
	{"SessionsFollowTheirSubjectThroughRotation", func(e *env) {
		token, _ := e.begin(client.Create{})
		token, _ = e.rotate(token, client.Rotation{Subject: ptr("ada")})
		token, _ = e.rotate(token, client.Rotation{})
		if list, _ := e.on().SubjectSessions(e.Context(), "ada"); len(list) != 1 {
			e.Errorf("SubjectSessions after login = %+v, want one", list)
		}
		token, _ = e.rotate(token, client.Rotation{Subject: ptr("bob")})
		if list, _ := e.on().SubjectSessions(e.Context(), "ada"); len(list) != 0 {
			e.Errorf("SubjectSessions after a change of subject = %+v, want none", list)
		}
		if _, err := e.on().RevokeSubject(e.Context(), "bob", sessnode.ID{}); err != nil {
			e.Fatal(err)
		}
		e.attack(token, sessnode.ReasonRevoked)
	}},
	{"ExportHoldsEverything", func(e *env) {
		token, _ := e.begin(client.Create{Subject: "ada"})
		e.revoke(token)
		e.create(client.Create{Subject: "ada", Attrs: attrs("a", "1.0")})
		got, err := e.on().ExportSubject(e.Context(), "ada")
		if err != nil || got.Subject != "ada" || len(got.Sessions) != 1 || string(got.Sessions[0].Attrs["a"].Data) != "1.0" ||
			len(got.Ended) != 1 || got.Ended[0].Reason != sessnode.ReasonRevoked {
			e.Errorf("ExportSubject = %+v, %v, want one session with its attribute, and one that ended", got, err)
		}
	}},
	{"SubjectLimitRefusesOneMore", func(e *env) {
		e.declare(func(p *sessnode.Policy) { p.SubjectLimit = 2 })
		first, _ := e.create(client.Create{Subject: "ada"})
		e.create(client.Create{Subject: "ada"})
		_, _, err := e.on().Create(e.Context(), client.Create{Subject: "ada"})
		e.is("third Create", err, sessnode.ErrLimit, sessnode.ReasonSubjectFull)
		anonymous, _ := e.create(client.Create{})
		_, _, err = e.on().Rotate(e.Context(), anonymous, client.Rotation{Subject: ptr("ada")})
		e.is("third login", err, sessnode.ErrLimit, sessnode.ReasonSubjectFull)
		e.read(anonymous)
		e.revoke(first)
		e.create(client.Create{Subject: "ada"})
		e.create(client.Create{Subject: "bob"})
	}},
	{"SubjectLimitMayEvictTheOldest", func(e *env) {
		e.declare(func(p *sessnode.Policy) { p.SubjectLimit, p.OnLimit = 2, sessnode.EvictOldest })
		first, s := e.create(client.Create{Subject: "ada"})
		second, _ := e.create(client.Create{Subject: "ada"})
		third, _ := e.create(client.Create{Subject: "ada"})
		e.attack(first, sessnode.ReasonEvicted)
		e.read(second)
		e.read(third)
		if list, err := e.on().Why(e.Context(), s.ID); err != nil || len(list) != 1 || list[0].Reason != sessnode.ReasonEvicted {
			e.Errorf("Why = %+v, %v, want evicted", list, err)
		}
	}},
	{"AnonymousQuotaEvictsTheNearestToItsEnd", func(e *env) {
		e.declare(func(p *sessnode.Policy) { p.AnonymousQuota = 2 })
		ada, _ := e.create(client.Create{Subject: "ada"})
		long, _ := e.create(client.Create{})
		short, _ := e.create(client.Create{Timeouts: sessnode.Timeouts{Idle: 60_000_000_000}})
		third, _ := e.create(client.Create{})
		e.attack(short, sessnode.ReasonEvicted)
		for _, token := range []sessnode.Token{ada, long, third} {
			e.read(token)
		}
	}},
}
