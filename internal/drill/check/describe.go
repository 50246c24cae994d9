package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/sessnode/sessnode/internal/drill/history"
)

// describe prints an operation for a person who reads a violation: what was asked of which nodes, and what was said. What is empty is left
// out.
func describe(op *history.Op) string {
	words := []string{fmt.Sprintf("client %d", op.Client), op.Kind.String()}
	add := func(is bool, format string, args ...any) {
		if is {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	add(op.Session >= 0, "token %d", op.Token)
	switch op.Kind {
	case history.Create, history.Put:
		add(true, "%s", contentText(op.Content))
		add(op.IfMatch != 0, "if version %d", op.IfMatch)
	case history.Patch:
		add(true, "%s=%s", op.Register, op.Value)
		add(op.Guarded, "if it is %q", op.Expect)
	case history.Rotate:
		add(true, "to token %d", op.NewToken)
	case history.Incr:
		add(true, "by %d", op.Delta)
	}
	add(op.Bind || op.Session < 0, "subject %s", op.Subject)
	add(op.Kind == history.RevokeSubject && op.Except >= 0, "except session %d", op.Except)
	for _, try := range op.Tries {
		if try.Outcome == history.Done {
			add(true, "at n%d", try.Node+1)
		} else {
			add(true, "at n%d (%v)", try.Node+1, try.Outcome)
		}
	}
	return strings.Join(words, " ") + " → " + answerText(op)
}

// answerText prints what a definite answer said, or that there was none.
func answerText(op *history.Op) string {
	if op.Outcome != history.Done {
		return op.Outcome.String()
	}
	a := op.Answer
	text := a.Code.String()
	add := func(is bool, format string, args ...any) {
		if is {
			text += " " + fmt.Sprintf(format, args...)
		}
	}
	add(a.Reason != "", "(%s)", a.Reason)
	if !op.OK() {
		return text
	}
	add(a.Version != 0, "v%d", a.Version)
	add(a.Subject != "", "subject %s", a.Subject)
	add(op.Kind == history.Read, "%s", contentText(a.Content))
	add(op.Kind == history.Pop, "slot=%s", a.Value)
	add(op.Kind == history.Incr, "count=%d", a.Number)
	add(op.Kind == history.RevokeSubject, "ended %d", a.Ended)
	add(op.Kind == history.List, "sessions %v", a.Sessions)
	return text
}

// contentText prints what a session holds.
func contentText(c history.Content) string {
	var parts []string
	for _, field := range []struct{ name, value string }{{"a", c.A}, {"b", c.B}, {"slot", c.Slot}} {
		if field.value != "" {
			parts = append(parts, field.name+"="+field.value)
		}
	}
	if c.Count != 0 {
		parts = append(parts, fmt.Sprintf("count=%d", c.Count))
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// between prints from when to when something was under way, in seconds since the drill's clock was started.
func between(from, to int64) string {
	if to == forever {
		return fmt.Sprintf("%.4f s and on", time.Duration(from).Seconds())
	}
	return fmt.Sprintf("%.4f–%.4f s", time.Duration(from).Seconds(), time.Duration(to).Seconds())
}
