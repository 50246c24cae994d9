package check

import (
	"fmt"
	"hash/maphash"
	"math/bits"
	"slices"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// MaxSubjectSessions is how many sessions one subject may have over a whole run, so that the model's state is two words.
const MaxSubjectSessions = 64

// subjectState is the set of a subject's sessions: those signed in, and those that were and can never be again.
type subjectState struct {
	in, gone uint64 // bit = the session's place among the subject's sessions
}

// subjectVerb is what an operation means to the set.
type subjectVerb uint8

const (
	join  subjectVerb = iota
	leave             // it may come back
	die               // it may not
	clear
	list
)

// subjectEvent is one operation, projected onto one subject.
type subjectEvent struct {
	*history.Op
	verb  subjectVerb
	bit   uint64 // join, leave, die: the session; clear: the one that is spared
	seen  uint64 // list
	maybe bool   // it may have had no effect although it was answered
}

// Subjects checks that each subject's set of sessions is linearizable: a list shows exactly the sessions that were bound
// and not ended, and a revocation by subject ends exactly those, all in one step.
func Subjects(ops []history.Op, limit time.Duration) []Violation {
	model := subjectModel()
	var out []Violation
	for _, part := range bySubject(ops) {
		if part.overflow {
			out = append(out, violation(Coverage, "subject %q had more than %d sessions", part.subject, MaxSubjectSessions))
			continue
		}
		var calls []porcupine.Operation
		for _, e := range part.events {
			from, to := interval(e.Op)
			calls = append(calls, porcupine.Operation{ClientId: e.Client, Input: e, Call: from, Return: to})
		}
		out = append(out, linearizable(LinearSubject, fmt.Sprintf("subject %q", part.subject), model, calls, part.ignored, limit)...)
	}
	return out
}

type subjectPart struct {
	subject  string
	events   []subjectEvent
	ignored  []*history.Op
	places   map[int]int
	overflow bool
}

// bit returns the session's place in the subject's words, making one if need be.
func (p *subjectPart) bit(session int) uint64 {
	place, known := p.places[session]
	if !known {
		place = len(p.places)
		p.places[session] = place
	}
	if place >= MaxSubjectSessions {
		p.overflow = true
		return 0
	}
	return 1 << place
}

// bySubject projects a history onto subjects.
func bySubject(ops []history.Op) []*subjectPart {
	parts := map[string]*subjectPart{}
	part := func(subject string) *subjectPart {
		if parts[subject] == nil {
			parts[subject] = &subjectPart{subject: subject, places: map[int]int{}}
		}
		return parts[subject]
	}
	bindings := bindingsOf(ops)
	for i := range ops {
		op := &ops[i]
		if skip(op) || op.Outcome == history.Done && op.Answer.Code != sessnode.OK {
			if op.Kind == history.RevokeSubject {
				p := part(op.Subject)
				p.ignored = append(p.ignored, op)
			}
			continue
		}
		switch op.Kind {
		case history.RevokeSubject:
			p := part(op.Subject)
			e := subjectEvent{Op: op, verb: clear}
			if op.Except >= 0 {
				e.bit = p.bit(op.Except)
			}
			p.events = append(p.events, e)
		case history.List:
			p := part(op.Subject)
			e := subjectEvent{Op: op, verb: list}
			for _, session := range op.Answer.Sessions {
				e.seen |= p.bit(session)
			}
			p.events = append(p.events, e)
		case history.Create, history.Rotate, history.Revoke:
			projectSession(op, bindings[op.Session], part)
		}
	}
	list := make([]*subjectPart, 0, len(parts))
	for _, p := range parts {
		list = append(list, p)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].subject < list[j].subject })
	return list
}

// bindingsOf collects for each session the creation and the rotations that were or may have been made, by their tokens.
func bindingsOf(ops []history.Op) map[int][]*history.Op {
	bindings := map[int][]*history.Op{}
	for i := range ops {
		op := &ops[i]
		made := op.Outcome == history.Unknown || op.OK()
		if made && (op.Kind == history.Create || op.Kind == history.Rotate) {
			bindings[op.Session] = append(bindings[op.Session], op)
		}
	}
	for _, list := range bindings {
		slices.SortFunc(list, func(x, y *history.Op) int { return x.NewToken - y.NewToken })
	}
	return bindings
}

// projectSession turns an operation on one session into events of the subjects that it enters or leaves.
func projectSession(op *history.Op, bindings []*history.Op, part func(string) *subjectPart) {
	add := func(subject string, verb subjectVerb, maybe bool) {
		if subject == "" {
			return
		}
		p := part(subject)
		p.events = append(p.events, subjectEvent{Op: op, verb: verb, bit: p.bit(op.Session), maybe: maybe})
	}
	if op.Kind == history.Revoke {
		powerless := slices.ContainsFunc(bindings, func(b *history.Op) bool {
			return b.Kind == history.Rotate && b.Token == op.Token && b.Call <= op.Return
		})
		seen := map[string]bool{}
		for _, b := range bindings {
			if b.Bind && !seen[b.Subject] {
				seen[b.Subject] = true
				add(b.Subject, die, powerless || op.Token < b.NewToken || b.Outcome == history.Unknown)
			}
		}
		return
	}
	if !op.Bind {
		return
	}
	before := ""
	for _, b := range bindings {
		if b == op {
			break
		}
		if b.Bind {
			before = b.Subject
		}
	}
	if before == op.Subject {
		return
	}
	add(before, leave, false)
	add(op.Subject, join, false)
}

func subjectModel() porcupine.Model {
	seed := maphash.MakeSeed()
	nm := porcupine.NondeterministicModel{
		Init: func() []any { return []any{subjectState{}} },
		Step: func(state, input, _ any) []any {
			s, e := state.(subjectState), input.(subjectEvent)
			next, legal := subjectStep(s, e)
			switch {
			case e.Outcome == history.Unknown || e.maybe:
				if legal && next != s {
					return []any{s, next}
				}
				return []any{s}
			case legal:
				return []any{next}
			}
			return nil
		},
		Hash:              func(state any) uint64 { return maphash.Comparable(seed, state.(subjectState)) },
		DescribeOperation: func(input, _ any) string { return describe(input.(subjectEvent).Op) },
		DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state) },
	}
	return nm.ToModel()
}

// subjectStep is the sequential specification of a subject's set.
func subjectStep(s subjectState, e subjectEvent) (next subjectState, legal bool) {
	switch e.verb {
	case join:
		return subjectState{in: s.in | e.bit, gone: s.gone}, (s.in|s.gone)&e.bit == 0
	case leave:
		return subjectState{in: s.in &^ e.bit, gone: s.gone}, true
	case die:
		return subjectState{in: s.in &^ e.bit, gone: s.gone | e.bit}, true
	case clear:
		ended := s.in &^ e.bit
		counted := e.Outcome == history.Unknown || uint64(bits.OnesCount64(ended)) == e.Answer.Ended
		return subjectState{in: s.in & e.bit, gone: s.gone | ended}, counted
	}
	return s, s.in == e.seen
}
