package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi"
)

// events follows until what was prepared has been sent, and returns the body.
func (b *bench) events(path string, headers ...string) answer {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	b.store.hook = func(context.Context) {
		b.store.mu.Lock()
		defer b.store.mu.Unlock()
		if len(b.store.events) == 0 {
			cancel()
		}
	}
	req := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	req.Host = "127.0.0.1:7480"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, req)
	return answer{rec}
}

func login(id string) sessnode.Event {
	return sessnode.Event{ID: id, Kind: sessnode.EventBound, App: "web", Session: anID, Subject: "ada\nevent: gap", Was: "bob", Actor: "token", Node: "n1", At: noon}
}

func TestEventsAreServerSentEvents(t *testing.T) {
	b := newBench(t)
	b.store.events = []told{
		{page: sessnode.EventPage{Next: "2-1"}},
		{page: sessnode.EventPage{Events: []sessnode.Event{login("2-2-1"), {ID: "2-2", Kind: sessnode.EventExpired, App: "web", Session: anID, Reason: "expired", At: noon}}, Next: "2-3"}},
		{page: sessnode.EventPage{Next: "2-9"}},
	}
	got := b.events("/v1/apps/web/events")
	want := "retry: 500\nid: 2-1\n\n" +
		"id: 2-2-1\nevent: bound\ndata: {\"id\":\"2-2-1\",\"kind\":\"bound\",\"app\":\"web\",\"session\":\"" + anID.String() +
		"\",\"subject\":\"ada\\u000aevent: gap\",\"was\":\"bob\",\"actor\":\"token\",\"node\":\"n1\",\"at\":\"2026-01-31T12:00:00.000000005Z\"}\n\n" +
		"id: 2-2\nevent: expired\ndata: {\"id\":\"2-2\",\"kind\":\"expired\",\"app\":\"web\",\"session\":\"" + anID.String() +
		"\",\"reason\":\"expired\",\"at\":\"2026-01-31T12:00:00.000000005Z\"}\n\n" +
		"id: 2-3\n\nid: 2-9\n\n"
	body, _, ended := strings.Cut(got.Body.String(), ": this node ends the stream")
	if got.Code != 200 || body != want || !ended {
		t.Errorf("stream = %d\n%s\nwant\n%s", got.Code, got.Body, want)
	}
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Length": ""} {
		if got := got.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	validEvents(t, got.Body.String())
}

// validEvents holds every event of a stream against the contract.
func validEvents(t *testing.T, body string) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(httpapi.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	schema := doc.Components.Schemas["Event"].Value
	seen := 0
	for line := range strings.Lines(body) {
		data, found := strings.CutPrefix(line, "data: ")
		if !found {
			continue
		}
		seen++
		var v any
		if err := json.Unmarshal([]byte(data), &v); err != nil {
			t.Errorf("%s: %v", data, err)
		} else if err := schema.VisitJSON(v); err != nil {
			t.Errorf("%s: %v", data, err)
		}
	}
	if seen == 0 {
		t.Error("the stream has no event")
	}
}

func TestALostPlaceIsGoneAtFirstAndAGapLater(t *testing.T) {
	gone := &sessnode.Error{Err: sessnode.ErrGone, Reason: sessnode.ReasonOverrun, Oldest: "2-5"}
	b := newBench(t)
	b.store.events = []told{{err: gone}}
	got := b.events("/v1/apps/web/events?after=2-1")
	got.wants(t, "Gone gone/overrun")
	var p struct{ Oldest string }
	if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil || p.Oldest != "2-5" {
		t.Errorf("oldest = %q, %v, want 2-5", p.Oldest, err)
	}

	b.store.events = []told{{page: sessnode.EventPage{Next: "2-1"}}, {err: gone}, {page: sessnode.EventPage{Events: []sessnode.Event{login("2-6")}, Next: "2-6"}}}
	got = b.events("/v1/apps/web/events")
	if !strings.Contains(got.Body.String(), "id: 2-5\nevent: gap\ndata: {\"id\":\"2-5\",\"kind\":\"gap\",\"reason\":\"overrun\"}\n\nid: 2-5\n\nid: 2-6\nevent: bound\n") {
		t.Errorf("stream with a gap = %s", got.Body)
	}
	validEvents(t, got.Body.String())
	if q := b.store.queries[len(b.store.queries)-2]; q.After != "2-5" {
		t.Errorf("after the gap it goes on after %q, want 2-5", q.After)
	}
}

func TestEventQueryIsRead(t *testing.T) {
	for _, tc := range []struct {
		path, header string
		want         sessnode.EventQuery
	}{
		{"/v1/apps/web/events", "Accept: text/event-stream", sessnode.EventQuery{App: "web"}},
		{"/v1/events?after=2-7", "Accept: */*", sessnode.EventQuery{After: "2-7"}},
		{"/v1/events?after=2-7", "Last-Event-Id: 2-9", sessnode.EventQuery{After: "2-9"}},
		{"/v1/events?after=oldest", "Last-Event-Id: ", sessnode.EventQuery{After: "oldest"}},
		{"/v1/apps/web/events?kinds=created,revoked&subject=a%2Fb", "Accept: */*", sessnode.EventQuery{App: "web", Subject: "a/b", Kinds: []sessnode.EventKind{sessnode.EventCreated, sessnode.EventRevoked}}},
	} {
		b := newBench(t)
		b.store.events = []told{{page: sessnode.EventPage{Next: "2-1"}}}
		if got := b.events(tc.path, tc.header); got.Code != 200 {
			t.Errorf("%s = %d %s", tc.path, got.Code, got.Body)
			continue
		}
		if got := b.store.queries[0]; got.App != tc.want.App || got.After != tc.want.After || got.Subject != tc.want.Subject || len(got.Kinds) != len(tc.want.Kinds) {
			t.Errorf("%s with %s asks for %+v, want %+v", tc.path, tc.header, got, tc.want)
		}
	}
}

func TestBadEventQueriesAreRefused(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{
		"//v1/events?kinds=gap", "//v1/events?kinds=deleted", "//v1/events?kinds=", "//v1/events?subject=", "//v1/events?from=1",
		"//v1/events?after=1&after=2", "/events?subject=%00",
	} {
		b.do("GET", path, "").wants(t, badRequest)
	}
	b.do("GET", "/events", "", "Last-Event-Id: 1", "Last-Event-Id: 2").wants(t, badRequest)
	if len(b.store.queries) != 0 {
		t.Errorf("the store was asked: %+v", b.store.queries)
	}
}

func TestStreamsHaveABoundOfTheirOwn(t *testing.T) {
	b := newBench(t, func(c *httpapi.Config) { c.MaxStreams, c.MaxInFlight = 2, 1 })
	request := &httpapi.Request{Method: "GET", Path: "/v1/events", Host: "127.0.0.1"}
	var open []*httpapi.Reply
	for range 2 {
		open = append(open, b.api.Do(t.Context(), request))
	}
	if r := b.api.Do(t.Context(), request); r.Status != 503 || r.Stream != nil {
		t.Errorf("one stream too many = %d, want 503", r.Status)
	}
	b.withToken("GET", "/session", "") // ordinary requests go on
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, r := range open {
		if r.Stream == nil {
			t.Fatalf("stream = %d %s", r.Status, r.Body)
		}
		r.Stream(ended, func([]byte) error { return nil })
	}
	r := b.api.Do(t.Context(), request)
	if r.Stream == nil {
		t.Fatalf("a stream after two have ended = %d %s", r.Status, r.Body)
	}
	r.Stream(t.Context(), func([]byte) error { return errors.New("the reader is gone") })
	if r := b.do("HEAD", "//v1/events", ""); r.Code != 200 || r.Body.Len() != 0 {
		t.Errorf("HEAD = %d %s", r.Code, r.Body)
	}
}

// TestDrainEndsStreams follows over a real connection, longer than the server lets ordinary requests take.
func TestDrainEndsStreams(t *testing.T) {
	b := newBench(t)
	server := httptest.NewUnstartedServer(b.api)
	server.Config.ReadTimeout, server.Config.WriteTimeout = time.Second, time.Second
	server.Start()
	defer server.Close()
	res, err := http.Get(server.URL + "/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	begin := make([]byte, len("retry: 500\n"))
	if _, err := res.Body.Read(begin); err != nil || string(begin) != "retry: 500\n" {
		t.Fatalf("the stream begins with %q, %v", begin, err)
	}
	b.store.mu.Lock()
	asked := len(b.store.queries)
	b.store.mu.Unlock()
	ended := make(chan string)
	go func() {
		var rest strings.Builder
		_, err := io.Copy(&rest, res.Body)
		if err != nil {
			rest.WriteString("broken off: " + err.Error())
		}
		ended <- rest.String()
	}()
	select {
	case rest := <-ended:
		t.Fatalf("the stream ended by itself after %d questions: %q", asked, rest)
	case <-time.After(2 * time.Second): // twice what the server allows
	}
	b.api.Drain()
	if rest := <-ended; !strings.HasSuffix(rest, ": this node ends the stream: unavailable\n\n") {
		t.Errorf("after Drain the stream ends with %q", rest)
	}
	if r := b.api.Do(t.Context(), &httpapi.Request{Method: "GET", Path: "/v1/events", Host: "127.0.0.1"}); r.Status != 503 {
		t.Errorf("a new stream at a node that drains = %d, want 503", r.Status)
	}
}
