package report

import (
	"fmt"
	"strings"

	"github.com/sessnode/sessnode/internal/drill/result"
)

// logGroup are the lines around one thing that happened.
type logGroup struct {
	Title string
	Lines []logLine
	Open  bool
}

type logLine struct {
	At, Since string
	Node      string
	Style     string
	Tone      string // of its level
	Text      string
}

// event is a moment around which logs are read.
type event struct {
	at    float64
	title string
}

// logGroups puts each line to the event that is nearest to it, in the order of time.
func logGroups(r *result.Result) []logGroup {
	var events []event
	for _, f := range r.Faults {
		events = append(events, event{f.FromMS, fmt.Sprintf("%s %s, at %s", f.Name, f.On, moment(f.FromMS))})
		if f.ToMS > f.FromMS {
			events = append(events, event{f.ToMS, fmt.Sprintf("%s %s healed, at %s", f.Name, f.On, moment(f.ToMS))})
		}
	}
	if len(events) == 0 {
		events = []event{{0, "the whole drill"}}
	}
	groups := make([]logGroup, len(events))
	for _, l := range r.Logs {
		nearest := 0
		for i, e := range events {
			if abs(l.AtMS-e.at) < abs(l.AtMS-events[nearest].at) {
				nearest = i
			}
		}
		groups[nearest].Lines = append(groups[nearest].Lines, logLine{At: moment(l.AtMS), Since: fmt.Sprintf("%+.2f s", (l.AtMS-events[nearest].at)/1000),
			Node: l.Node, Style: nodeStyle(r, l.Node), Tone: levelTone(l.Text), Text: l.Text})
	}
	var all []logGroup
	for i, g := range groups {
		if len(g.Lines) > 0 {
			g.Title, g.Open = events[i].title, len(all) == 0
			all = append(all, g)
		}
	}
	return all
}

// levelTone is the style of a line of a node's log.
func levelTone(text string) string {
	switch level, _, _ := strings.Cut(text, " "); level {
	case "level=ERROR":
		return "bad"
	case "level=WARN":
		return "warn"
	}
	return ""
}

func abs(v float64) float64 { return max(v, -v) }
