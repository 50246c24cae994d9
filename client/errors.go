package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/sessnode/sessnode"
)

// failure is why a try brought nothing.
type failure struct {
	final      bool          // the store has spoken, or the request is wrong: another try would not help
	sent       bool          // the request is a change, and may have been made
	thisTry    bool          // final, but says nothing of tries before: the node refused without asking what was made already
	elsewhere  bool          // the node is well; only another one may have what was asked for
	err        error         // the outcome, where it is final
	reason     string        // the node's, where it gave one
	detail     string        // what happened, for a person
	retryAfter time.Duration // what the node asked for
}

var unsent = failure{detail: "there was no time left for a try"}

// giveUp is the outcome when no try settled it: unknown when a change may have been made, else unavailable. Where the
// caller's own context ended, errors.Is tells that too.
func (f *failure) giveUp(ctx context.Context, r *request, doubt bool) error {
	e := sessnode.Errorf(sessnode.CodeUnavailable, f.reason, "%s", f.detail)
	if doubt {
		e.Err = sessnode.ErrUnknown
	}
	e.Op, e.App, e.RetryAfter = r.op, r.app, f.retryAfter
	if cause := ctx.Err(); cause != nil {
		e.Err = ended{outcome: e.Err, cause: cause}
	}
	return e
}

// ended is an outcome that came about because the caller's context ended.
type ended struct{ outcome, cause error }

func (e ended) Error() string   { return e.outcome.Error() + ", " + e.cause.Error() }
func (e ended) Unwrap() []error { return []error{e.outcome, e.cause} }

// describe says what happened to a connection, in words of its own: the texts of net/http quote addresses, and some
// quote what the other side sent, which might be anything.
func describe(err error) string {
	var timeout net.Error
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled by the caller"
	case errors.As(err, &dns):
		return "no such host"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed before the answer"
	case errors.Is(err, http.ErrSchemeMismatch):
		return "one side speaks TLS and the other does not"
	case strings.Contains(err.Error(), "tls: "), strings.Contains(err.Error(), "x509: "):
		return "the TLS handshake failed: check the certificates"
	}
	return "connection failed"
}

// scrub makes a text of the other side fit for an error: one line, not long, without the secrets of this request.
func scrub(text string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > 500 {
		text = string(runes[:500]) + "..."
	}
	return text
}
