//go:build e2e

package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// TestEventsLandUnderLoadAndThePageIsMade is a small run of what scripts/bench-flat.sh measures. It holds no figure.
func TestEventsLandUnderLoadAndThePageIsMade(t *testing.T) {
	o := options{nodes: 1, sessions: 2000, few: 500, storm: time.Second, stormSize: 200, lead: 500 * time.Millisecond, subject: 200, settle: 50 * time.Millisecond,
		span: 150 * time.Millisecond, least: 50 * time.Millisecond, calibrate: 200 * time.Millisecond, part: 1.0 / 3, smoke: true}
	out := t.TempDir()
	if err := writeFlat(t.Context(), o, out, t.Logf); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(out, "flat.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| create |", "| revoke |", "snapshot: the state written", "200 sessions of a subject revoked", "200 sessions expired", "policy change"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page says nothing of %q:\n%s", want, page)
		}
	}
	pictures, err := filepath.Glob(filepath.Join(out, "flat", "*.svg"))
	if err != nil || len(pictures) != 4 {
		t.Errorf("%d pictures (%v), want one for each of 4 events", len(pictures), err)
	}
}

// TestQuantilesAndGapsAreThoseOfTheRequests keeps the figures honest: a window's requests are those due in it, a gap is one between
// writes that succeeded, and a request that failed has no latency.
func TestQuantilesAndGapsAreThoseOfTheRequests(t *testing.T) {
	var all []sample
	for i := range 1000 {
		all = append(all, sample{due: time.Duration(i) * time.Millisecond, took: time.Duration(i%100+1) * time.Microsecond, op: patch})
	}
	for i := 400; i < 600; i++ {
		all[i].code = 10 // unavailable
	}
	w := window(all, 0, time.Second)
	if w.Writes.Count != 800 || w.Writes.P50 != 0.05 || w.Writes.P99 != 0.099 || w.Writes.Max != 0.1 {
		t.Errorf("quantiles = %+v, want 800 with 0.05, 0.099 and 0.1 ms", w.Writes)
	}
	if w.GapMs < 200 || w.GapMs > 202 || w.Failed["unavailable"] != 200 {
		t.Errorf("longest gap %.1f ms, failed %v, want 201 ms and 200 unavailable", w.GapMs, w.Failed)
	}
	if got := window(all, 100*time.Millisecond, 200*time.Millisecond).Writes.Count; got != 100 {
		t.Errorf("%d requests in a tenth of a second, want 100", got)
	}
}

// TestTheMemoryTableIsMadeBesideRedis runs the memory measurement with few sessions. Its figures mean nothing, but each must be there.
func TestTheMemoryTableIsMadeBesideRedis(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed")
	}
	o := options{nodes: 1, sessions: 300, span: 50 * time.Millisecond}
	out := t.TempDir()
	if err := writeMemory(t.Context(), o, out, t.Logf); err != nil {
		t.Fatal(err)
	}
	var r MemoryResult
	text, err := os.ReadFile(filepath.Join(out, "memory", "300.json"))
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range []Memory{r.Filled, r.Rested, r.Steady, r.Churned, r.ChurnedRested, r.Redis, r.RedisChurned, r.RedisSets, r.RedisSetsChurned} {
		if m.Resident < 1<<20 || m.Heap < 1<<18 {
			t.Errorf("figure %d is %+v: it was not measured", i, m)
		}
	}
	if r.SnapshotBefore < 1<<20 || r.SnapshotPeak < r.SnapshotBefore {
		t.Errorf("%.0f bytes before a snapshot, %.0f at most during it: they were not measured", r.SnapshotBefore, r.SnapshotPeak)
	}
	if len(r.Accounts) != 5 {
		t.Fatalf("%d accounts, want 5", len(r.Accounts))
	}
	for i, m := range []Memory{r.Filled, r.Rested, r.Steady, r.Churned, r.ChurnedRested} {
		a := r.Accounts[i]
		if sum := a.Slabs + a.Heap + a.Runtime + a.Program; math.Abs(sum-m.Resident) > m.Resident/5 || a.Heap <= 0 || a.Program <= 0 {
			t.Errorf("%s: %+v is %.0f together, resident are %.0f", a.When, a, sum, m.Resident)
		}
	}
	if r.Steady.Heap > r.Steady.Resident*2 {
		t.Errorf("%+v: what is in use cannot be twice what is resident", r.Steady)
	}
}
