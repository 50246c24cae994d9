package httpapi

import (
	"context"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode"
)

// recorder is a store that writes down what reaches it.
type recorder struct {
	instantly
	changes []sessnode.Mutation
}

func (r *recorder) Write(ctx context.Context, m sessnode.Mutation) (sessnode.Effect, error) {
	r.changes = append(r.changes, m)
	return r.instantly.Write(ctx, m)
}

// several is a connection on which some requests come, each in one piece.
type several struct {
	endless
	requests []string
}

func (s *several) Read(b []byte) (int, error) {
	if len(s.requests) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.requests[0])
	s.requests = s.requests[1:]
	return n, nil
}

// changesOf returns what reaches the store of the requests of one connection.
func changesOf(t *testing.T, requests ...string) []sessnode.Mutation {
	t.Helper()
	r := &recorder{}
	config := DefaultConfig(r)
	config.Insecure = true
	api, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	newConn(NewServer(DefaultServerConfig(), api), &several{endless{status: map[string]int{}}, requests}).serve()
	if len(r.changes) != len(requests) {
		t.Fatalf("%d of %d requests reached the store", len(r.changes), len(requests))
	}
	return r.changes
}

// TestRequestsOfAConnectionShareNothing: what stays from one request to the next is no part of what the next one says.
func TestRequestsOfAConnectionShareNothing(t *testing.T) {
	session := "Session-Token: " + costToken + "\r\n"
	op := func(id string) string { return "Idempotency-Key: " + id + "\r\n" }
	full := `"attrs":{"a":1,"b":2,"c":3},"raw":{"d":{"codec":"bytes","data":"AA=="}},"device":{"ip":"::1","label":"x"},"idle":"1h","lifetime":"2h","expires":"2030-01-01T00:00:00Z"`
	requests := []string{
		costRequest("POST /v1/apps/web/sessions", op("one"), `{"token":"`+costToken+`","subject":"ada",`+full+`}`),
		costRequest("POST /v1/apps/web/sessions", op("two"), `{"token":"`+costToken[1:]+`x"}`),
		costRequest("POST /v1/apps/shop/sessions", op("three"), `{"token":"`+costToken+`","attrs":{"b":1,"x":2,"c":4}}`),
		costRequest("PATCH /v1/apps/web/session", session+op("four")+"If-Match: \"2-7\"\r\n", `{"set":{"a":1},"unset":["b"],"incr":{"n":1},"if":{"a":{"equals":1}},"idle":"1h","device":{"ip":"::1"}}`),
		costRequest("PATCH /v1/apps/web/session", session, `{"set":{"c":2}}`),
		costRequest("POST /v1/apps/shop/session/touch", session, ""),
		costRequest("PATCH /v1/apps/shop/session", session, ""),
	}
	together := changesOf(t, requests...)
	for i, request := range requests {
		if diff := cmp.Diff(changesOf(t, request)[0], together[i]); diff != "" {
			t.Errorf("request %d means something else after those before it (-alone +after them):\n%s", i, diff)
		}
	}
}
