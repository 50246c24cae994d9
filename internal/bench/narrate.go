package bench

import (
	"fmt"
	"strings"
	"time"

	"github.com/sessnode/sessnode/internal/term"
)

// Line says in one line how far the load has come, for a screen's width: what is done, and for how long it still is.
func (p Progress) Line(s term.Screen) string {
	switch p.Phase {
	case Preparing:
		return fmt.Sprintf("%s %s of %s sessions", p.Phase, term.Count(p.Done), term.Count(p.Of))
	case Revoking:
		return fmt.Sprintf("%s %s sessions", p.Phase, term.Count(p.Of))
	}
	text := fmt.Sprintf("%s %d/%d  %s, %s, through %s", p.Phase, p.Run, p.Runs, p.Workload, clients(p.Clients), p.Route)
	figures := fmt.Sprintf("%s of %s  %s/s", whole(min(p.Elapsed, p.Length)), whole(p.Length), term.Count(uint64(p.PerSecond+0.5)))
	if p.Failed > 0 {
		figures += "  " + s.Red(term.Count(p.Failed)+" failed")
	}
	if !s.Moves() {
		return text + ", " + strings.ReplaceAll(figures, "  ", ", ")
	}
	return text + "  " + s.Cyan(gauge(p.Elapsed, p.Length)) + "  " + figures
}

const gaugeWidth = 10

// gauge draws how much of a time is over.
func gauge(elapsed, length time.Duration) string {
	full := 0
	if length > 0 {
		full = min(int(elapsed*gaugeWidth/length), gaugeWidth)
	}
	return strings.Repeat("█", full) + strings.Repeat("░", gaugeWidth-full)
}

// whole writes a duration without what nobody can follow.
func whole(d time.Duration) string {
	if d >= 10*time.Second {
		return term.Duration(d.Truncate(time.Second))
	}
	return term.Duration(d.Truncate(100 * time.Millisecond))
}
