package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"

	"github.com/sessnode/sessnode/client"
)

// script is what one node does with each request.
type script func(*http.Request) (*http.Response, error)

// seen is a request that a node got.
type seen struct {
	host, method, path, operation, token string
	body                                 string
}

// fakes are nodes without a network, for tests in a bubble of testing/synctest: the transport calls their scripts.
type fakes struct {
	nodes map[string]script // by host:port

	mu  sync.Mutex
	got []seen
}

func (f *fakes) RoundTrip(req *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(req.Body)
	f.mu.Lock()
	f.got = append(f.got, seen{req.URL.Host, req.Method, req.URL.EscapedPath(), req.Header.Get("Idempotency-Key"),
		req.Header.Get("Session-Token"), string(body)})
	play := f.nodes[req.URL.Host]
	f.mu.Unlock()
	return play(req)
}

func (f *fakes) set(host string, s script) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nodes[host] = s
}

func (f *fakes) seen() []seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.got
}

func (f *fakes) hosts() string {
	var hosts []string
	for _, s := range f.seen() {
		hosts = append(hosts, s.host)
	}
	return strings.Join(hosts, " ")
}

// connect makes a client of the nodes n1, n2, ... that play the scripts.
func connect(t *testing.T, scripts []script, opts ...client.Option) (*client.Client, *fakes) {
	t.Helper()
	f := &fakes{nodes: map[string]script{}}
	var urls []string
	for i, s := range scripts {
		host := fmt.Sprintf("n%d:1", i+1)
		f.nodes[host] = s
		urls = append(urls, "http://"+host)
	}
	c, err := client.New(strings.Join(urls, ","), append([]client.Option{client.WithTransport(f), client.WithApp("web")}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c, f
}

func respond(status int, contentType, body string, headers ...string) *http.Response {
	res := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	res.Header.Set("Content-Type", contentType)
	for i := 0; i+1 < len(headers); i += 2 {
		res.Header.Set(headers[i], headers[i+1])
	}
	return res
}

// alive answers every request with a session.
func alive(generation string) script {
	return func(*http.Request) (*http.Response, error) {
		return respond(200, "application/json", `{"id":"AAAAAAAAAAAAAAAAAAAAAA","version":1,"attrs":{}}`,
			"Session-Index", generation+"-5", "Session-Generation", generation, "ETag", `"`+generation+`-1"`), nil
	}
}

// refuses answers every request with a problem.
func refuses(status int, code, reason string, headers ...string) script {
	return func(*http.Request) (*http.Response, error) {
		body, _ := json.Marshal(map[string]any{"code": code, "reason": reason, "status": status, "detail": "said the node"})
		return respond(status, "application/problem+json", string(body),
			append([]string{"Session-Index", "1-5", "Session-Generation", "1"}, headers...)...), nil
	}
}

// down refuses connections.
func down(req *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(req.Context()).GetConn(req.URL.Host)
	return nil, io.EOF
}

// cut takes the request and breaks the connection.
func cut(req *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(req.Context())
	trace.GetConn(req.URL.Host)
	trace.GotConn(httptrace.GotConnInfo{})
	return nil, io.EOF
}

// hangs takes the request and never answers.
func hangs(req *http.Request) (*http.Response, error) {
	_, _ = cut(req)
	<-req.Context().Done()
	return nil, context.Cause(req.Context())
}

// inTurn plays one script a request, and then the last one for ever.
func inTurn(scripts ...script) script {
	var mu sync.Mutex
	return func(req *http.Request) (*http.Response, error) {
		mu.Lock()
		play := scripts[0]
		if len(scripts) > 1 {
			scripts = scripts[1:]
		}
		mu.Unlock()
		return play(req)
	}
}
