// Package nodelog reads the logs that nodes write as text, for what a drill's report needs of them: the lines around a fault, and
// when a node asked for an election and took office. The nodes' clock is the machine's, which the drill shares.
package nodelog

import (
	"bufio"
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode/internal/drill/timeline"
)

// Line is one line of one node's log.
type Line struct {
	At   time.Duration // since the drill's clock was started
	Node string
	Text string // all but the time, cut after maxText
}

const (
	maxText = 400
	maxLine = 1 << 20
)

// Read returns a log's lines. What is not a line of ours, such as a stack trace, gets the time of the line before it.
func Read(r io.Reader, node string, start time.Time) ([]Line, error) {
	var lines []Line
	scan := bufio.NewScanner(r)
	scan.Buffer(make([]byte, 0, 64<<10), maxLine)
	var at time.Duration
	for scan.Scan() {
		text := scan.Text()
		if stamp, rest, found := strings.Cut(strings.TrimPrefix(text, "time="), " "); found {
			if t, err := time.Parse(time.RFC3339Nano, stamp); err == nil {
				at, text = t.Sub(start), rest
			}
		}
		if len(text) > maxText {
			text = strings.ToValidUTF8(text[:maxText], "") + "…"
		}
		lines = append(lines, Line{at, node, text})
	}
	return lines, scan.Err()
}

// Merge puts the lines of several nodes into the order of time.
func Merge(logs ...[]Line) []Line {
	all := slices.Concat(logs...)
	slices.SortStableFunc(all, func(a, b Line) int { return cmp.Compare(a.At, b.At) })
	return all
}

// Around keeps the lines that lie in one of the spans, at most limit of them: warnings and worse, and what says who leads, before others.
func Around(lines []Line, spans []timeline.Span, limit int) []Line {
	var in []Line
	for _, l := range lines {
		if slices.ContainsFunc(spans, func(s timeline.Span) bool { return s.Holds(l.At) }) {
			in = append(in, l)
		}
	}
	if len(in) <= limit {
		return in
	}
	var kept []Line
	for _, l := range in {
		if matters(l) && len(kept) < limit {
			kept = append(kept, l)
		}
	}
	return kept
}

func matters(l Line) bool {
	for _, word := range []string{"level=ERROR", "level=WARN", `msg="took office"`, "state\"", "msg=starting", "msg=ready", "election"} {
		if strings.Contains(l.Text, word) {
			return true
		}
	}
	return false
}

// Election finds the first election after a moment that put a node into office: when the first node asked for it, and when the
// winner took office. It is not found where nobody was elected before the end.
func Election(lines []Line, after, end time.Duration) (asked, office time.Duration, found bool) {
	asked = -1
	for _, l := range lines {
		switch {
		case l.At < after || l.At > end:
		case strings.Contains(l.Text, `msg="entering candidate state"`) && asked < 0:
			asked = l.At
		case strings.Contains(l.Text, `msg="took office"`):
			if asked < 0 {
				asked = l.At
			}
			return asked, l.At, true
		}
	}
	return 0, 0, false
}
