package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/sessnodetest"
)

func TestAtAsksOneNodeOnce(t *testing.T) {
	fails := func(*http.Request) (*http.Response, error) { return nil, errors.New("down") }
	c, nodes := connect(t, []script{fails, fails}, client.WithAPIKey("key"))
	if diff := cmp.Diff([]string{"http://n1:1", "http://n2:1"}, c.Nodes()); diff != "" {
		t.Errorf("Nodes() (-want +got):\n%s", diff)
	}
	one, err := c.At("http://n2:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Cluster(t.Context()); !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("Cluster at a node that is down = %v, want ErrUnavailable", err)
	}
	if got := nodes.hosts(); got != "n2:1" {
		t.Errorf("asked %q, want n2:1 alone and once", got)
	}
	if one.Name() != "web" || len(one.Nodes()) != 1 {
		t.Errorf("At lost the app or kept a node: %q, %v", one.Name(), one.Nodes())
	}
	for _, bad := range []string{"", "n2:1", "http://n1:1,http://n2:1", "ftp://n1", "http://key@n1:1"} {
		if _, err := c.At(bad); !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("At(%q) = %v, want ErrInvalid", bad, err)
		}
	}
}

func TestMetricsAreText(t *testing.T) {
	c := sessnodetest.New(t).Client("")
	raw, err := c.Metrics(t.Context())
	if err != nil || !strings.Contains(string(raw), "sessnode_http_requests_total") {
		t.Errorf("Metrics() = %.100q, %v", raw, err)
	}
}
