// Package logs makes the one logger of a node: log/slog on a stream, as text or JSON, with a last guard against secrets.
//
// Tokens cannot reach it by their type (sessnode.Token prints as a placeholder); the guard here is for text that lost its
// type: attributes under the names by which secrets travel are replaced whatever they hold.
package logs

import (
	"io"
	"log/slog"
	"slices"
	"strings"
)

// secrets are the names under which bearer secrets travel: the session's token, API keys, the cluster key, browser cookies.
var secrets = []string{"token", "session-token", "authorization", "cookie", "set-cookie", "api_key", "cluster_key"}

// hidden stands in for a secret's value.
const hidden = "[hidden]"

// New returns a logger that writes records of at least the given level to w: as JSON lines where format is "json", else as
// key=value text. Times are UTC. It is safe for concurrent use; w sees one Write a record, one at a time.
func New(w io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: replace}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

func replace(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		return slog.Time(a.Key, a.Value.Time().UTC())
	}
	if slices.Contains(secrets, strings.ToLower(a.Key)) {
		return slog.String(a.Key, hidden)
	}
	return a
}
