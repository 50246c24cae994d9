package httpapi

import (
	"errors"
	"io"

	"github.com/sessnode/sessnode"
)

// readBody reads a body up to sessnode.MaxBodyBytes. An announced length beyond that is refused before anything is read.
// held is what must be released of the gate afterwards.
func (a *API) readBody(r *Request) (body []byte, held int64, err error) {
	if r.Body == nil && r.whole == nil || r.Length == 0 {
		return nil, 0, nil
	}
	if r.Length > sessnode.MaxBodyBytes {
		return nil, 0, tooLarge()
	}
	held = r.Length
	if held < 0 {
		held = sessnode.MaxBodyBytes
	}
	if err = a.gate.hold(held); err != nil {
		return nil, 0, err
	}
	if r.whole != nil {
		return r.whole, held, nil
	}
	if r.Length > 0 {
		body = make([]byte, r.Length)
		_, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(io.LimitReader(r.Body, sessnode.MaxBodyBytes+1))
	}
	switch {
	case err != nil:
		err = bodyFault(err)
	case len(body) > sessnode.MaxBodyBytes:
		err = tooLarge()
	}
	if err != nil {
		a.gate.release(held)
		return nil, 0, err
	}
	return body, held, nil
}

func tooLarge() error {
	return sessnode.Errorf(sessnode.CodeTooLarge, "", "a request's body has at most %d bytes", sessnode.MaxBodyBytes)
}

// bodyFault says why a body did not arrive. Nothing was done with its beginning.
func bodyFault(err error) error {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return mistake("the body did not arrive in time")
	}
	return mistake("the body ended before it was complete")
}
