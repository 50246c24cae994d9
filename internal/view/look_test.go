package view

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// fakeNode answers like a node. Members are filled in by the test.
type fakeNode struct {
	*httptest.Server
	name string

	mu      sync.Mutex
	members []string // "name address"
	status  int      // of /v1/cluster; 0 = 200
	asked   int
	metrics string
}

func newFakeNode(t *testing.T, name string) *fakeNode {
	t.Helper()
	n := &fakeNode{name: name}
	n.Server = httptest.NewServer(http.HandlerFunc(n.answer))
	t.Cleanup(n.Close)
	return n
}

func (n *fakeNode) host() string { return strings.TrimPrefix(n.URL, "http://") }

func (n *fakeNode) answer(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	w.Header().Set("Session-Index", "1-1")
	w.Header().Set("Session-Generation", "1")
	switch r.URL.Path {
	case "/readyz":
		fmt.Fprint(w, `{"ready":true,"checks":[{"name":"leader","ok":true}]}`)
	case "/metrics":
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprint(w, n.metrics)
	case "/v1/cluster":
		n.asked++
		if n.status != 0 {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(n.status)
			fmt.Fprint(w, `{"code":"forbidden","detail":"no","outcome":"not_done"}`)
			return
		}
		type member struct {
			ID       string `json:"id"`
			Name     string `json:"name"`
			HTTPAddr string `json:"http_addr"`
			Voter    bool   `json:"voter"`
			Alive    bool   `json:"alive"`
		}
		out := struct {
			Cluster string   `json:"cluster"`
			Node    string   `json:"node"`
			Leader  string   `json:"leader"`
			Term    uint64   `json:"term"`
			Members []member `json:"members"`
		}{Cluster: "c", Node: n.name, Leader: "n1", Term: 1}
		for _, m := range n.members {
			name, address, _ := strings.Cut(m, " ")
			out.Members = append(out.Members, member{name, name, address, true, true})
		}
		_ = json.NewEncoder(w).Encode(out)
	}
}

func (n *fakeNode) told(members ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.members = members
}

func looker(t *testing.T, url string) Looker {
	t.Helper()
	c, err := client.New(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return Looker{Client: c, HTTP: http.DefaultTransport, Each: 5 * time.Second}
}

func TestMembersAreFoundAndAskedOnce(t *testing.T) {
	n1, n2, n3 := newFakeNode(t, "n1"), newFakeNode(t, "n2"), newFakeNode(t, "n3")
	for _, n := range []*fakeNode{n1, n2, n3} {
		n.told("n1 "+n1.host(), "n2 "+n2.host(), "n3 "+n3.host())
	}
	c, err := looker(t, n1.URL+","+n2.URL).Look(t.Context())
	if err != nil || c.Health != Healthy || len(c.Nodes) != 3 || c.Leader != "n1" {
		t.Errorf("Look() = %+v, %v", c, err)
	}
	for _, n := range []*fakeNode{n1, n2, n3} {
		if n.asked != 1 {
			t.Errorf("%s was asked %d times, want once", n.name, n.asked)
		}
	}
	for _, node := range c.Nodes {
		if node.State != "ready" || node.Millis < 1 {
			t.Errorf("node %+v, want it ready", node)
		}
	}
}

func TestANodeThatHangsHidesNoOther(t *testing.T) {
	release := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer hangs.Close()
	defer close(release)
	n1 := newFakeNode(t, "n1")
	n1.told("n1 "+n1.host(), "n2 "+strings.TrimPrefix(hangs.URL, "http://"))
	l := looker(t, hangs.URL+","+n1.URL)
	l.Each = 200 * time.Millisecond
	c, err := l.Look(t.Context())
	if err != nil || c.Health != Degraded || len(c.Nodes) != 2 || c.Nodes[1].State != "unreachable" {
		t.Errorf("Look() = %+v, %v, want n2 unreachable", c, err)
	}
}

func TestWhatNodesRefuseIsAnError(t *testing.T) {
	n1 := newFakeNode(t, "n1")
	n1.status = http.StatusForbidden
	if _, err := looker(t, n1.URL).Look(t.Context()); !errors.Is(err, sessnode.ErrForbidden) {
		t.Errorf("Look() without the right = %v, want ErrForbidden", err)
	}
}

// TestTheKeyStaysBehindTLS: where nodes are named by https, an address that a node reports is not asked in clear text.
func TestTheKeyStaysBehindTLS(t *testing.T) {
	n2 := newFakeNode(t, "n2")
	n1 := &fakeNode{name: "n1"}
	n1.Server = httptest.NewTLSServer(http.HandlerFunc(n1.answer))
	defer n1.Close()
	n1.told("n1 10.0.0.1:7480", "n2 "+n2.host())
	c, err := client.New(n1.URL, client.WithTransport(n1.Client().Transport), client.WithAPIKey("key"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Looker{Client: c, HTTP: n1.Client().Transport, Each: 5 * time.Second}.Look(t.Context())
	if err != nil || len(got.Nodes) != 2 || n2.asked != 0 {
		t.Errorf("Look() over TLS = %+v, %v; n2 was asked %d times", got, err, n2.asked)
	}
}

func TestMembersAreAskedByTLSWhereTheNodesAre(t *testing.T) {
	var nodes []*fakeNode
	for _, name := range []string{"n1", "n2"} {
		n := &fakeNode{name: name}
		n.Server = httptest.NewTLSServer(http.HandlerFunc(n.answer))
		defer n.Close()
		nodes = append(nodes, n)
	}
	for _, n := range nodes {
		n.told("n1 "+strings.TrimPrefix(nodes[0].URL, "https://"), "n2 "+strings.TrimPrefix(nodes[1].URL, "https://"))
	}
	transport := nodes[0].Client().Transport // httptest signs every server with one certificate
	c, err := client.New(nodes[0].URL, client.WithTransport(transport))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Looker{Client: c, HTTP: transport, Each: 5 * time.Second}.Look(t.Context())
	if err != nil || got.Health != Healthy || nodes[1].asked != 1 {
		t.Errorf("Look() over TLS = %+v, %v; n2 was asked %d times, want once", got, err, nodes[1].asked)
	}
}

func TestRatesComeFromTwoLooks(t *testing.T) {
	metrics := func(requests, slow int, appends, seconds float64) string {
		return fmt.Sprintf(`sessnode_http_requests_total{code="ok",route="GET /v1/apps/{app}/session"} %d
sessnode_http_requests_total{code="unavailable",route="POST /v1/apps/{app}/sessions"} %d
sessnode_http_requests_total{code="ok",route="GET /metrics"} %d
sessnode_http_request_seconds_bucket{route="GET /v1/apps/{app}/session",le="0.001"} %d
sessnode_http_request_seconds_bucket{route="GET /v1/apps/{app}/session",le="+Inf"} %d
sessnode_log_appends_total %v
sessnode_log_append_seconds_total %v
sessnode_applied_index 9
sessnode_sessions_created_total %d
process_resident_memory_bytes 1e6
`, requests, slow, 7*requests, requests, requests, appends, seconds, requests)
	}
	n1 := newFakeNode(t, "n1")
	n1.told("n1 "+n1.host(), "n2 127.0.0.1:1")
	l := looker(t, n1.URL)
	n1.metrics = metrics(100, 0, 10, 1)
	before, err := l.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n1.metrics = metrics(300, 10, 20, 1.5)
	now, err := l.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now.At = before.At.Add(2 * time.Second)
	r := now.Since(before)
	n := r.Nodes[0]
	if !n.Known || n.Reads != 100 || n.Writes != 5 || n.Failures != 5 || n.LogWrite == nil || *n.LogWrite != .05 || n.P50 == nil || *n.P50 != .0005 || n.Memory != 1e6 || r.Created != 100 {
		t.Errorf("rates of n1 = %+v, created %v", n, r.Created)
	}
	if len(r.Nodes) != 2 || r.Nodes[1].Known || len(r.Routes) != 2 || r.Routes[0].Rate != 100 || r.Routes[1].Failures != 5 {
		t.Errorf("rates = %+v", r)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Errorf("rates have no JSON form: %v", err)
	}
}
