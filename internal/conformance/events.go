package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// following is what holds for the stream of events.
var following = []claim{
	{"events come in the order of the log", eventsInOrder},
	{"following goes on at another node, where it stopped", eventsGoOn},
	{"a change's position is a place in the stream", eventsSinceAChange},
	{"a repeated change is told once", eventsOnce},
	{"a login binds, a rotation rotates", eventsOfRotation},
	{"expiry is told", eventsOfExpiry},
	{"only what was asked for is told", eventsChosen},
	{"logging out everywhere is told for each session", eventsOfSubject},
	{"a place of another store is refused", eventsElsewhere},
	{"an app's events are its own", eventsOfOneApp},
}

// eventPatience is how long a test waits for an event that must come.
const eventPatience = 20 * time.Second

// told follows until n events came. With f.After empty it begins with all that is kept.
func (e *env) told(n int, f client.Follow) []sessnode.Event {
	e.Helper()
	ctx, cancel := context.WithTimeout(e.Context(), eventPatience)
	defer cancel()
	if f.After == "" {
		f.After = sessnode.OldestEvent
	}
	var list []sessnode.Event
	for event, err := range e.on().Events(ctx, f) {
		if err != nil {
			e.Fatalf("Events = %v after %d of %d", err, len(list), n)
		}
		if list = append(list, event); len(list) == n {
			return list
		}
	}
	e.Fatalf("%d events came, want %d: %s", len(list), n, story(list))
	return nil
}

// story renders events in a word or two each.
func story(list []sessnode.Event) string {
	var parts []string
	for _, event := range list {
		part := event.Kind.String()
		if event.Subject != "" {
			part += ":" + event.Subject
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

// tells checks that exactly these events came.
func (e *env) tells(what string, list []sessnode.Event, want string) {
	e.Helper()
	if got := story(list); got != want {
		e.Errorf("%s: events %q, want %q", what, got, want)
	}
}

func eventsInOrder(e *env) {
	token, made := e.begin(client.Create{Subject: "ada"})
	e.revoke(token)
	_, other := e.create(client.Create{})
	list := e.told(3, client.Follow{})
	e.tells("a login, a logout and a visitor", list, "created:ada revoked:ada created")
	if list[0].Session != made.ID || list[1].Session != made.ID || list[2].Session != other.ID {
		e.Errorf("events are of %v, %v and %v, want %v twice and %v", list[0].Session, list[1].Session, list[2].Session, made.ID, other.ID)
	}
	if list[1].Reason != sessnode.ReasonRevoked || list[1].Actor != "token" || list[1].Node == "" || list[1].App != e.app || list[1].At.IsZero() {
		e.Errorf("the logout is told as %+v, want who, where, when and why", list[1])
	}
}

func eventsGoOn(e *env) {
	e.declare(unchanged)
	for i := range 6 {
		e.create(client.Create{Subject: fmt.Sprint("u", i)})
	}
	var all []sessnode.Event
	after := ""
	for range 6 {
		all = append(all, e.told(1, client.Follow{After: after})...)
		after = all[len(all)-1].ID
	}
	e.tells("one at a time, each from another node", all, "created:u0 created:u1 created:u2 created:u3 created:u4 created:u5")
}

func eventsSinceAChange(e *env) {
	_, made := e.begin(client.Create{Subject: "ada"})
	e.create(client.Create{Subject: "bob"})
	e.tells("since ada's login", e.told(1, client.Follow{After: made.At.String()}), "created:bob")
}

func eventsOnce(e *env) {
	e.declare(unchanged)
	token := sessnode.NewToken()
	for range 3 {
		_, _, err := e.on().Create(e.Context(), client.Create{Token: token, Subject: "ada"}, client.WithOperation("login"))
		e.ok("Create", err)
	}
	e.create(client.Create{Subject: "bob"})
	e.tells("a login that was sent three times", e.told(2, client.Follow{}), "created:ada created:bob")
}

func eventsOfRotation(e *env) {
	token, _ := e.begin(client.Create{})
	token, _ = e.rotate(token, client.Rotation{Subject: ptr("ada")})
	token, _ = e.rotate(token, client.Rotation{})
	e.rotate(token, client.Rotation{Subject: ptr("")})
	list := e.told(4, client.Follow{})
	e.tells("login, rotation, and a logout that keeps the session", list, "created bound:ada rotated:ada bound")
	if list[3].Was != "ada" {
		e.Errorf("the logout names %q as the subject before, want ada", list[3].Was)
	}
}

func eventsOfExpiry(e *env) {
	e.declare(func(p *sessnode.Policy) { p.Idle = time.Second })
	e.create(client.Create{Subject: "ada"})
	if e.Advance != nil {
		e.pass(time.Minute)
	}
	list := e.told(2, client.Follow{})
	e.tells("an idle session", list, "created:ada expired:ada")
	if list[1].Reason != sessnode.ReasonExpired {
		e.Errorf("it expired for the reason %q", list[1].Reason)
	}
}

func eventsChosen(e *env) {
	token, _ := e.begin(client.Create{Subject: "ada"})
	e.create(client.Create{Subject: "bob"})
	e.rotate(token, client.Rotation{Subject: ptr("eve")})
	e.tells("what concerns ada", e.told(2, client.Follow{Subject: "ada"}), "created:ada bound:eve")
	e.tells("what concerns eve", e.told(1, client.Follow{Subject: "eve"}), "bound:eve")
	e.tells("logins by rotation", e.told(1, client.Follow{Kinds: []sessnode.EventKind{sessnode.EventBound}}), "bound:eve")
}

func eventsOfSubject(e *env) {
	_, kept := e.begin(client.Create{Subject: "ada"})
	e.create(client.Create{Subject: "ada"})
	e.create(client.Create{Subject: "ada"})
	_, err := e.on().RevokeSubject(e.Context(), "ada", kept.ID)
	e.ok("RevokeSubject", err)
	list := e.told(2, client.Follow{Kinds: []sessnode.EventKind{sessnode.EventRevoked}})
	e.tells("all but one", list, "revoked:ada revoked:ada")
	for _, event := range list {
		if event.Session == kept.ID {
			e.Errorf("the session that was to be kept is told as revoked")
		}
	}
}

func eventsElsewhere(e *env) {
	_, made := e.begin(client.Create{})
	elsewhere := made.At
	elsewhere.Generation++
	for _, tc := range []struct {
		after string
		want  error
	}{{elsewhere.String(), sessnode.ErrGone}, {"nonsense", sessnode.ErrInvalid}} {
		for _, err := range e.on().Events(e.Context(), client.Follow{After: tc.after}) {
			e.is("Events after "+tc.after, err, tc.want, "")
			var gone *sessnode.Error
			if errors.As(err, &gone) && errors.Is(err, sessnode.ErrGone) && gone.Oldest == "" {
				e.Errorf("gone without the place where to go on")
			}
			if err == nil {
				return
			}
		}
	}
}

func eventsOfOneApp(e *env) {
	e.begin(client.Create{Subject: "ada"})
	other := *e
	other.app = freshApp()
	other.begin(client.Create{Subject: "bob"})
	e.create(client.Create{Subject: "eve"})
	e.tells("one of two apps", e.told(2, client.Follow{}), "created:ada created:eve")
	seen := 0
	ctx, cancel := context.WithTimeout(e.Context(), eventPatience)
	defer cancel()
	for event, err := range e.on().In("").Events(ctx, client.Follow{After: sessnode.OldestEvent}) {
		if err != nil {
			e.Fatalf("Events of all apps = %v", err)
		}
		if event.App == e.app || event.App == other.app {
			if seen++; seen == 3 {
				return
			}
		}
	}
	e.Errorf("following all apps told %d of the 3 events of these two", seen)
}
