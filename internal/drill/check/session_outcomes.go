package check

import (
	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// outcomes returns everything that may happen to op in state s: the sequential specification of a session. More than one
// is possible only where the store's own clock decides, which is whether a token in rotation grace still answers.
func outcomes(s sessionState, op projected) []outcome {
	switch op.Kind {
	case history.Create:
		return created(s, op.Op)
	case history.Revoke:
		return revoked(s, op.Op)
	case history.RevokeSubject:
		if s.phase == live && s.subject == op.Subject && op.Except != op.session {
			s.phase = dead
		}
		return []outcome{{next: s}}
	case history.Rotate:
		return rotated(s, op.Op)
	}
	reach, miss := reaches(s, op.Token)
	var all []outcome
	switch {
	case reach && op.Kind == history.Put && op.Token != s.token:
		all = append(all, refused(s, sessnode.CodeConflict)) // to replace everything needs the current token
	case reach:
		all = append(all, reached(s, op.Op)...)
	}
	if miss {
		all = append(all, refused(s, sessnode.CodeNotFound))
	}
	return all
}

// reaches says whether a token may find the session, and whether it may not.
func reaches(s sessionState, token int) (reach, miss bool) {
	switch {
	case s.phase != live:
		return false, true
	case token == s.token:
		return true, false
	case s.grace>>token&1 == 1:
		return true, true
	}
	return false, true
}

func refused(s sessionState, code sessnode.Code) outcome {
	return outcome{next: s, answer: history.Answer{Code: code}}
}

// changed is the outcome of a change that was made: one version more.
func changed(s sessionState) outcome {
	if s.version != 0 {
		s.version++
	}
	return outcome{next: s, answer: history.Answer{Version: s.version}}
}

func created(s sessionState, op *history.Op) []outcome {
	if s.phase != absent {
		return []outcome{refused(s, sessnode.CodeConflict)}
	}
	s.phase, s.token, s.subject, s.content = live, op.Token, op.Subject, op.Content
	return []outcome{{next: s}}
}

// revoked: ending what never existed leaves a tombstone too, so that a create that is still under way is refused.
func revoked(s sessionState, op *history.Op) []outcome {
	reach, miss := reaches(s, op.Token)
	var all []outcome
	if reach || s.phase == absent {
		next := s
		next.phase = dead
		all = append(all, outcome{next: next})
	}
	if miss && s.phase != absent {
		all = append(all, outcome{next: s})
	}
	return all
}

// rotated: only the current token rotates; a change of subject ends all older tokens at once (ASVS 7.2.4).
func rotated(s sessionState, op *history.Op) []outcome {
	if s.phase == live && s.grace>>op.Token&1 == 1 {
		return []outcome{refused(s, sessnode.CodeNotFound), refused(s, sessnode.CodeConflict)}
	}
	if s.phase != live || op.Token != s.token {
		return []outcome{refused(s, sessnode.CodeNotFound)}
	}
	if op.Bind && op.Subject != s.subject {
		s.subject, s.grace = op.Subject, 0
	} else {
		s.grace |= 1 << op.Token
	}
	s.token = op.NewToken
	return []outcome{changed(s)}
}

// reached is what happens to the remaining kinds once their token has found the session.
func reached(s sessionState, op *history.Op) []outcome {
	switch op.Kind {
	case history.Read:
		answer := history.Answer{Version: s.version, Subject: s.subject, Content: s.content}
		return []outcome{{next: s, answer: answer, full: true}}
	case history.Touch:
		return []outcome{{next: s, answer: history.Answer{Version: s.version}}}
	case history.Patch:
		field := register(&s.content, op.Register)
		if op.Guarded && *field != op.Expect {
			return []outcome{refused(s, sessnode.CodePrecondition)}
		}
		*field = op.Value
		return []outcome{changed(s)}
	case history.Put:
		return put(s, op)
	case history.Incr:
		s.content.Count += op.Delta
		o := changed(s)
		o.answer.Number = s.content.Count
		return []outcome{o}
	case history.Pop:
		return popped(s)
	}
	panic("check: no rule for " + op.Kind.String())
}

func put(s sessionState, op *history.Op) []outcome {
	var all []outcome
	if op.IfMatch != 0 && s.version != op.IfMatch {
		all = append(all, refused(s, sessnode.CodePrecondition))
	}
	if op.IfMatch == 0 || s.version == 0 || s.version == op.IfMatch {
		s.content = op.Content
		all = append(all, changed(s))
	}
	return all
}

// popped takes the slot's content out. Taking nothing changes nothing.
func popped(s sessionState) []outcome {
	if s.content.Slot == "" {
		return []outcome{{next: s, answer: history.Answer{Version: s.version}}}
	}
	value := s.content.Slot
	s.content.Slot = ""
	o := changed(s)
	o.answer.Value = value
	return []outcome{o}
}

// register returns the field that a patch names.
func register(c *history.Content, name string) *string {
	switch name {
	case "a":
		return &c.A
	case "b":
		return &c.B
	case "slot":
		return &c.Slot
	}
	panic("check: no register " + name)
}
