package httpapi_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi"
)

func withKeys(c *httpapi.Config) {
	c.Insecure = false
	c.Keys = []httpapi.APIKey{
		{Name: "ops", Role: "operator", Hash: sha256.Sum256([]byte("key-of-ops"))},
		{Name: "web", Role: "app:web", Hash: sha256.Sum256([]byte("key-of-web"))},
		{Name: "shop", Role: "app:shop", Hash: sha256.Sum256([]byte("key-of-shop"))},
	}
}

// TestRolesCoverWhatTheyShould goes through all routes with every kind of caller.
func TestRolesCoverWhatTheyShould(t *testing.T) {
	const public, app, operator = 0, 1, 2
	for _, test := range []struct {
		method, path string
		needs        int
	}{
		{"POST", "/sessions", app}, {"GET", "/session", app}, {"HEAD", "/session", app}, {"PATCH", "/session", app}, {"PUT", "/session", app}, {"DELETE", "/session", app},
		{"POST", "/session/pop", app}, {"POST", "/session/touch", app}, {"POST", "/session/rotate", app},
		{"GET", "/sessions/" + anID.String(), app}, {"DELETE", "/sessions/" + anID.String(), app},
		{"GET", "/subjects/ada", app}, {"GET", "/subjects/ada/sessions", app}, {"DELETE", "/subjects/ada/sessions", app}, {"GET", "/why?subject=ada", app}, {"GET", "", app},
		{"GET", "/sessions", operator}, {"DELETE", "/sessions", operator}, {"PUT", "", operator}, {"DELETE", "", operator}, {"POST", "/import", operator},
		{"GET", "//v1/apps", operator}, {"GET", "//v1/cluster", operator}, {"POST", "//v1/cluster/transfer", operator}, {"POST", "//v1/cluster/remove", operator},
		{"POST", "//v1/cluster/leave", operator}, {"POST", "//v1/cluster/drain", operator}, {"HEAD", "//v1/events", operator}, {"HEAD", "//v1/cluster/backup", operator}, {"HEAD", "/events", app}, {"GET", "//metrics", operator},
		{"GET", "//livez", public}, {"GET", "//readyz", public}, {"GET", "//openapi.yaml", public},
	} {
		b := newBench(t, withKeys)
		try := func(header string) int {
			return b.withToken(test.method, test.path, "", header).Code
		}
		refused := func(status int) bool { return status == 401 || status == 403 }
		for _, bad := range []string{"X: y", "Authorization: ", "Authorization: Bearer", "Authorization: Bearer wrong", "Authorization: Basic key-of-ops", "Authorization: key-of-ops"} {
			if got := try(bad); (got == 401) != (test.needs != public) {
				t.Errorf("%s %s with %q = %d", test.method, test.path, bad, got)
			}
		}
		if got := try("Authorization: Bearer key-of-ops"); refused(got) {
			t.Errorf("%s %s as operator = %d", test.method, test.path, got)
		}
		if got := try("Authorization: bearer key-of-web"); refused(got) != (test.needs == operator) {
			t.Errorf("%s %s as the app = %d", test.method, test.path, got)
		}
		before := len(b.store.asked)
		if got := try("Authorization: Bearer key-of-shop"); (got == 403) != (test.needs != public) || len(b.store.asked) != before && test.needs != public {
			t.Errorf("%s %s as another app = %d", test.method, test.path, got)
		}
	}
}

func TestTwoKeysAreNoKey(t *testing.T) {
	b := newBench(t, withKeys)
	if a := b.withToken("GET", "/session", "", "Authorization: Bearer key-of-web", "Authorization: Bearer key-of-ops"); a.Code != 401 || a.Header().Get("Www-Authenticate") != "Bearer" {
		t.Errorf("answer = %d %v, want 401", a.Code, a.Header())
	}
}

func TestTombstonesNameWhoEndedASession(t *testing.T) {
	b := newBench(t, withKeys)
	b.do("DELETE", "/subjects/ada/sessions", "", "Authorization: Bearer key-of-web")
	b.withToken("DELETE", "/session", "", "Authorization: Bearer key-of-web")
	var actors []string
	for _, m := range b.store.changes() {
		actors = append(actors, m.Actor)
	}
	if got := strings.Join(actors, " "); got != "key:web token" {
		t.Errorf("actors = %s, want key:web token", got)
	}
}

func TestLocalReadsAreForOperators(t *testing.T) {
	b := newBench(t, withKeys)
	b.withToken("GET", "/session", "", "Session-Consistency: local", "Authorization: Bearer key-of-web").wants(t, "Forbidden forbidden")
	if a := b.withToken("GET", "/session", "", "Session-Consistency: local", "Authorization: Bearer key-of-ops"); a.Code != 200 {
		t.Errorf("local read of an operator = %d", a.Code)
	}
}

func TestRefusalsAreLoggedWithoutTheKey(t *testing.T) {
	b := newBench(t, withKeys)
	b.do("DELETE", "", "", "Authorization: Bearer key-of-web")
	b.do("DELETE", "", "", "Authorization: Bearer wrong-key-wrong-key")
	log := b.log.String()
	if !strings.Contains(log, "code=forbidden") || !strings.Contains(log, "key=web") || !strings.Contains(log, "code=unauthorized") || strings.Contains(log, "wrong-key") || strings.Contains(log, "key-of") {
		t.Errorf("log = %s", log)
	}
}

// TestOpenAPIMustBeAllowed: forgetting the keys must not open the store.
func TestOpenAPIMustBeAllowed(t *testing.T) {
	bad := httpapi.Config{Keys: []httpapi.APIKey{{Role: "app:X"}, {Name: "a", Role: "root"}, {Name: "a", Role: "operator", Hash: [32]byte{1}}}}
	for _, config := range []httpapi.Config{httpapi.DefaultConfig(newStub()), {}, bad} {
		if _, err := httpapi.New(config); !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("New without keys = %v, want ErrInvalid", err)
		}
	}
	err := bad.Validate()
	for _, want := range []string{"Store", "MaxInFlight", "MaxBodyBytes", "Registry", `name ""`, `"app:X"`, `"root"`, `"a" is empty or used twice`, `"a" has no hash`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v, want it to name %s", err, want)
		}
	}
	config := httpapi.DefaultConfig(newStub())
	config.Insecure, config.Registry = true, prometheus.NewRegistry()
	if _, err := httpapi.New(config); err != nil {
		t.Fatal(err)
	}
	if _, err := httpapi.New(config); err == nil {
		t.Error("two APIs in one registry: their counts would mix")
	}
}

// TestBrowsersAreRefused holds the guard: neither another origin nor a rebound name gets through.
func TestBrowsersAreRefused(t *testing.T) {
	for _, origin := range []string{"https://evil.example", "null", "http://127.0.0.1:7480", ""} {
		b := newBench(t)
		b.withToken("POST", "/sessions", "", "Origin: "+origin).wants(t, "Forbidden forbidden")
		b.do("OPTIONS", "/sessions", "", "Origin: "+origin)
		if len(b.store.asked) != 0 {
			t.Errorf("Origin %q reached the store", origin)
		}
	}
}

func TestForeignHostsAreRefused(t *testing.T) {
	named := func(c *httpapi.Config) { c.Hosts = []string{"sessions.example.org"} }
	anyName := func(c *httpapi.Config) { c.Hosts = []string{"*"} }
	both := func(c *httpapi.Config) { withKeys(c); named(c) }
	for _, test := range []struct {
		host   string
		adjust func(*httpapi.Config)
		ok     bool
	}{
		{"127.0.0.1:7480", open, true}, {"[::1]:7480", open, true}, {"::1", open, true}, {"localhost:1", open, true}, {"n1:7480", open, true}, {"", open, true}, {"x.localhost", open, true},
		{"evil.example", open, false}, {"evil.example.:7480", open, false}, {"127.0.0.1.nip.example:7480", open, false},
		{"sessions.example.org:7480", named, true}, {"SESSIONS.example.org.", named, true}, {"other.example.org", named, false}, {"10.0.0.1", named, true},
		{"evil.example", anyName, true}, {"evil.example", withKeys, true}, {"evil.example", both, false}, {"sessions.example.org", both, true},
	} {
		b := newBench(t, test.adjust)
		r := b.api.Do(t.Context(), &httpapi.Request{Method: "GET", Path: "/livez", Host: test.host})
		if (r.Status == 200) != test.ok || !test.ok && r.Status != 403 {
			t.Errorf("Host %q = %d, want it to pass: %v", test.host, r.Status, test.ok)
		}
	}
}

func open(*httpapi.Config) {}
