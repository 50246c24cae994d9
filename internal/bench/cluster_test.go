package bench

import (
	"testing"
	"time"

	"github.com/sessnode/sessnode/sessnodetest"
)

// TestEveryWorkloadSucceedsOnARealStore goes the whole way over HTTP: what the generator sends is what the API takes.
func TestEveryWorkloadSucceedsOnARealStore(t *testing.T) {
	server := sessnodetest.New(t)
	c := Reach(server.Client("bench"), "", requestTimeout)
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
