package client_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// FuzzAnyAnswerIsOneOutcome: whatever a node, or what stands in its place, answers, a call ends in exactly one of the
// documented errors and never panics; and only a node that names code and generation can say "not found".
func FuzzAnyAnswerIsOneOutcome(f *testing.F) {
	const session = `{"id":"AQAAAAAAAAAAAAAAAAAAAA","version":7,"created":"2026-01-01T12:00:00Z","idle":"1800s","attrs":{"a":1.0},"raw":{"m":{"codec":"msgpack","data":"AQ=="}},"values":{"n":1}}`
	f.Add(200, "application/json", []byte(session), "1-5", "1")
	f.Add(200, "application/json", []byte(`{"id":5}`), "1-5", "1")
	f.Add(304, "", []byte{}, "1-5", "1")
	f.Add(404, "application/problem+json", []byte(`{"code":"not_found","reason":"revoked"}`), "1-5", "1")
	f.Add(404, "application/problem+json", []byte(`{"code":"not_found"}`), "", "")
	f.Add(404, "text/html", []byte("<h1>Not Found</h1>"), "", "")
	f.Add(503, "application/problem+json; charset=utf-8", []byte(`{"code":"unavailable","retry_after":1e300}`), "", "")
	f.Add(504, "application/problem+json", []byte(`{"code":"unknown","outcome":"unknown"}`), "-", "0")
	f.Add(999, "application/problem+json", []byte(`{"code":"later","outcome":"not_done","retry_after":-1}`), "zz-zz", "zz")
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte, index, generation string) {
		c, _ := connect(t, []script{func(*http.Request) (*http.Response, error) {
			return respond(status, contentType, string(body), "Session-Index", index, "Session-Generation", generation), nil
		}}, client.WithTries(1))
		s, err := c.Read(t.Context(), token)
		checkOutcome(t, "Read", s == nil, err)
		if errors.Is(err, sessnode.ErrUnknown) {
			t.Errorf("Read = %v, a read's outcome is never unknown", err)
		}
		if errors.Is(err, sessnode.ErrNotFound) && (generation == "" || status < 300) {
			t.Errorf("Read of status %d without a generation = %v", status, err)
		}
		s, err = c.Patch(t.Context(), token, sessnode.Edit{})
		checkOutcome(t, "Patch", s == nil, err)
	})
}

func checkOutcome(t *testing.T, op string, empty bool, err error) {
	t.Helper()
	if empty == (err == nil) {
		t.Errorf("%s returned both or neither of session and error %v", op, err)
	}
	kinds := 0
	for _, row := range sessnode.Codes[1:] {
		if errors.Is(err, row.Err) {
			kinds++
		}
	}
	if err != nil && kinds != 1 {
		t.Errorf("%s = %v, which is %d of the documented errors, want 1", op, err, kinds)
	}
}
