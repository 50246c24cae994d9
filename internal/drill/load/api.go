package load

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
	sdk "github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// api sends single requests. It never retries by itself, so that a history shows each try; Go's own retry on a kept
// connection that turned out to be closed sends the same operation id again, which is the same try to the store.
type api struct {
	http   *http.Client
	shared *http.Client // the same, over connections that carry many requests at once
	nodes  []string     // base addresses
	app    string       // the path of the app
	key    string       // of an operator; may be empty
	server string       // how long a node may work on a request, in seconds
}

const maxAnswer = 1 << 20

// newAPI makes an API. A client gives up on a node after cfg.Try; the node is told two thirds of it.
func newAPI(cfg Config) *api {
	server := strconv.FormatFloat((cfg.Try * 2 / 3).Seconds(), 'f', 3, 64)
	plain := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 500 * time.Millisecond}).DialContext,
		TLSClientConfig:     cfg.TLS,
		MaxIdleConnsPerHost: 64,
		DisableCompression:  true,
	}
	return &api{
		nodes: cfg.Nodes, app: "/v1/apps/" + cfg.App, key: cfg.Key, server: server,
		http:   &http.Client{Timeout: cfg.Try, Transport: plain},
		shared: &http.Client{Timeout: cfg.Try, Transport: sdk.SharedTransport(plain, 2)},
	}
}

func (a *api) close() { a.shared.CloseIdleConnections() }

// call is one request, before it is known to which node it goes.
type call struct {
	method, path string // the path below that of the app
	token        sessnode.Token
	op           string // Idempotency-Key
	ifMatch      string
	body         any
	shared       bool // over a connection with others
}

// reply is what came back. Body is nil unless the outcome is Done.
type reply struct {
	outcome history.Outcome
	code    sessnode.Code
	reason  string
	etag    string
	body    []byte
}

func (a *api) do(ctx context.Context, node int, c call) reply {
	req, err := a.request(ctx, node, c)
	if err != nil {
		panic(err) // the harness built it wrong
	}
	// Go's transport retries on a new connection what broke on a kept one; the last error may then be a refused connection
	// although the first try went out. Only a request of which nothing was ever written was certainly not made.
	var written atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }}
	over := a.http
	if c.shared {
		over = a.shared
	}
	res, err := over.Do(req.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		if !written.Load() {
			return reply{outcome: history.NotDone}
		}
		return reply{outcome: history.Unknown}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return reply{outcome: history.Unknown}
	}
	return judge(res, body)
}

func (a *api) request(ctx context.Context, node int, c call) (*http.Request, error) {
	var body []byte
	if c.body != nil {
		var err error
		if body, err = json.Marshal(c.body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, c.method, a.nodes[node]+a.app+c.path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	a.authorize(req)
	req.Header.Set("Session-Timeout", a.server)
	for name, value := range map[string]string{"Session-Token": c.token.Reveal(), "Idempotency-Key": c.op, "If-Match": c.ifMatch} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

func (a *api) authorize(req *http.Request) {
	if a.key != "" {
		req.Header.Set("Authorization", "Bearer "+a.key)
	}
}

// leads reports whether a node calls itself leader. No answer is a no.
func (a *api) leads(ctx context.Context, node int) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.nodes[node]+"/v1/cluster", nil)
	if err != nil {
		return false
	}
	a.authorize(req)
	res, err := a.http.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	var s struct{ Node, Leader string }
	err = json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&s)
	return err == nil && s.Leader != "" && s.Leader == s.Node
}

// judge draws the conclusion that the API's documentation allows: a 5xx without a problem body says nothing.
func judge(res *http.Response, body []byte) reply {
	if res.StatusCode/100 == 2 {
		return reply{code: sessnode.OK, body: body, etag: res.Header.Get("ETag")}
	}
	var problem struct{ Code, Reason string }
	if err := json.Unmarshal(body, &problem); err != nil || problem.Code == "" {
		if res.StatusCode >= 500 {
			return reply{outcome: history.Unknown}
		}
		return reply{code: sessnode.CodeInvalid, reason: "no problem body: " + res.Status}
	}
	code, known := sessnode.ParseCode(problem.Code)
	switch {
	case !known || code == sessnode.CodeUnknown:
		return reply{outcome: history.Unknown}
	case code == sessnode.CodeUnavailable || code == sessnode.CodeFull:
		return reply{outcome: history.NotDone, reason: problem.Reason}
	}
	return reply{code: code, reason: problem.Reason}
}
