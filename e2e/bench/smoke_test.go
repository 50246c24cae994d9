//go:build e2e

package bench_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode/e2e/bench"
)

// TestEverySystemCanBeMeasured visits systems for a moment each. The gate has those that need no program to be built but ours;
// BENCH_PEERS=all visits all of them, which builds etcd and NATS. What is not installed is skipped, by name.
func TestEverySystemCanBeMeasured(t *testing.T) {
	names, workloads := os.Getenv("BENCH_PEERS"), []string{"mixed", "create", "touch", "patch", "read+touch"}
	lasts := 400 * time.Millisecond
	if names == "" {
		names, workloads, lasts = "sessnode,redis-wait,fdatasync", []string{"mixed", "create"}, lasts/2
	}
	systems, err := bench.Choose(names)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "sessnode-peers-") // PostgreSQL runs as somebody who cannot enter a test's own folder
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	w, err := bench.NewWorkshop(t.Context(), t.TempDir(), dir, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range systems {
		t.Run(s.Name, func(t *testing.T) {
			p := bench.Plan{Systems: []bench.System{s}, Workloads: workloads, Clients: []int{4}, Distributions: []string{"uniform"},
				Duration: lasts, WarmUp: 10 * time.Millisecond, Repeat: 1, Sessions: 100}
			r, err := w.Run(t.Context(), p, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range r.Missing {
				if strings.Contains(m.Reason, bench.ErrMissing.Error()) {
					t.Skipf("NOT MEASURED: %s", m.Reason)
				}
				t.Errorf("%s: %s: %s", m.System, m.What, m.Reason)
			}
			if len(r.Cells) == 0 {
				t.Error("nothing was measured")
			}
			for _, c := range r.Cells {
				if c.OK == 0 || c.Failed > 0 || c.P99 <= 0 {
					t.Errorf("%s of %s: %d made, %d failed, p99 %v ms, want some, none and more than 0", c.Workload, c.System, c.OK, c.Failed, c.P99)
				}
				if s.Kind != bench.Limit && (c.Resident == 0 || c.ResidentAll < c.Resident) {
					t.Errorf("%s of %s: %d bytes resident, %d of all servers", c.Workload, c.System, c.Resident, c.ResidentAll)
				}
			}
		})
	}
}

// TestEveryFailoverCanBeMeasured kills a leader of each system, where BENCH_PEERS asks for all of it: it takes minutes.
func TestEveryFailoverCanBeMeasured(t *testing.T) {
	if os.Getenv("BENCH_PEERS") != "all" {
		t.Skip("NOT MEASURED: BENCH_PEERS is not all")
	}
	dir, err := os.MkdirTemp("", "sessnode-peers-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	w, err := bench.NewWorkshop(t.Context(), t.TempDir(), dir, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	systems, err := bench.Choose("sessnode,sessnode-fast,etcd,nats,redis-sentinel-wait,redis-sentinel")
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.Run(t.Context(), bench.Plan{Distributions: []string{"uniform"}, Duration: 1, Repeat: 1, Sessions: 1, Failovers: 1, FailoverOf: systems}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range r.Missing {
		t.Errorf("%s: %s: %s", m.System, m.What, m.Reason)
	}
	for _, f := range r.Failovers {
		ours := f.System == "sessnode" || f.System == "sessnode-fast"
		if f.Acknowledged == 0 || f.Note != "" || ours && (f.All == 0 || f.Missing > 0 || f.Unverified > 0) {
			t.Errorf("%+v, want all clients back and, of ours, nothing missing", f)
		}
	}
}
