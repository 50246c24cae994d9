package sessnode

import (
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

// EventPos is a place in the stream of events: after so many of the events that the log entry at a position brought forth. Its text
// is the id of the last of these events.
type EventPos struct {
	Position
	Count uint64
}

// String returns the id.
func (p EventPos) String() string { return p.Position.String() + "-" + strconv.FormatUint(p.Count, 36) }

// ParseEventPos reads what String wrote. It wraps ErrInvalid.
func ParseEventPos(s string) (EventPos, error) {
	at, count, found := cutLast(s)
	p, err1 := ParsePosition(at)
	n, err2 := strconv.ParseUint(count, 36, 64)
	if !found || err1 != nil || err2 != nil {
		return EventPos{}, Errorf(CodeInvalid, "", "%d characters are not the id of an event that this store gave out", len(s))
	}
	return EventPos{p, n}, nil
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// Less reports whether p comes before q within one life of the cluster.
func (p EventPos) Less(q EventPos) bool {
	return p.Index < q.Index || p.Index == q.Index && p.Count < q.Count
}
