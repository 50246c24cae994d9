package view

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/term"
)

// Session is a session's JSON form, with the names of the HTTP API.
type Session struct {
	ID            string                     `json:"id" doc:"its public name"`
	App           string                     `json:"app" doc:"its app"`
	Subject       string                     `json:"subject,omitempty" doc:"who is signed in; left out for anonymous sessions"`
	Version       uint64                     `json:"version" doc:"counts its changes"`
	ETag          string                     `json:"etag,omitempty" doc:"names this state, for --if-match; not in lists"`
	Created       *time.Time                 `json:"created,omitempty" doc:"when it began"`
	Authenticated *time.Time                 `json:"authenticated,omitempty" doc:"when the subject last proved itself"`
	Touched       *time.Time                 `json:"touched,omitempty" doc:"last activity"`
	IdleDeadline  *time.Time                 `json:"idle_deadline,omitempty" doc:"when it ends without further activity"`
	End           *time.Time                 `json:"end,omitempty" doc:"when it ends in any case"`
	Idle          string                     `json:"idle,omitempty" doc:"its own idle timeout, in seconds: 1800s"`
	Lifetime      string                     `json:"lifetime,omitempty" doc:"its own lifetime"`
	Expires       *time.Time                 `json:"expires,omitempty" doc:"its own end"`
	Device        *Device                    `json:"device,omitempty" doc:"ip, user_agent and label of the browser"`
	Attrs         map[string]json.RawMessage `json:"attrs,omitempty" doc:"attributes that are JSON; only of single sessions"`
	Raw           map[string]Raw             `json:"raw,omitempty" doc:"other attributes: codec, and data in base64"`
}

// Device is what the app knows about the browser.
type Device struct {
	IP        string `json:"ip,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
	Label     string `json:"label,omitempty"`
}

// Raw is an attribute that is no JSON.
type Raw struct {
	Codec string `json:"codec"`
	Data  []byte `json:"data"`
}

// SessionOf returns a session's JSON form. The etag may be empty.
func SessionOf(s sessnode.Session, etag string) Session {
	out := Session{
		ID: s.ID.String(), App: s.App, Subject: s.Subject, Version: s.Version, ETag: etag,
		Created: stamp(s.Created), Authenticated: stamp(s.Authenticated), Touched: stamp(s.Touched),
		IdleDeadline: stamp(s.IdleDeadline), End: stamp(s.End),
		Idle: seconds(s.Timeouts.Idle), Lifetime: seconds(s.Timeouts.Lifetime), Expires: stamp(s.Timeouts.Expires),
	}
	if s.Device != (sessnode.Device{}) {
		out.Device = &Device{s.Device.IP, s.Device.UserAgent, s.Device.Label}
	}
	for name, v := range s.Attrs {
		if v.Codec == sessnode.JSON {
			put(&out.Attrs, name, json.RawMessage(v.Data))
		} else {
			put(&out.Raw, name, Raw{v.Codec.String(), v.Data})
		}
	}
	return out
}

func put[V any](m *map[string]V, name string, v V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[name] = v
}

// Sessions is the table of many sessions. Wide adds what an operator who looks for a browser wants to see.
func Sessions(list []sessnode.Session, f Form, wide bool) *term.Table {
	headers := []string{"ID", "SUBJECT", "CREATED", "ACTIVE", "ENDS", "LABEL"}
	if wide {
		headers = append(headers, "VERSION", "IP", "USER_AGENT")
	}
	t := term.NewTable(headers...).Keep(0, 2, 3, 4)
	if wide {
		t.Right(6)
	}
	for _, s := range list {
		cells := []string{s.ID.String(), f.subject(s.Subject), f.When(s.Created), f.When(s.Touched), f.When(ends(s)), term.Clean(s.Device.Label)}
		if wide {
			cells = append(cells, f.Count(s.Version), term.Clean(s.Device.IP), term.Clean(s.Device.UserAgent))
		}
		t.Row(cells...)
	}
	if len(list) != 1 {
		t.Totals(term.Count(uint64(len(list)))+" sessions", subjects(list))
	}
	return t
}

func subjects(list []sessnode.Session) string {
	seen := map[string]bool{}
	for _, s := range list {
		if s.Subject != "" {
			seen[s.Subject] = true
		}
	}
	if len(seen) == 1 {
		return "1 subject"
	}
	return term.Count(uint64(len(seen))) + " subjects"
}

// ends is when a session ends if nobody uses it.
func ends(s sessnode.Session) time.Time {
	if !s.IdleDeadline.IsZero() && (s.End.IsZero() || s.IdleDeadline.Before(s.End)) {
		return s.IdleDeadline
	}
	return s.End
}

// OneSession is the table of a single session, a row for each of its fields and attributes.
func OneSession(s sessnode.Session, etag string, f Form) *term.Table {
	t := term.NewTable("FIELD", "VALUE").Keep(0)
	row := func(field, value string) {
		if value != "" {
			t.Row(field, value)
		}
	}
	row("id", s.ID.String())
	row("app", term.Clean(s.App))
	row("subject", f.subject(s.Subject))
	row("version", f.Count(s.Version))
	row("etag", term.Clean(etag))
	row("created", f.Full(s.Created))
	if !s.Authenticated.IsZero() {
		row("authenticated", f.Full(s.Authenticated))
	}
	row("active", f.Full(s.Touched))
	row("idle deadline", f.Full(s.IdleDeadline))
	row("end", f.Full(s.End))
	if d := s.Timeouts.Idle; d > 0 {
		row("own idle", Span(d))
	}
	if d := s.Timeouts.Lifetime; d > 0 {
		row("own lifetime", Span(d))
	}
	if !s.Timeouts.Expires.IsZero() {
		row("own end", f.Full(s.Timeouts.Expires))
	}
	row("ip", term.Clean(s.Device.IP))
	row("user agent", term.Clean(s.Device.UserAgent))
	row("label", term.Clean(s.Device.Label))
	for _, name := range slices.Sorted(maps.Keys(s.Attrs)) {
		row("attr "+term.Clean(name), f.value(s.Attrs[name]))
	}
	return t
}

// value shows an attribute on one line: JSON as it was sent, of others the kind and size.
func (f Form) value(v sessnode.Value) string {
	if v.Codec == sessnode.JSON {
		return term.Clean(strings.NewReplacer("\n", " ", "\t", " ", "\r", " ").Replace(string(v.Data)))
	}
	return "(" + v.Codec.String() + ", " + f.Bytes(uint64(len(v.Data))) + ")"
}
