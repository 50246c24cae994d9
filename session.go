package sessnode

import "time"

// Codec says how the bytes of a value are to be read. The state machine never looks inside.
type Codec uint8

// The codecs, in the order in which they are written to the log: append only.
const (
	JSON    Codec = iota // the very text that was sent
	Msgpack              // the very bytes that were sent
	Bytes                // anything
)

var codecNames = [...]string{JSON: "json", Msgpack: "msgpack", Bytes: "bytes"}

// String returns the codec's name in HTTP.
func (c Codec) String() string {
	if int(c) < len(codecNames) {
		return codecNames[c]
	}
	return "invalid"
}

// ParseCodec finds a codec by its name.
func ParseCodec(s string) (Codec, bool) {
	for i, name := range codecNames {
		if name == s {
			return Codec(i), true
		}
	}
	return 0, false
}

// Value is one attribute's content. Data must not be changed once it was handed over.
type Value struct {
	Codec Codec
	Data  []byte
}

// Device is what the app knows about the browser: for the owner of the session to recognise it, never to decide.
type Device struct {
	IP        string
	UserAgent string
	Label     string
}

// Timeouts are a session's own rules. Zero means the app's policy. The policy's maxima cap all of them.
type Timeouts struct {
	Idle     time.Duration
	Lifetime time.Duration
	Expires  time.Time // absolute and without slack; may lie in the past, which ends the session
}

// Session is the state of one session as a read or a change returns it. Treat it as read-only: values are shared.
type Session struct {
	App     string
	ID      ID
	Subject string // empty = anonymous
	Device  Device
	Attrs   map[string]Value // nil in the effect of a change and in lists
	Version uint64           // +1 for every change of attributes, subject, token or timeouts; not for a touch

	Created       time.Time
	Authenticated time.Time // when the subject was bound or authenticated again; zero if never
	Touched       time.Time
	IdleDeadline  time.Time // Touched + idle timeout, as promised to the user
	End           time.Time // the lifetime's end or Expires, whichever is earlier
	Enforced      time.Time // when the store stops serving it: idle deadline plus slack, or End
	Timeouts      Timeouts  // its own; zero fields follow the policy

	Previous bool // it was reached through a token in rotation grace
}

// Ended is what is left of a session for a while after it ended, and the answer to "why was I logged out?".
type Ended struct {
	App     string
	ID      ID // zero for a token that was revoked without ever having had a session
	Subject string
	Reason  string // ReasonExpired, ReasonRevoked, ReasonEvicted or ReasonRotated
	Actor   string // who or what ended it: an API key's name, a rule
	Node    string // where the change came in; empty for a rule
	At      time.Time
	Index   uint64
}
