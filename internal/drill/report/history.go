package report

import (
	"bufio"
	"encoding/json"
	"io"
	"time"

	"github.com/sessnode/sessnode/internal/drill/history"
)

// record is a line of history.jsonl: one operation of one client, over all its tries. Names of fields are promised to stay. Moments
// are milliseconds since the drill's clock was started. A token is its number within its session, never its text; a field that
// a kind of operation does not have is left out.
type record struct {
	Client   int     `json:"client"`
	Kind     string  `json:"kind"`                // create, read, patch, put, incr, pop, touch, rotate, revoke, revoke-subject, list
	Session  *int    `json:"session,omitempty"`   // the harness's number of the session
	Token    *int    `json:"token,omitempty"`     // which of the session's tokens was sent, from 0
	NewToken *int    `json:"new_token,omitempty"` // rotate
	Subject  string  `json:"subject,omitempty"`
	Except   *int    `json:"except,omitempty"` // revoke-subject: the session that is spared
	Register string  `json:"register,omitempty"`
	Value    string  `json:"value,omitempty"`
	Expect   *string `json:"expect,omitempty"`   // only if the register holds this; empty: nothing
	IfMatch  uint64  `json:"if_match,omitempty"` // only if the session has this version
	Delta    int64   `json:"delta,omitempty"`

	Content *content `json:"content,omitempty"` // create, put: all that is stored

	BeganMS  float64 `json:"began_ms"`  // when the first try was sent
	CallMS   float64 `json:"call_ms"`   // from here on it may have taken effect
	ReturnMS float64 `json:"return_ms"` // when the last answer came, or waiting ended
	Outcome  string  `json:"outcome"`   // done (a definite answer, be it a refusal by rule), not-done, unknown
	Answer   *answer `json:"answer,omitempty"`
	Tries    []try   `json:"tries"`
}

type content struct {
	A     string `json:"a,omitempty"`
	B     string `json:"b,omitempty"`
	Slot  string `json:"slot,omitempty"`
	Count int64  `json:"count,omitempty"`
}

type answer struct {
	Code     string   `json:"code"`
	Reason   string   `json:"reason,omitempty"`
	Version  uint64   `json:"version,omitempty"`
	Subject  string   `json:"subject,omitempty"`
	Content  *content `json:"content,omitempty"`  // read
	Value    string   `json:"value,omitempty"`    // pop; left out: nothing was there
	Number   *int64   `json:"number,omitempty"`   // incr
	Ended    *uint64  `json:"ended,omitempty"`    // revoke-subject
	Sessions []int    `json:"sessions,omitempty"` // list
}

type try struct {
	Node    int    `json:"node"` // from 1
	Outcome string `json:"outcome"`
}

// WriteHistory writes operations as JSON, one on a line, in the order in which they ended. No token is in them, as none is in an Op.
func WriteHistory(w io.Writer, ops []history.Op) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	lines := json.NewEncoder(buffered)
	lines.SetEscapeHTML(false)
	for i := range ops {
		if err := lines.Encode(recordOf(&ops[i])); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

func recordOf(op *history.Op) record {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	r := record{Client: op.Client, Kind: op.Kind.String(), Subject: op.Subject, Register: op.Register, Value: op.Value, IfMatch: op.IfMatch,
		Delta: op.Delta, BeganMS: ms(op.Began), CallMS: ms(op.Call), ReturnMS: ms(op.Return), Outcome: op.Outcome.String(), Tries: []try{}}
	if op.Session >= 0 {
		r.Session, r.Token = &op.Session, &op.Token
	}
	switch op.Kind {
	case history.Rotate:
		r.NewToken = &op.NewToken
	case history.Create, history.Put:
		r.Content = contentOf(op.Content)
	case history.RevokeSubject:
		if op.Except >= 0 {
			r.Except = &op.Except
		}
	}
	if op.Guarded {
		r.Expect = &op.Expect
	}
	for _, t := range op.Tries {
		r.Tries = append(r.Tries, try{t.Node + 1, t.Outcome.String()})
	}
	if op.Outcome == history.Done {
		r.Answer = answerOf(op)
	}
	return r
}

func answerOf(op *history.Op) *answer {
	a := &answer{Code: op.Answer.Code.String(), Reason: op.Answer.Reason, Version: op.Answer.Version, Subject: op.Answer.Subject,
		Value: op.Answer.Value, Sessions: op.Answer.Sessions}
	if !op.OK() {
		return a
	}
	switch op.Kind {
	case history.Read:
		a.Content = contentOf(op.Answer.Content)
	case history.Incr:
		a.Number = &op.Answer.Number
	case history.RevokeSubject:
		a.Ended = &op.Answer.Ended
	}
	return a
}

func contentOf(c history.Content) *content { return &content{c.A, c.B, c.Slot, c.Count} }
