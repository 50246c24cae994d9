package client

import (
	"encoding/json"
	"time"

	"github.com/sessnode/sessnode"
)

// span is a duration in an answer: a string of seconds, "1800s".
type span time.Duration

func (s *span) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	d, err := time.ParseDuration(text)
	*s = span(d)
	return err
}

func (s span) MarshalJSON() ([]byte, error) { return quote(duration(time.Duration(s))), nil }

// wireID is a session's public name; the empty string stands for none.
type wireID sessnode.ID

func (id *wireID) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil || text == "" {
		return err
	}
	parsed, err := sessnode.ParseID(text)
	*id = wireID(parsed)
	return err
}

type wireRaw struct {
	Codec string `json:"codec"`
	Data  []byte `json:"data"`
}

type wireDevice struct {
	IP        string `json:"ip"`
	UserAgent string `json:"user_agent"`
	Label     string `json:"label"`
}

// wireSession is a session in an answer, and the answer of every change of one.
type wireSession struct {
	ID            wireID                     `json:"id"`
	App           string                     `json:"app"`
	Subject       string                     `json:"subject"`
	Version       uint64                     `json:"version"`
	Created       time.Time                  `json:"created"`
	Authenticated time.Time                  `json:"authenticated"`
	Touched       time.Time                  `json:"touched"`
	IdleDeadline  time.Time                  `json:"idle_deadline"`
	End           time.Time                  `json:"end"`
	Idle          span                       `json:"idle"`
	Lifetime      span                       `json:"lifetime"`
	Expires       time.Time                  `json:"expires"`
	Previous      bool                       `json:"previous"`
	Device        wireDevice                 `json:"device"`
	Attrs         map[string]json.RawMessage `json:"attrs"`
	Raw           map[string]wireRaw         `json:"raw"`
	Values        map[string]json.RawMessage `json:"values"`
}

// session leaves Attrs nil where the answer has none.
func (w wireSession) session() sessnode.Session {
	s := sessnode.Session{
		App: w.App, ID: sessnode.ID(w.ID), Subject: w.Subject, Version: w.Version,
		Device:  sessnode.Device(w.Device),
		Created: w.Created, Authenticated: w.Authenticated, Touched: w.Touched,
		IdleDeadline: w.IdleDeadline, End: w.End,
		Timeouts: sessnode.Timeouts{Idle: time.Duration(w.Idle), Lifetime: time.Duration(w.Lifetime), Expires: w.Expires},
		Previous: w.Previous,
	}
	if w.Attrs != nil {
		s.Attrs = values(w.Attrs, w.Raw)
	}
	return s
}

// values puts plain and raw values together. A codec that this build does not know is kept as bytes.
func values(plain map[string]json.RawMessage, raw map[string]wireRaw) map[string]sessnode.Value {
	all := make(map[string]sessnode.Value, len(plain)+len(raw))
	for name, text := range plain {
		all[name] = sessnode.Value{Codec: sessnode.JSON, Data: text}
	}
	for name, r := range raw {
		codec, known := sessnode.ParseCodec(r.Codec)
		if !known {
			codec = sessnode.Bytes
		}
		all[name] = sessnode.Value{Codec: codec, Data: r.Data}
	}
	return all
}

type wireEvent struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	App     string    `json:"app"`
	Session wireID    `json:"session"`
	Subject string    `json:"subject"`
	Was     string    `json:"was"`
	Reason  string    `json:"reason"`
	Actor   string    `json:"actor"`
	Node    string    `json:"node"`
	At      time.Time `json:"at"`
}

// event is false for a kind that this build does not know.
func (w wireEvent) event() (sessnode.Event, bool) {
	kind, known := sessnode.ParseEventKind(w.Kind)
	return sessnode.Event{ID: w.ID, Kind: kind, App: w.App, Session: sessnode.ID(w.Session), Subject: w.Subject, Was: w.Was,
		Reason: w.Reason, Actor: w.Actor, Node: w.Node, At: w.At}, known
}

type wireEnded struct {
	ID      wireID    `json:"id"`
	Subject string    `json:"subject"`
	Reason  string    `json:"reason"`
	Actor   string    `json:"actor"`
	Node    string    `json:"node"`
	At      time.Time `json:"at"`
	Index   uint64    `json:"index"`
}

func endedOf(app string, list []wireEnded) []sessnode.Ended {
	out := make([]sessnode.Ended, 0, len(list))
	for _, w := range list {
		out = append(out, sessnode.Ended{
			App: app, ID: sessnode.ID(w.ID), Subject: w.Subject,
			Reason: w.Reason, Actor: w.Actor, Node: w.Node, At: w.At, Index: w.Index,
		})
	}
	return out
}

func sessionsOf(list []wireSession) []sessnode.Session {
	out := make([]sessnode.Session, 0, len(list))
	for _, w := range list {
		out = append(out, w.session())
	}
	return out
}

// into reads an answer's body. A body that makes no sense has the outcome of no answer at all.
func (r *request) into(a *answer, v any) error {
	if err := json.Unmarshal(a.body, v); err != nil {
		return r.unreadable()
	}
	return nil
}
