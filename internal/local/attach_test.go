package local

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/sessnodetest"
)

// overTLS puts a store in memory behind TLS and a key, and returns its address and who vouches for it.
func overTLS(t *testing.T, key string) (url string, trusted *tls.Config) {
	t.Helper()
	store := sessnodetest.New(t)
	plain := strings.TrimPrefix(store.URL(), "http://")
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" && r.Header.Get("Authorization") != "Bearer "+key {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"code":"unauthorized"}`))
			return
		}
		forward(w, r, plain)
	}))
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return server.URL, &tls.Config{RootCAs: pool}
}

func TestAClusterElsewhereIsAskedAndNotTouched(t *testing.T) {
	url, trusted := overTLS(t, "secret")
	c, err := Attach(t.Context(), Access{URL: url, Key: "secret", TLS: trusted})
	if err != nil {
		t.Fatal(err)
	}
	n := c.Nodes[0]
	if len(c.Nodes) != 1 || n.Name != "memory" || n.URL != url || !c.Attached() {
		t.Fatalf("Attach() = %d nodes, the first is %q at %s, attached %v", len(c.Nodes), n.Name, n.URL, c.Attached())
	}
	if err := n.Ready(t.Context()); err != nil {
		t.Errorf("Ready() over TLS = %v", err)
	}
	if checks, err := n.Readiness(t.Context()); err != nil || len(checks) == 0 {
		t.Errorf("Readiness() = %v, %v", checks, err)
	}
	if _, err := n.Kill(); !errors.Is(err, errAttached) {
		t.Errorf("Kill() = %v, want %v", err, errAttached)
	}
	if _, err := n.Stop(t.Context()); !errors.Is(err, errAttached) {
		t.Errorf("Stop() = %v, want %v", err, errAttached)
	}
	for what, err := range map[string]error{"Start": n.Start(), "Wipe": n.Wipe(), "Pause": n.Pause(t.Context())} {
		if !errors.Is(err, errAttached) {
			t.Errorf("%s() = %v, want %v", what, err, errAttached)
		}
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	if got := c.Statuses(t.Context())[0]; got.Err != nil || got.Life != Running {
		t.Errorf("after Close() the node is %v, %v: want it to go on", got.Life, got.Err)
	}
}

func TestNodesElsewhereAreBelievedOnlyByTheirCertificate(t *testing.T) {
	url, _ := overTLS(t, "secret")
	if _, err := Attach(t.Context(), Access{URL: url, Key: "secret"}); !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("Attach(an authority that nobody trusts) = %v, want %v", err, sessnode.ErrUnavailable)
	}
}

func TestAttachSaysThatTheKeyIsWrong(t *testing.T) {
	url, trusted := overTLS(t, "secret")
	if _, err := Attach(t.Context(), Access{URL: url, Key: "another", TLS: trusted}); !errors.Is(err, sessnode.ErrUnauthorized) {
		t.Errorf("Attach(another key) = %v, want %v", err, sessnode.ErrUnauthorized)
	}
}

func TestANodeElsewhereThatIsGoneIsSilent(t *testing.T) {
	url, trusted := overTLS(t, "secret")
	c, err := Attach(t.Context(), Access{URL: url, Key: "secret", TLS: trusted})
	if err != nil {
		t.Fatal(err)
	}
	gone, err := Attach(t.Context(), Access{URL: url, Key: "secret", TLS: trusted})
	if err != nil {
		t.Fatal(err)
	}
	c.Keys.Operator = "" // nothing of it is read any more
	gone.Nodes[0].Ask.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	if gone.Nodes[0].Ask, err = gone.Nodes[0].Ask.At(closed.URL); err != nil {
		t.Fatal(err)
	}
	if got := gone.Statuses(t.Context())[0]; got.Err == nil || got.Life != Silent {
		t.Errorf("a node that does not answer is %v, %v; want %v", got.Life, got.Err, Silent)
	}
}

func TestNoNameOfANodeIsACommand(t *testing.T) {
	for name, want := range map[string]bool{"n1": true, "db-2.Rack_7": true, "": false, "n1; rm -r x": false, "$(x)": false, "n1\n": false, "é": false, strings.Repeat("n", 64): false} {
		if got := plainName(name); got != want {
			t.Errorf("plainName(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestOneSchemeIsNeeded(t *testing.T) {
	for want, addresses := range map[string][]string{"http://": {"http://a", "http://b"}, "https://": {"https://a"}, "": {"http://a", "https://b"}} {
		if got := schemeOf(addresses); got != want {
			t.Errorf("schemeOf(%q) = %q, want %q", addresses, got, want)
		}
	}
}

func TestReplicasAreComparedWhereTheyWereSeenAtOnePlace(t *testing.T) {
	seen := sightings{}
	status := func(name string, applied uint64, hash string) NodeStatus {
		return NodeStatus{Status: sessnode.Status{Applied: applied, StateHash: hash}, Of: &Node{Name: name}}
	}
	for _, s := range []NodeStatus{status("n1", 5, "aa"), status("n2", 6, "bb"), status("n1", 6, "bb"), status("n1", 6, "bb")} {
		if err := seen.add(s); err != nil {
			t.Errorf("add(%s at %d) = %v", s.Of.Name, s.Applied, err)
		}
	}
	if len(seen[6]) != 2 || len(seen[5]) != 1 {
		t.Errorf("seen at 6 by %d, at 5 by %d; want 2 and 1", len(seen[6]), len(seen[5]))
	}
	if err := seen.add(status("n2", 5, "ab")); !errors.Is(err, ErrDiffer) {
		t.Errorf("add(another state at the same place) = %v, want %v", err, ErrDiffer)
	}
}

// forward passes a request on to an address without TLS.
func forward(w http.ResponseWriter, r *http.Request, to string) {
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.Host, out.RequestURI = "http", to, to, ""
	res, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	for name, values := range res.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, res.Body)
}
