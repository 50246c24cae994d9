package scsstore

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/internal/outage"
)

// ErrorFunc is for scs.SessionManager.ErrorFunc. While the store cannot answer, it answers 503 with Retry-After and leaves the cookie alone, so
// that nobody is signed out; a subject that may have no more sessions is a 409, anything else a 500. It logs with slog.Default, and the visitor sees
// one line of plain text.
//
// When the session ended while the request was under way, it writes nothing: the handler's page goes out, without a cookie. So a late
// request cannot bring the cookie of the old session back over that of a new one.
func ErrorFunc(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, sessnode.ErrNotFound) {
		slog.DebugContext(r.Context(), "a parallel request ended the session: changes dropped", "reason", sessnode.ReasonOf(err))
		return
	}
	if !errors.Is(err, context.Canceled) { // else the browser went away
		slog.ErrorContext(r.Context(), "session", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	outage.Answer(w, err)
}
