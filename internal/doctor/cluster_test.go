package doctor

import (
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/view"
	"github.com/sessnode/sessnode/sessnodetest"
)

// asking is a patient of which only the cluster is looked at.
func asking(t *testing.T, url string) Patient {
	t.Helper()
	tr := client.DefaultTransport()
	c, err := client.New(url, client.WithTransport(tr), client.WithTimeout(2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return Patient{Cluster: &view.Looker{Client: c, HTTP: tr, Each: 2 * time.Second}}
}

func TestAClusterIsAsked(t *testing.T) {
	r := examine(t, asking(t, sessnodetest.New(t).URL()))
	only(t, r)
	if len(r.Findings) == 0 || r.Findings[0].Check != "cluster" {
		t.Errorf("findings = %+v, want the cluster's, and no other", r.Findings)
	}
	only(t, examine(t, asking(t, "http://"+at(freePorts(t)))), "FAIL cluster: Unreachable -> check --url", "warn cluster: it does not answer -> log")
}

func TestHealthOfEverySort(t *testing.T) {
	for _, c := range []struct {
		health view.Health
		want   []string
	}{{view.Healthy, nil}, {view.Degraded, []string{"warn cluster: so it is -> sessnode status"}}, {view.NoLeader, []string{"FAIL cluster: so it is -> start the nodes"}}} {
		only(t, report([]Finding{health("cluster", view.Cluster{Health: c.health, Summary: "so it is"})}), c.want...)
	}
	if hasKeys([]sessnode.Member{{Name: "n1"}}) || !hasKeys([]sessnode.Member{{Name: "n1"}, {Name: "n2", Keys: []string{"a"}}}) {
		t.Error("hasKeys is wrong about members without keys, or with")
	}
}
