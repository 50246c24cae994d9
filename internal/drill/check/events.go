package check

import (
	"fmt"

	"github.com/sessnode/sessnode"
)

// Events checks what somebody heard who followed all events from the beginning: each place comes once and in order, sessions begin
// before anything else happens to them and end once, and what is left are exactly the sessions that are stored. After a gap
// nothing can be said of sessions that the follower never heard of.
func Events(events []sessnode.Event, stored []sessnode.Session) []Violation {
	var out []Violation
	wrong := func(e *sessnode.Event, format string, args ...any) {
		out = append(out, violation(Followed, "%s %v of session %v: %s", e.ID, e.Kind, e.Session, fmt.Sprintf(format, args...)))
	}
	var last sessnode.EventPos
	subjects := map[sessnode.ID]string{}
	ended := map[sessnode.ID]bool{}
	whole := true
	for i := range events {
		e := &events[i]
		at, err := sessnode.ParseEventPos(e.ID)
		if err != nil || i > 0 && !last.Less(at) {
			wrong(e, "comes after %v", last)
		}
		last = at
		before, lives := subjects[e.Session]
		switch e.Kind {
		case sessnode.EventGap:
			whole = false
			continue
		case sessnode.EventCreated:
			if lives || ended[e.Session] {
				wrong(e, "it began before")
			}
			subjects[e.Session] = e.Subject
			continue
		}
		if ended[e.Session] || !lives && whole {
			wrong(e, "it does not live")
		}
		switch was := e.Was; e.Kind {
		case sessnode.EventBound, sessnode.EventRotated:
			if e.Kind == sessnode.EventRotated {
				was = e.Subject
			}
			if lives && was != before {
				wrong(e, "its subject was %q, not %q", before, was)
			}
			subjects[e.Session] = e.Subject
		default:
			if lives && e.Subject != before {
				wrong(e, "its subject was %q, not %q", before, e.Subject)
			}
			delete(subjects, e.Session)
			ended[e.Session] = true
		}
	}
	return append(out, leftOver(subjects, stored, whole)...)
}

// leftOver compares the sessions that events tell of with those that are stored.
func leftOver(told map[sessnode.ID]string, stored []sessnode.Session, whole bool) []Violation {
	var out []Violation
	for _, s := range stored {
		subject, known := told[s.ID]
		if !known && whole {
			out = append(out, violation(Followed, "session %v of %q lives, and no event told of it", s.ID, s.Subject))
		}
		if known && subject != s.Subject {
			out = append(out, violation(Followed, "session %v belongs to %q, the events say %q", s.ID, s.Subject, subject))
		}
		delete(told, s.ID)
	}
	for id, subject := range told {
		if whole { // what ended in a gap is not known
			out = append(out, violation(Followed, "session %v of %q does not live, and no event told of its end", id, subject))
		}
	}
	return out
}
