package httpapi

import (
	"errors"
	"io"

	"github.com/sessnode/sessnode"
)

// readBody reads a body up to sessnode.MaxBodyBytes. An announced length beyond that is refused before anything is read.
func (a *API) readBody(r *Request) (body []byte, release func(), err error) {
	if r.Body == nil || r.Length == 0 {
		return nil, func() {}, nil
	}
	if r.Length > sessnode.MaxBodyBytes {
		return nil, nil, tooLarge()
	}
	reserve := r.Length
	if reserve < 0 {
		reserve = sessnode.MaxBodyBytes
	}
	release, err = a.gate.hold(reserve)
	if err != nil {
		return nil, nil, err
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
		release()
		return nil, nil, err
	}
	return body, release, nil
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
