package sessionhttp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/sessnode/sessnode"
)

// defaultRetryAfter is what a browser is asked to wait when the store did not say: about an election.
const defaultRetryAfter = 2 * time.Second

// Status returns the status of a response that gives way to an error of the store: 503 where the store cannot answer, does not
// know the outcome or is full; 409 where the app's policy allows the subject no more sessions; else 500, for what only the
// application or its operator can mend.
func Status(err error) int {
	switch {
	case passing(err):
		return http.StatusServiceUnavailable
	case errors.Is(err, sessnode.ErrLimit):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

// passing reports whether a later try may succeed.
func passing(err error) bool {
	return errors.Is(err, sessnode.ErrUnavailable) || errors.Is(err, sessnode.ErrUnknown) || errors.Is(err, sessnode.ErrFull)
}

// retryAfter is what the store asks for, in whole seconds, at least one.
func retryAfter(err error) string {
	wait := defaultRetryAfter
	if e, ok := errors.AsType[*sessnode.Error](err); ok && e.RetryAfter > 0 {
		wait = e.RetryAfter
	}
	return strconv.Itoa(int(math.Ceil(wait.Seconds())))
}

// plainError is the default of Options.OnError. It tells nothing of the store's inner life.
func plainError(w http.ResponseWriter, _ *http.Request, err error) {
	text := "This went wrong on our side. You have not been signed out."
	switch Status(err) {
	case http.StatusServiceUnavailable:
		text = "The session store cannot answer just now. You have not been signed out: please try again in a moment."
	case http.StatusConflict:
		text = "You are signed in at too many places already: sign out somewhere first."
	}
	http.Error(w, text, Status(err))
}

// report logs a failure, unless it only came about because the browser went away.
func (m *Middleware) report(r *http.Request, what string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	m.options.Log.ErrorContext(r.Context(), what, "app", m.client.Name(), "method", r.Method, "path", r.URL.Path, "err", err)
}

// invalid is the error of a handler's mistake. It wraps sessnode.ErrInvalid.
func invalid(format string, args ...any) error {
	return &sessnode.Error{Op: "session", Detail: fmt.Sprintf(format, args...), Err: sessnode.ErrInvalid}
}
