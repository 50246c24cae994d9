//go:build e2e

package demo

import (
	"encoding/json"
	"testing"
)

// TestBenchMeasuresThreeNodesOfItsOwn: `bench --cluster` starts them, puts the load on their app bench, whatever app the
// environment is about, and ends them.
func TestBenchMeasuresThreeNodesOfItsOwn(t *testing.T) {
	t.Setenv("SESSNODE_APP", "web")
	p := newPlace(t, ordinary)
	r := p.start(t, p.binary, "bench", "create", "read", "--cluster", "--nodes", "follower", "--clients", "4", "--sessions", "50",
		"--duration", "1s", "--warmup", "0s", "--output", "json")
	exit := r.exit(t)
	out, narration := r.text()
	var report struct {
		Runs []struct {
			Total struct {
				OK     int
				Errors map[string]int
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || exit != 0 || len(report.Runs) != 2 {
		t.Fatalf("bench --cluster exits with %d and prints %s\n%s (%v)", exit, out, narration, err)
	}
	for i, measured := range report.Runs {
		if measured.Total.OK == 0 || len(measured.Total.Errors) > 0 {
			t.Errorf("run %d: %d succeeded, %v failed, want all to succeed", i, measured.Total.OK, measured.Total.Errors)
		}
	}
	p.nothingLeft(t)
}
