package fsm

import "github.com/sessnode/sessnode"

// Result is what one operation came to.
type Result struct {
	Code   sessnode.Code
	Reason string
	Detail string
	Effect sessnode.Effect
}

// Err returns nil for OK, else a *sessnode.Error.
func (r Result) Err() error {
	if r.Code == sessnode.OK {
		return nil
	}
	return &sessnode.Error{Reason: r.Reason, Detail: r.Detail, Err: r.Code.Info().Err}
}

// refuse makes the result of an operation that changed nothing.
func refuse(err *sessnode.Error) Result {
	return Result{Code: sessnode.CodeOf(err), Reason: err.Reason, Detail: err.Detail}
}

// EncodeResult writes a result for the exactly-once window and for the way back to the node that took the change in. A
// session's attributes and device are left out.
func EncodeResult(res Result) ([]byte, error) { return AppendResult(nil, &res), nil }

// AppendResult is EncodeResult behind dst, which grows where it is too small. It keeps nothing of res.
func AppendResult(dst []byte, res *Result) []byte {
	w := encoders.Get().(*writer)
	w.buf = dst
	w.result(res)
	b := w.buf
	w.buf, w.err = nil, nil
	encoders.Put(w)
	return b
}

func (w *writer) result(res *Result) {
	e := &res.Effect
	w.array(10)
	w.uint(uint64(res.Code))
	w.text(res.Reason)
	w.text(res.Detail)
	w.uint(e.Count)
	w.bool(e.Replayed)
	w.uint(e.At.Generation)
	w.uint(e.At.Index)
	w.values(e.Values)
	if e.Session.ID.IsZero() {
		w.array(0)
	} else {
		w.session(&e.Session)
	}
	w.uint(0) // reserved
}

// DecodeResult reads what EncodeResult wrote. Its error wraps sessnode.ErrInvalid.
func DecodeResult(b []byte) (Result, error) {
	r := newReader(b)
	r.array(10, 10)
	res := Result{Code: sessnode.Code(r.small(uint64(len(sessnode.Codes) - 1))), Reason: r.text(maxText), Detail: r.text(maxOpBytes)}
	res.Effect.Count = r.uint()
	res.Effect.Replayed = r.bool()
	res.Effect.At = sessnode.Position{Generation: r.uint(), Index: r.uint()}
	res.Effect.Values = r.values()
	if r.array(0, sessionFields) > 0 {
		res.Effect.Session = r.session()
	}
	r.uint()
	if err := r.end(); err != nil {
		return Result{}, sessnode.Errorf(sessnode.CodeInvalid, "", "result: %v", err)
	}
	return res, nil
}

const sessionFields = 14

func (w *writer) session(s *sessnode.Session) {
	w.array(sessionFields)
	w.text(s.App)
	w.raw(s.ID[:])
	w.text(s.Subject)
	w.uint(s.Version)
	w.time(s.Created)
	w.time(s.Authenticated)
	w.time(s.Touched)
	w.time(s.IdleDeadline)
	w.time(s.End)
	w.time(s.Enforced)
	w.timeouts(s.Timeouts)
	w.bool(s.Previous)
}

func (r *reader) session() sessnode.Session {
	return sessnode.Session{App: r.text(maxText), ID: r.id(), Subject: r.text(maxText), Version: r.uint(), Created: r.time(),
		Authenticated: r.time(), Touched: r.time(), IdleDeadline: r.time(), End: r.time(), Enforced: r.time(),
		Timeouts: r.timeouts(), Previous: r.bool()}
}
