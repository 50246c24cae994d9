package check

import (
	"fmt"
	"hash/maphash"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// phase is where a session is in its life. It only ever moves forward.
type phase uint8

const (
	absent phase = iota
	live
	dead
)

// sessionState is the whole truth about one session, as the model knows it.
type sessionState struct {
	phase   phase
	token   int    // the current one
	grace   uint64 // bit i: token i was rotated away without a change of subject, and may still answer
	subject string
	version uint64 // 0 = not known yet: its creation went unanswered
	content history.Content
}

// projected is an operation as one session sees it: a revocation by subject reaches many.
type projected struct {
	*history.Op
	session int
}

// outcome is one thing that may happen to an operation: an answer, and the state behind it.
type outcome struct {
	next   sessionState
	answer history.Answer
	full   bool // the answer's subject and content count
}

// Sessions checks that each session's history is linearizable: every definite answer is explained by one order that
// respects real time. limit bounds the search for one session; running into it is a violation. Operations that were
// certainly not made are left out, so that an effect of one shows up as unexplained.
func Sessions(ops []history.Op, limit time.Duration) []Violation {
	model := sessionModel()
	var out []Violation
	for _, part := range bySession(ops) {
		var calls []porcupine.Operation
		var ignored []*history.Op
		for _, op := range part.ops {
			if skip(op) {
				ignored = append(ignored, op)
				continue
			}
			from, to := interval(op)
			in := projected{Op: op, session: part.session}
			calls = append(calls, porcupine.Operation{ClientId: op.Client, Input: in, Call: from, Return: to})
		}
		out = append(out, linearizable(LinearSession, fmt.Sprintf("session %d", part.session), model, calls, ignored, limit)...)
	}
	return out
}

type sessionPart struct {
	session int
	ops     []*history.Op
}

// bySession splits a history; an operation on a subject goes to every session that was ever to be bound to it.
func bySession(ops []history.Op) []sessionPart {
	parts := map[int]*sessionPart{}
	bound := map[string]map[int]bool{}
	for i := range ops {
		op := &ops[i]
		if op.Session < 0 {
			continue
		}
		if parts[op.Session] == nil {
			parts[op.Session] = &sessionPart{session: op.Session}
		}
		parts[op.Session].ops = append(parts[op.Session].ops, op)
		if op.Bind && op.Subject != "" {
			if bound[op.Subject] == nil {
				bound[op.Subject] = map[int]bool{}
			}
			bound[op.Subject][op.Session] = true
		}
	}
	for i := range ops {
		if op := &ops[i]; op.Kind == history.RevokeSubject {
			for session := range bound[op.Subject] {
				parts[session].ops = append(parts[session].ops, op)
			}
		}
	}
	list := make([]sessionPart, 0, len(parts))
	for _, part := range parts {
		list = append(list, *part)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].session < list[j].session })
	return list
}

// skip reports whether an operation says nothing: certainly not made, or a read without an answer.
func skip(op *history.Op) bool {
	return op.Outcome == history.NotDone || op.Outcome == history.Unknown && op.Kind.Reads()
}

func sessionModel() porcupine.Model {
	seed := maphash.MakeSeed()
	nm := porcupine.NondeterministicModel{
		Init: func() []any { return []any{sessionState{}} },
		Step: func(state, input, _ any) []any {
			s, op := state.(sessionState), input.(projected)
			if op.Outcome == history.Unknown {
				return unanswered(s, op)
			}
			return answered(s, op)
		},
		Hash:              func(state any) uint64 { return maphash.Comparable(seed, state.(sessionState)) },
		DescribeOperation: func(input, _ any) string { return describe(input.(projected).Op) },
		DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state) },
	}
	return nm.ToModel()
}

// unanswered returns every state that an operation without an answer may have left: no effect, or any of its effects.
func unanswered(s sessionState, op projected) []any {
	states := []any{s}
	for _, o := range outcomes(s, op) {
		if o.next != s {
			states = append(states, o.next)
		}
	}
	return states
}

// answered returns the states behind those outcomes that give the very answer that the client saw.
func answered(s sessionState, op projected) []any {
	var states []any
	for _, o := range outcomes(s, op) {
		if !matches(o, op.Answer) {
			continue
		}
		if o.next.version == 0 && o.next.phase == live {
			o.next.version = op.Answer.Version
		}
		states = append(states, o.next)
	}
	return states
}

func matches(o outcome, got history.Answer) bool {
	want := o.answer
	if want.Code != got.Code {
		return false
	}
	if want.Code != sessnode.OK {
		return true
	}
	if want.Version != 0 && got.Version != 0 && want.Version != got.Version {
		return false
	}
	if o.full && (want.Subject != got.Subject || want.Content != got.Content) {
		return false
	}
	return want.Value == got.Value && want.Number == got.Number
}
