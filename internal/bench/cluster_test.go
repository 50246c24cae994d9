package bench

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/sessnodetest"
)

// TestEveryWorkloadSucceedsOnARealStore goes the whole way over HTTP: what the generator sends is what the API takes.
func TestEveryWorkloadSucceedsOnARealStore(t *testing.T) {
	server := sessnodetest.New(t)
	c := Reach(server.Client("bench"), Access{Timeout: requestTimeout})
	p := DefaultPlan()
	p.Workloads, p.Clients, p.Sessions = Workloads(), []int{3}, 50
	p.Routes = []string{"leader"}
	p.Duration, p.WarmUp = 50*time.Millisecond, time.Millisecond
	report := mustLoad(t, t.Context(), c, p, Observer{})
	for _, r := range report.Runs {
		if r.Total.OK == 0 || r.Total.Failed() != 0 || r.WarmUpErrors != 0 {
			t.Errorf("%s: %d ok, errors %v, unknown %d, want some and none", r.Workload, r.Total.OK, r.Total.Errors, r.Total.Unknown)
		}
	}
	info, err := server.Client("bench").App(t.Context())
	if err != nil || info.Sessions != 0 || report.Left != 0 {
		t.Errorf("%d sessions left (%v), %d said, want none", info.Sessions, err, report.Left)
	}
	if len(report.Nodes) != 1 || report.Nodes[0].URL != server.URL() || !report.Nodes[0].Leader {
		t.Errorf("nodes = %+v, want the one that was asked, under the URL that was given", report.Nodes)
	}
}

// TestTheLoadBelievesWhomItsClientBelieves: nodes with certificates of an authority of their own.
func TestTheLoadBelievesWhomItsClientBelieves(t *testing.T) {
	store := sessnodetest.New(t)
	behind, err := url.Parse(store.URL())
	if err != nil {
		t.Fatal(err)
	}
	node := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(behind) }})
	node.Config.ErrorLog = log.New(io.Discard, "", 0)
	node.StartTLS()
	defer node.Close()
	pool := x509.NewCertPool()
	pool.AddCert(node.Certificate())
	trusted := &tls.Config{RootCAs: pool}
	for _, test := range []struct {
		tls  *tls.Config
		want sessnode.Code
	}{{trusted, sessnode.OK}, {nil, sessnode.CodeUnavailable}} {
		c, err := client.New(node.URL, client.WithApp("bench"))
		if err != nil {
			t.Fatal(err)
		}
		conn := Reach(c, Access{TLS: test.tls, Timeout: requestTimeout}).Connect(Node{URL: node.URL})
		if got := conn.Do(t.Context(), Create, "", []byte(`{"token":"`+sessnode.NewToken().Reveal()+`"}`)); got != test.want {
			t.Errorf("create, trusting %v = %v, want %v", test.tls != nil, got, test.want)
		}
		conn.Close()
		c.Close()
	}
}
