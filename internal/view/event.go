package view

import (
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/term"
)

// Event is an event's JSON form, the same as in the HTTP API.
type Event struct {
	ID      string     `json:"id"`
	Kind    string     `json:"kind"`
	App     string     `json:"app,omitempty"`
	Session string     `json:"session,omitempty"`
	Subject string     `json:"subject,omitempty"`
	Was     string     `json:"was,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	Actor   string     `json:"actor,omitempty"`
	Node    string     `json:"node,omitempty"`
	At      *time.Time `json:"at,omitempty"`
}

// EventOf returns an event's JSON form.
func EventOf(e sessnode.Event) Event {
	out := Event{ID: e.ID, Kind: e.Kind.String(), App: e.App, Subject: e.Subject, Was: e.Was, Reason: e.Reason, Actor: e.Actor, Node: e.Node}
	if !e.Session.IsZero() {
		out.Session = e.Session.String()
	}
	if !e.At.IsZero() {
		at := e.At.UTC()
		out.At = &at
	}
	return out
}

// eventHeaders are the columns of an event in a pipe.
const eventHeaders = "at\tkind\tapp\tsubject\tsession\treason\tactor\tnode\tid"

// EventHeader is the first line of events in a pipe.
func EventHeader() string { return eventHeaders }

// EventRow is an event as columns separated by tabs, for programs.
func EventRow(e sessnode.Event) string {
	x := EventOf(e)
	at := ""
	if x.At != nil {
		at = x.At.Format(time.RFC3339)
	}
	cells := []string{at, x.Kind, x.App, x.Subject, x.Session, x.Reason, x.Actor, x.Node, x.ID}
	for i := range cells {
		cells[i] = strings.ReplaceAll(term.Clean(cells[i]), "\t", " ")
	}
	return strings.Join(cells, "\t")
}

// EventLine tells an event in a line for a person. wide adds the session's public name and the event's id.
func EventLine(e sessnode.Event, s term.Screen, wide bool) string {
	if e.Kind == sessnode.EventGap {
		return s.Warn("events are missing here ("+e.Reason+")") + s.Dim("   read anew what you need to know")
	}
	line := s.Dim(e.At.Local().Format("15:04:05.000")) + "  " + eventWord(e.Kind, s) + "  " + term.Pad(term.Clean(e.App), 8) + "  " + eventSubject(e)
	if e.Reason != "" && e.Reason != e.Kind.String() {
		line += " (" + e.Reason + ")"
	}
	line += s.Dim(eventOrigin(e))
	if wide {
		line += s.Dim("  " + e.Session.String() + "  " + e.ID)
	}
	return line
}

func eventWord(k sessnode.EventKind, s term.Screen) string {
	word := term.Pad(k.String(), len("created"))
	switch k {
	case sessnode.EventCreated, sessnode.EventBound:
		return s.Green("+ " + word)
	case sessnode.EventRevoked, sessnode.EventExpired:
		return s.Red("- " + word)
	}
	return "  " + word
}

func eventSubject(e sessnode.Event) string {
	name := func(subject string) string {
		if subject == "" {
			return "anonymous"
		}
		return term.Clean(subject)
	}
	if e.Kind == sessnode.EventBound && e.Was != e.Subject {
		return name(e.Was) + " → " + name(e.Subject)
	}
	return name(e.Subject)
}

func eventOrigin(e sessnode.Event) string {
	var origin string
	if e.Actor != "" && e.Actor != "token" {
		origin += "  by " + term.Clean(e.Actor)
	}
	if e.Node != "" {
		origin += "  at " + term.Clean(e.Node)
	}
	return origin
}
