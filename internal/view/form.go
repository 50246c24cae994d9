package view

import (
	"strconv"
	"time"

	"github.com/sessnode/sessnode/internal/term"
)

// Form is for whom tables are written: for people at a Screen, as seen from Now ("3m ago", "12,345", "✓ ready"), or with Plain
// for programs ("2026-05-01T12:00:00Z", "12345", "ready").
type Form struct {
	Now    time.Time
	Plain  bool
	Screen term.Screen
}

// When shows a time; "-" stands for none.
func (f Form) When(t time.Time) string {
	switch {
	case t.IsZero() && f.Plain:
		return ""
	case t.IsZero():
		return "-"
	case f.Plain:
		return t.UTC().Format(time.RFC3339)
	}
	return term.Ago(f.Now.Sub(t))
}

// Full shows a time from both sides: "3m ago (2026-05-01T12:00:00Z)".
func (f Form) Full(t time.Time) string {
	if t.IsZero() || f.Plain {
		return f.When(t)
	}
	return f.When(t) + " (" + t.UTC().Format(time.RFC3339) + ")"
}

// Count shows a number.
func (f Form) Count(n uint64) string {
	if f.Plain {
		return strconv.FormatUint(n, 10)
	}
	return term.Count(n)
}

// Bytes shows a number of bytes.
func (f Form) Bytes(n uint64) string {
	if f.Plain {
		return strconv.FormatUint(n, 10)
	}
	return term.Bytes(n)
}

// subject shows who is signed in.
func (f Form) subject(name string) string {
	if name == "" && !f.Plain {
		return "(anonymous)"
	}
	return term.Clean(name)
}

// stamp is a time in JSON: in UTC, left out where there is none.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// seconds is a duration in JSON as the HTTP API writes it, "1800s"; empty for none.
func seconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return secondsOf(d)
}
