package httpapi

import (
	"maps"
	"slices"
	"time"

	"github.com/sessnode/sessnode"
)

// reply finishes an answer whose body was written.
func (c *call) reply(status int, w *writer) *Reply {
	r := &c.answer
	*r = Reply{Status: status, Body: w.buf, Header: c.fields[:0], typed: true, format: c.out}
	return r
}

// freshWriter begins the body of an answer where the last one of the connection stood.
func (c *call) freshWriter() *writer {
	c.writer.format, c.writer.buf, c.writer.open = c.out, c.writer.buf[:0], c.writer.open[:0]
	return &c.writer
}

// noContent is the answer that has nothing to say.
func noContent() *Reply { return &Reply{Status: 204} }

// session answers with a session as a read shows it: with its attributes.
func (c *call) session(s *sessnode.Session) *Reply {
	w := c.freshWriter()
	w.beginObject()
	w.session(s)
	w.attributes("attrs", s.Attrs)
	w.end()
	r := c.reply(200, w)
	r.hasTag, r.version = true, s.Version
	return r
}

// changed answers a change of a session: without attributes, with the values that the change brought forth, and with the
// token only where the server made it.
func (c *call) changed(status int, effect *sessnode.Effect, minted sessnode.Token, values bool) *Reply {
	w := c.freshWriter()
	w.beginObject()
	w.session(&effect.Session)
	if values {
		w.attributes("values", effect.Values)
	}
	if minted != "" {
		w.name("token")
		w.text(minted.Reveal())
	}
	w.end()
	r := c.reply(status, w)
	r.hasTag, r.version = true, effect.Session.Version
	return r
}

// ended answers with how many sessions a change ended.
func (c *call) ended(n uint64) *Reply {
	w := newWriter(c.out)
	w.beginObject()
	w.name("ended")
	w.uint(n)
	w.end()
	return c.reply(200, w)
}

// session writes the members of a session other than its attributes.
func (w *writer) session(s *sessnode.Session) {
	w.known("id")
	w.id(s.ID)
	w.member("app", s.App)
	w.memberIf("subject", s.Subject)
	w.known("version")
	w.uint(s.Version)
	w.timeIf("created", s.Created)
	w.timeIf("authenticated", s.Authenticated)
	w.timeIf("touched", s.Touched)
	w.timeIf("idle_deadline", s.IdleDeadline)
	w.timeIf("end", s.End)
	w.timeIf("expires", s.Timeouts.Expires)
	if s.Timeouts.Idle > 0 {
		w.name("idle")
		w.duration(s.Timeouts.Idle)
	}
	if s.Timeouts.Lifetime > 0 {
		w.name("lifetime")
		w.duration(s.Timeouts.Lifetime)
	}
	if s.Previous { // only a read knows
		w.name("previous")
		w.bool(true)
	}
	if s.Device != (sessnode.Device{}) {
		w.name("device")
		w.beginObject()
		w.member("ip", s.Device.IP)
		w.member("user_agent", s.Device.UserAgent)
		w.member("label", s.Device.Label)
		w.end()
	}
}

func (w *writer) member(name, value string) {
	w.known(name)
	w.text(value)
}

func (w *writer) timeIf(name string, t time.Time) {
	if !t.IsZero() {
		w.known(name)
		w.time(t)
	}
}

func (w *writer) memberIf(name, value string) {
	if value != "" {
		w.member(name, value)
	}
}

// attributes writes values: those of the answer's own codec under the name given, all others under raw. Nothing is ever
// converted. The order of the names is that of the alphabet, so that equal states have equal bodies.
func (w *writer) attributes(plain string, attrs map[string]sessnode.Value) {
	var few [16]string // most sessions have no more: their names cost no memory
	names := slices.AppendSeq(few[:0], maps.Keys(attrs))
	slices.Sort(names)
	foreign := 0
	w.known(plain)
	w.beginObject()
	for _, name := range names {
		v := attrs[name]
		if !inline(w.format, v) {
			foreign++
			continue
		}
		w.name(name)
		w.raw(v.Data)
	}
	w.end()
	if foreign == 0 {
		return
	}
	w.name("raw")
	w.beginObject()
	for _, name := range names {
		if v := attrs[name]; !inline(w.format, v) {
			w.name(name)
			w.beginObject()
			w.member("codec", v.Codec.String())
			w.name("data")
			w.bytes(v.Data)
			w.end()
		}
	}
	w.end()
}

// sessions writes a list of sessions; attrs says whether their attributes are part of it.
func (w *writer) sessions(list []sessnode.Session, attrs bool) {
	w.name("sessions")
	w.beginList()
	for i := range list {
		w.beginObject()
		w.session(&list[i])
		if attrs {
			w.attributes("attrs", list[i].Attrs)
		}
		w.end()
	}
	w.end()
}

// endedList writes what is remembered of ended sessions.
func (w *writer) endedList(list []sessnode.Ended) {
	w.name("ended")
	w.beginList()
	for _, e := range list {
		w.beginObject()
		if !e.ID.IsZero() {
			w.member("id", e.ID.String())
		}
		w.memberIf("subject", e.Subject)
		w.member("reason", e.Reason)
		w.member("actor", e.Actor)
		w.memberIf("node", e.Node)
		w.name("at")
		w.time(e.At)
		w.name("index")
		w.uint(e.Index)
		w.end()
	}
	w.end()
}

// notModified answers a read whose ETag the client has. A touch moves deadlines without a new version, so they come along.
func (c *call) notModified(s *sessnode.Session) *Reply {
	r := &c.answer
	*r = Reply{Status: 304, Header: c.fields[:0], hasTag: true, version: s.Version, idle: s.IdleDeadline, end: s.End}
	r.set("Vary", "Accept")
	return r
}
