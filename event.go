package sessnode

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Event is one thing that happened to a session, as the log tells it: the same at every node, in the same order, with the same
// id. It holds no attributes and no token.
type Event struct {
	ID      string // where in the stream it stands; opaque, for resuming after it
	Kind    EventKind
	App     string
	Session ID
	Subject string // of the session after the event; of one that ended, the one it had
	Was     string // bound: the subject before
	Reason  string // revoked: ReasonRevoked or ReasonEvicted; expired: ReasonExpired; gap: why events are missing
	Actor   string // who or what did it: "token", "key:NAME", a rule
	Node    string // where the change came in; empty for a rule
	At      time.Time
}

// EventKind says what happened.
type EventKind uint8

// The kinds of events.
const (
	// EventGap means that events are missing here: the node got its state from a snapshot, or the reader fell too far behind.
	// Whoever keeps a picture of the sessions must read them anew. Only Reason and ID are set.
	EventGap EventKind = iota

	// EventCreated means that a session began.
	EventCreated

	// EventBound means that the session got another subject, or that its subject proved itself again, together with a new
	// token: a login, or with an empty Subject a logout that keeps the session.
	EventBound

	// EventRotated means that the session got a new token and kept its subject.
	EventRotated

	// EventRevoked means that the session was ended early, also to make room for another one.
	EventRevoked

	// EventExpired means that the session ended by rule.
	EventExpired
)

var eventKinds = [...]string{EventGap: "gap", EventCreated: "created", EventBound: "bound", EventRotated: "rotated", EventRevoked: "revoked", EventExpired: "expired"}

// String returns the kind's name in HTTP.
func (k EventKind) String() string {
	if int(k) < len(eventKinds) {
		return eventKinds[k]
	}
	return "unknown"
}

// ParseEventKind finds a kind by its name.
func ParseEventKind(name string) (EventKind, bool) {
	for i, known := range eventKinds {
		if known == name {
			return EventKind(i), true
		}
	}
	return 0, false
}

// OldestEvent stands, where an event's id is asked for, for the place before the oldest event that is kept.
const OldestEvent = "oldest"

// EventQuery says which events are wanted.
type EventQuery struct {
	App     string      // empty = of all apps
	Subject string      // of the session, after the event or before it; empty = of all
	Kinds   []EventKind // nil = all; a gap is always told
	After   string      // the id of the last event that was seen, any Session-Index, OldestEvent, or empty for "from now on"
}

// Wants reports whether an event is one of those asked for.
func (q EventQuery) Wants(e *Event) bool {
	return (q.App == "" || q.App == e.App) &&
		(q.Subject == "" || q.Subject == e.Subject || q.Subject == e.Was) &&
		(q.Kinds == nil || slices.Contains(q.Kinds, e.Kind))
}

// EventPage is a part of the stream, in the order of the log.
type EventPage struct {
	Events []Event
	Next   string // where to go on: all that was asked for up to there is in this page or in those before it
}

// EventPos is a place in the stream of events: behind so many of the events that the log entry at a position brought forth, or
// behind all of them where Count is zero. Its text is the id of the last event before that place; of the last event of an entry,
// and of an entry that brought forth none, it is the Position's text.
type EventPos struct {
	Position
	Count uint64
}

// String returns the id.
func (p EventPos) String() string {
	if p.Count == 0 {
		return p.Position.String()
	}
	return p.Position.String() + "-" + strconv.FormatUint(p.Count, 36)
}

// ParseEventPos reads what String wrote. It wraps ErrInvalid.
func ParseEventPos(s string) (EventPos, error) {
	parts := strings.Split(s, "-")
	if len(parts) == 2 || len(parts) == 3 {
		p, err := ParsePosition(parts[0] + "-" + parts[1])
		if err == nil && len(parts) == 2 {
			return EventPos{Position: p}, nil
		}
		if n, err2 := strconv.ParseUint(parts[len(parts)-1], 36, 64); err == nil && err2 == nil && n > 0 {
			return EventPos{p, n}, nil
		}
	}
	return EventPos{}, Errorf(CodeInvalid, "", "%d characters are not the id of an event that this store gave out", len(s))
}

// Less reports whether p comes before q, within one life of the cluster.
func (p EventPos) Less(q EventPos) bool {
	return p.Index < q.Index || p.Index == q.Index && p.Count-1 < q.Count-1 // zero, all of the entry, becomes the largest
}
