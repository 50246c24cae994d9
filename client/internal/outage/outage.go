// Package outage answers a browser in the place of a handler when the store could not do its part. The adapters to other session
// libraries share it; sessionhttp, which has the whole response in its hands, does not need it.
package outage

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/sessnode/sessnode"
)

// defaultRetryAfter is what a browser is asked to wait when the store did not say: about an election.
const defaultRetryAfter = 2 * time.Second

// gone are the headers that belong to the response that the handler meant to send.
var gone = []string{"Set-Cookie", "Location", "Content-Encoding", "Content-Type", "Etag", "Last-Modified", "Content-Disposition", "Transfer-Encoding", "Trailer"}

// Status returns 503 where the store cannot answer, does not know the outcome or is full; 409 where the app's policy allows the subject no
// more sessions; else 500, for what only the application or its operator can mend.
func Status(err error) int {
	switch {
	case errors.Is(err, sessnode.ErrUnavailable), errors.Is(err, sessnode.ErrUnknown), errors.Is(err, sessnode.ErrFull):
		return http.StatusServiceUnavailable
	case errors.Is(err, sessnode.ErrLimit):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

// Answer writes the response. It sets no cookie and takes none away, and tells nothing of the store's inner life.
//
// The libraries let the handler go on writing its page behind it. So the length is announced: net/http drops what comes after.
func Answer(w http.ResponseWriter, err error) {
	h := w.Header()
	for _, name := range gone {
		h.Del(name)
	}
	status := Status(err)
	text := "This went wrong on our side. You have not been signed out.\n"
	switch status {
	case http.StatusServiceUnavailable:
		text = "The session store cannot answer just now. You have not been signed out: please try again in a moment.\n"
		h.Set("Retry-After", retryAfter(err))
	case http.StatusConflict:
		text = "You are signed in at too many places already: sign out somewhere first.\n"
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the browser may be gone
}

// retryAfter is what the store asks for, in whole seconds, at least one.
func retryAfter(err error) string {
	wait := defaultRetryAfter
	if e, ok := errors.AsType[*sessnode.Error](err); ok && e.RetryAfter > 0 {
		wait = e.RetryAfter
	}
	return strconv.Itoa(int(math.Ceil(wait.Seconds())))
}
