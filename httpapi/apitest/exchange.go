package apitest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/vmihailenco/msgpack/v5"
)

// exchange is a request and its answer, bodies read.
type exchange struct {
	request *http.Request
	sent    []byte
	status  int
	header  http.Header
	body    []byte
}

// The reasons for which an exchange is not validated.
const (
	skipHead    = "HEAD has no body, and the contract describes it as GET"
	skipOptions = "OPTIONS is described by Allow alone"
	skipStream  = "a stream of events has no end"
	skipForeign = "msgpack that is malformed or has no equivalent in JSON"
)

// noOperation stands for exchanges at paths and methods that the contract does not have.
const noOperation = "none"

// validate returns the operation's id, and why the exchange broke the contract: an answer must always be one that is
// described, and what was answered with success must have been a request that is described.
func (r *Recorder) validate(x exchange) (operation, skipped string, err error) {
	switch x.request.Method {
	case http.MethodHead:
		return "", skipHead, nil
	case http.MethodOptions:
		return "", skipOptions, nil
	}
	req, foreign := x.plainRequest()
	x, err = x.plainAnswer()
	if err != nil {
		return "", skipForeign, nil
	}
	route, params, err := r.router.FindRoute(req)
	if err != nil {
		return noOperation, "", x.refusedAltogether()
	}
	// The router leaves the parameters encoded, because it works on the path as it was sent.
	for name, value := range params {
		if params[name], err = url.PathUnescape(value); err != nil {
			params[name] = value
		}
	}
	options := &openapi3filter.Options{
		AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
		IncludeResponseStatus: true, MultiError: true, SkipSettingDefaults: true,
	}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: options}
	var faults []error
	switch {
	case foreign != nil:
		skipped = skipForeign // the answer is validated all the same
	case x.status < 400:
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			faults = append(faults, fmt.Errorf("the API took a request that the contract refuses: %w", err))
		}
	}
	// Each event is validated on its own, by the tests that follow streams.
	options.ExcludeResponseBody = isStream(x.header)
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: x.status, Header: x.header, Options: options}
	out.SetBodyBytes(x.body)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		faults = append(faults, err)
	}
	return route.Operation.OperationID, skipped, errors.Join(faults...)
}

func isStream(h http.Header) bool { return h.Get("Content-Type") == "text/event-stream" }

// refusedAltogether checks the answer at a path or method that does not exist.
func (x exchange) refusedAltogether() error {
	var p struct{ Code, Outcome string }
	if x.header.Get("Content-Type") != "application/problem+json" || json.Unmarshal(x.body, &p) != nil {
		return errors.New("a path that is not in the contract must be answered by a problem")
	}
	if p.Code == "not_found" || x.status < 400 || x.status >= 500 {
		return fmt.Errorf("a path that is not in the contract was answered with %d and the code %q", x.status, p.Code)
	}
	return nil
}

// plainRequest returns the request with a body in JSON. That of a request which was refused is not looked at: it may be of
// any kind, nested without end for instance.
func (x exchange) plainRequest() (*http.Request, error) {
	req := x.request.Clone(x.request.Context())
	var body []byte
	var err error
	if x.status < 400 {
		body, err = plain(req.Header, x.sent)
	}
	if len(body) > 0 && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json") // the default of the API
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	req.ContentLength = int64(len(body))
	return req, err
}

func (x exchange) plainAnswer() (exchange, error) {
	x.header = x.header.Clone()
	var err error
	x.body, err = plain(x.header, x.body)
	return x, err
}

// plain turns a msgpack body into JSON, and its Content-Type with it.
func plain(header http.Header, body []byte) ([]byte, error) {
	if header.Get("Content-Type") != "application/msgpack" || len(body) == 0 {
		return within(body), nil
	}
	dec := msgpack.NewDecoder(bytes.NewReader(body))
	dec.UseLooseInterfaceDecoding(true)
	dec.SetMapDecoder(func(d *msgpack.Decoder) (any, error) { return d.DecodeUntypedMap() })
	v, err := dec.DecodeInterface()
	if err == nil {
		v, err = equivalent(v)
	}
	if err != nil {
		return nil, err
	}
	header.Set("Content-Type", "application/json")
	return json.Marshal(v)
}

// within replaces numbers beyond the range of a float, which the validator cannot hold, by 0. A value may hold them.
func within(body []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil || dec.More() {
		return body
	}
	replaced := false
	var walk func(any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case json.Number:
			if _, err := v.Float64(); err != nil {
				replaced = true
				return json.Number("0")
			}
		case []any:
			for i := range v {
				v[i] = walk(v[i])
			}
		case map[string]any:
			for name := range v {
				v[name] = walk(v[name])
			}
		}
		return v
	}
	v = walk(v)
	if !replaced {
		return body
	}
	smaller, _ := json.Marshal(v) // it was JSON before
	return smaller
}

// equivalent is the value in JSON that means the same: bytes become base64. What has none is an error.
func equivalent(v any) (any, error) {
	switch v := v.(type) {
	case []byte:
		return base64.StdEncoding.EncodeToString(v), nil
	case []any:
		for i := range v {
			var err error
			if v[i], err = equivalent(v[i]); err != nil {
				return nil, err
			}
		}
	case map[any]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			text, isText := name.(string)
			if !isText {
				return nil, errors.New("a name that is no text")
			}
			var err error
			if out[text], err = equivalent(value); err != nil {
				return nil, err
			}
		}
		return out, nil
	case nil, bool, string, int64, uint64, float64:
	default:
		return nil, fmt.Errorf("a value of type %T", v)
	}
	return v, nil
}
