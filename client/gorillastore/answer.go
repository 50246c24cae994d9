package gorillastore

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/internal/outage"
)

// Answered answers the browser where an error of Get, New, Save or Flashes is in the way, and reports whether it did: then the handler is to
// return. While the store cannot answer, that is a 503 with Retry-After that leaves the cookie alone, so that nobody is signed out; a subject that may
// have no more sessions is a 409, anything else a 500. It logs with slog.Default, and the visitor sees one line of plain text.
//
// It does nothing for nil, nor for sessnode.ErrNotFound, which Save returns when the session ended while the request was under way: the
// handler's page can go out.
func Answered(w http.ResponseWriter, r *http.Request, err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, sessnode.ErrNotFound):
		slog.DebugContext(r.Context(), "a parallel request ended the session: changes dropped", "reason", sessnode.ReasonOf(err))
		return false
	case !errors.Is(err, context.Canceled): // else the browser went away
		slog.ErrorContext(r.Context(), "session", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	outage.Answer(w, err)
	return true
}
