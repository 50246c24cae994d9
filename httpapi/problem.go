package httpapi

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/sessnode/sessnode"
)

// unavailableRetry is what Retry-After says where the store does not know better: an election takes about a second.
const unavailableRetry = time.Second

// settle gives an error the code with which it is answered. After a read, no outcome is unknown: nothing could have been
// done, and the client may ask again.
func settle(err error, changes bool) sessnode.Code {
	code := sessnode.CodeOf(err)
	if code == sessnode.CodeUnknown && !changes {
		return sessnode.CodeUnavailable
	}
	return code
}

// problem answers an error as problem+json (RFC 9457), whatever the request accepts.
func problem(err error, changes bool) *Reply {
	return problemWith(settle(err, changes).Info().Status, err, changes)
}

// problemWith is problem with a status of its own. The code stays the one that clients act on.
func problemWith(status int, err error, changes bool) *Reply {
	code := settle(err, changes)
	var e *sessnode.Error
	if !errors.As(err, &e) {
		e = &sessnode.Error{Detail: foreign(err)}
	}
	info := code.Info()
	w := newWriter(formatJSON)
	w.beginObject()
	member := func(name, value string) {
		if value != "" {
			w.name(name)
			w.text(value)
		}
	}
	member("type", "about:blank")
	member("title", info.Err.Error())
	w.name("status")
	w.uint(uint64(status))
	member("code", info.Name)
	member("reason", e.Reason)
	member("detail", e.Detail)
	member("outcome", outcome(code))
	member("oldest", e.Oldest)
	retry := e.RetryAfter
	if retry <= 0 && code == sessnode.CodeUnavailable {
		retry = unavailableRetry
	}
	r := &Reply{Status: status}
	if retry > 0 {
		w.name("retry_after")
		w.raw([]byte(seconds(retry)))
		r.set("Retry-After", strconv.Itoa(int(math.Ceil(retry.Seconds()))))
	}
	w.end()
	if code == sessnode.CodeUnauthorized {
		r.set("Www-Authenticate", "Bearer")
	}
	r.set("Content-Type", typeProblem)
	r.Body = w.buf
	return r
}

// outcome says what became of a change. It is "not_done" for a read too.
func outcome(code sessnode.Code) string {
	if code == sessnode.CodeUnknown {
		return "unknown"
	}
	return "not_done"
}

// foreign describes an error that is none of ours. Its text is not shown: nobody checked what it holds.
func foreign(err error) string {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return "the request's time was over before the store answered"
	}
	return "the store failed in a way that it does not explain; the node's log may say more"
}
