package sessnode

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The sentinels say what a caller may conclude. Compare with errors.Is: it works on both sides of the wire.
var (
	// ErrNotFound means the store is certain that no live session has this token: it never existed, expired, was revoked,
	// or was rotated away. The request is anonymous. Only for the reason "rotated" must the cookie be left alone.
	ErrNotFound = errors.New("session not found")

	// ErrConflict means the change was refused because of what is stored: a token that is taken, a value that is no
	// integer, an operation id used for something else. Nothing was changed.
	ErrConflict = errors.New("conflict with the stored state")

	// ErrLimit means a rule of the app's policy refuses one more (sessions of a subject, anonymous sessions). Nothing was
	// changed, and a retry will not help until something ends.
	ErrLimit = errors.New("limit of the app's policy reached")

	// ErrPrecondition means an If-Match version or an `if` comparison did not hold. Nothing was changed: read, then decide.
	ErrPrecondition = errors.New("precondition failed")

	// ErrTooLarge means the request, or the session it would make, exceeds a documented size. Nothing was changed.
	ErrTooLarge = errors.New("too large")

	// ErrInvalid means the request cannot be understood as written. Nothing was changed.
	ErrInvalid = errors.New("invalid request")

	// ErrUnknownApp means the node runs with strict apps and this app was never declared. Nothing was changed.
	ErrUnknownApp = errors.New("app was never declared")

	// ErrUnauthorized means no valid API key came with the request.
	ErrUnauthorized = errors.New("API key missing or unknown")

	// ErrForbidden means the API key is valid but its role does not cover this request.
	ErrForbidden = errors.New("API key does not allow this")

	// ErrUnavailable means the store could not answer, usually because no leader is elected. It says nothing about the
	// session: never sign the user out. A change that gets it was certainly not made and is safe to retry.
	ErrUnavailable = errors.New("session store unavailable")

	// ErrUnknown means a change was sent but its fate is not known: it may have been made, or may yet be. Retry with the
	// same operation id, or read.
	ErrUnknown = errors.New("outcome unknown")

	// ErrFull means the store's byte budget is used up, or (reason disk) its disks nearly are. Creating and growing are refused; ending and touching still work.
	ErrFull = errors.New("session store full")

	// ErrGone means a cursor or an event id points at history that is no longer kept: start again.
	ErrGone = errors.New("position no longer available")
)

// Code is the stable name of an error on every surface. The zero value OK means no error.
type Code uint8

// The codes, in the order in which they are written to the log: append only.
const (
	OK Code = iota
	CodeNotFound
	CodeConflict
	CodeLimit
	CodePrecondition
	CodeTooLarge
	CodeInvalid
	CodeUnknownApp
	CodeUnauthorized
	CodeForbidden
	CodeUnavailable
	CodeUnknown
	CodeFull
	CodeGone
)

// CodeInfo is one row of the table that ties an error's forms together.
type CodeInfo struct {
	Code   Code
	Name   string // in problem+json, metrics and JSON output
	Err    error  // in Go
	Status int    // in HTTP
	Exit   int    // of the command line
	Python string // class in the Python module sessnode.errors
}

// Codes is the one table that ties code, Go error, HTTP status, exit code and Python exception. It is indexed by Code.
var Codes = [...]CodeInfo{
	OK:               {OK, "ok", nil, 200, 0, ""},
	CodeNotFound:     {CodeNotFound, "not_found", ErrNotFound, 404, 3, "NotFound"},
	CodeConflict:     {CodeConflict, "conflict", ErrConflict, 409, 5, "Conflict"},
	CodeLimit:        {CodeLimit, "limit", ErrLimit, 409, 5, "Limit"},
	CodePrecondition: {CodePrecondition, "precondition_failed", ErrPrecondition, 412, 5, "PreconditionFailed"},
	CodeTooLarge:     {CodeTooLarge, "too_large", ErrTooLarge, 413, 2, "TooLarge"},
	CodeInvalid:      {CodeInvalid, "invalid", ErrInvalid, 400, 2, "Invalid"},
	CodeUnknownApp:   {CodeUnknownApp, "unknown_app", ErrUnknownApp, 400, 2, "UnknownApp"},
	CodeUnauthorized: {CodeUnauthorized, "unauthorized", ErrUnauthorized, 401, 6, "Unauthorized"},
	CodeForbidden:    {CodeForbidden, "forbidden", ErrForbidden, 403, 6, "Forbidden"},
	CodeUnavailable:  {CodeUnavailable, "unavailable", ErrUnavailable, 503, 4, "Unavailable"},
	CodeUnknown:      {CodeUnknown, "unknown", ErrUnknown, 504, 7, "Unknown"},
	CodeFull:         {CodeFull, "full", ErrFull, 507, 4, "Full"},
	CodeGone:         {CodeGone, "gone", ErrGone, 410, 3, "Gone"},
}

// Info returns the row of c; a code that this build does not know is reported as unknown, the outcome that promises least.
func (c Code) Info() CodeInfo {
	if int(c) < len(Codes) {
		return Codes[c]
	}
	return Codes[CodeUnknown]
}

// String returns the code's stable name.
func (c Code) String() string { return c.Info().Name }

// ParseCode finds a code by its stable name.
func ParseCode(name string) (Code, bool) {
	for _, row := range Codes {
		if row.Name == name {
			return row.Code, true
		}
	}
	return OK, false
}

// CodeOf returns the code of err: OK for nil, CodeUnknown for an error that wraps none of the sentinels.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	for _, row := range Codes[1:] {
		if errors.Is(err, row.Err) {
			return row.Code
		}
	}
	return CodeUnknown
}

// Reasons refine a code. They are stable and lower case; an unknown one is to be treated like none.
const (
	ReasonExpired     = "expired"          // not_found: ended by rule
	ReasonRevoked     = "revoked"          // not_found, conflict: ended early
	ReasonEvicted     = "evicted"          // not_found: gave way to another session
	ReasonRotated     = "rotated"          // not_found, conflict: the session lives on under a newer token
	ReasonTaken       = "taken"            // conflict: a live session has this token
	ReasonNotInteger  = "not_integer"      // conflict: incr on something else, or past int64
	ReasonOpReused    = "operation_reused" // conflict: this operation id was used for another change
	ReasonChanging    = "policy_changing"  // conflict: the app's previous policy change is still being carried out
	ReasonWindowFull  = "window_full"      // unavailable: too many operation ids to remember
	ReasonTooLate     = "too_late"         // unavailable: the change arrived after its deadline
	ReasonNoLeader    = "no_leader"        // unavailable: no node leads at the moment
	ReasonOverload    = "overload"         // unavailable: the node is at work on as much as it takes at once
	ReasonBehind      = "behind"           // unavailable: this node has not applied enough of the log
	ReasonGeneration  = "generation"       // unavailable, gone: the position belongs to another life of the cluster
	ReasonSnapshot    = "snapshot"         // gone: the node got its state from a snapshot, which holds no events
	ReasonDisk        = "disk"             // full: too few nodes have room on their disks; conflict: the node that is to lead has none
	ReasonOverrun     = "overrun"          // gone: more events came since than are kept
	ReasonSubjectFull = "subject_limit"    // limit: the subject has as many sessions as the policy allows
	ReasonAnonymous   = "anonymous_quota"  // limit: the app has as many anonymous sessions as the policy allows
)

// Error is what the store's functions return: a sentinel with what is known around it.
type Error struct {
	Op         string        // what was tried: "create", "read", ...
	App        string        // the app, empty where there is none
	Reason     string        // a Reason constant, or empty
	Detail     string        // a sentence for a person: what is wrong and how to cure it; never holds a token
	RetryAfter time.Duration // when a retry may help; 0 = not known
	Oldest     string        // ErrGone: where the events that are still kept begin, for EventQuery.After; else empty
	Err        error         // the sentinel
}

// Errorf makes an Error for a code. The detail must not contain a token.
func Errorf(code Code, reason, format string, args ...any) *Error {
	return &Error{Err: code.Info().Err, Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// Error returns one line without line breaks and without any token.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	b.WriteString(e.Err.Error())
	if e.Reason != "" {
		b.WriteString(" (" + e.Reason + ")")
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	return b.String()
}

// Unwrap makes errors.Is see the sentinel.
func (e *Error) Unwrap() error { return e.Err }

// ReasonOf returns the reason that err carries, or "".
func ReasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}
