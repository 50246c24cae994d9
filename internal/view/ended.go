package view

import (
	"regexp"
	"strconv"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/term"
)

// Ended is the JSON form of what is remembered of a session that ended, with the names of the HTTP API.
type Ended struct {
	ID      string    `json:"id,omitempty" doc:"its public name; left out for a token that never had a session"`
	App     string    `json:"app" doc:"its app"`
	Subject string    `json:"subject,omitempty" doc:"who was signed in"`
	Reason  string    `json:"reason" doc:"expired, revoked, evicted or rotated"`
	Actor   string    `json:"actor,omitempty" doc:"who ended it: token, key:NAME, operator, or a rule"`
	Node    string    `json:"node,omitempty" doc:"where the change came in; left out for a rule"`
	At      time.Time `json:"at" doc:"when"`
	Index   uint64    `json:"index" doc:"place in the log"`
}

// EndedOf returns the JSON form.
func EndedOf(e sessnode.Ended) Ended {
	out := Ended{App: e.App, Subject: e.Subject, Reason: e.Reason, Actor: e.Actor, Node: e.Node, At: e.At.UTC(), Index: e.Index}
	if !e.ID.IsZero() {
		out.ID = e.ID.String()
	}
	return out
}

// EndedTable is the table of sessions that ended.
func EndedTable(list []sessnode.Ended, f Form) *term.Table {
	t := term.NewTable("ID", "SUBJECT", "REASON", "ACTOR", "NODE", "AT", "INDEX").Keep(0, 5).Right(6)
	for _, e := range list {
		o := EndedOf(e)
		t.Row(o.ID, f.subject(e.Subject), o.Reason, term.Clean(o.Actor), term.Clean(o.Node), f.When(e.At), f.Count(o.Index))
	}
	return t
}

// EndedSentence answers "why was I logged out?": "revoked 3m ago by key:web at node n2 (log 88213)".
func EndedSentence(e sessnode.Ended, f Form) string {
	text := "ended"
	switch e.Reason {
	case sessnode.ReasonExpired:
		text = "expired"
	case sessnode.ReasonRevoked:
		text = "revoked"
	case sessnode.ReasonEvicted:
		text = "evicted to make room for another session"
	case sessnode.ReasonRotated:
		text = "given a new token, and lives on"
	}
	text += " " + f.When(e.At)
	if e.Actor != "" {
		text += " by " + who(e.Actor)
	}
	if e.Node != "" {
		text += " at node " + term.Clean(NodeName(e.Node))
	}
	return text + " (log " + strconv.FormatUint(e.Index, 10) + ")"
}

// who says in words who ended a session.
func who(actor string) string {
	switch actor {
	case "token":
		return "the app, with the session's own token"
	case "operator":
		return "an operator"
	case "timeout":
		return "its idle timeout or lifetime"
	case "subject limit":
		return "the app's limit for a subject"
	case "anonymous quota or budget":
		return "the app's quota for anonymous sessions, or the store's budget"
	}
	return term.Clean(actor)
}

// idEnd is what a node's id has behind its name.
var idEnd = regexp.MustCompile(`-[0-9a-f]{16}$`)

// NodeName returns the name in a node's id ("n2-d3ce128096a43de0"), as people know the node.
func NodeName(id string) string { return idEnd.ReplaceAllString(id, "") }
