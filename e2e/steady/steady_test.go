package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestElectionsAreFoundWithTheirCauses(t *testing.T) {
	lines, err := parse("n1", []byte(`{"time":"2026-01-01T00:00:01Z","msg":"election won","term":2}
{"time":"2026-01-01T00:00:05Z","msg":"heartbeat timeout reached, starting election"}
{"time":"2026-01-01T00:00:06Z","msg":"election won","term":3}
no line of a log
{"time":"2026-01-01T00:00:08Z","msg":"heartbeat timeout reached, starting election"}
{"time":"2026-01-01T00:00:07Z","msg":"failed to contact quorum of nodes, stepping down"}
{"time":"2026-01-01T00:00:09Z","msg":"election won","term":4}
{"time":"2026-01-01T00:00:20Z","msg":"election won","term":5}
`))
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 1, 1, 0, 0, 2, 0, time.UTC)
	got := judge(lines, from, from.Add(10*time.Second))
	want := []election{{4 * time.Second, "n1", 3, "followers heard no leader"}, {7 * time.Second, "n1", 4, "the leader heard no majority for its lease"}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("judge() = %+v, want %+v", got, want)
	}
}

func TestVerdicts(t *testing.T) {
	good := tally{acknowledged: 5000, checked: 100}
	for want, r := range map[string]record{
		"PASS": {tally: good}, "INCONCLUSIVE": {tally: tally{acknowledged: 5}}, "FAIL": {tally: good, elections: []election{{}}},
	} {
		if got := r.verdict(); got != want {
			t.Errorf("verdict(%+v) = %s, want %s", r, got, want)
		}
	}
	for _, bad := range []tally{{missing: 1, checked: 100, acknowledged: 5000}, {ghosts: 1, checked: 100, acknowledged: 5000}} {
		if got := (record{tally: bad}).verdict(); got != "FAIL" {
			t.Errorf("verdict(%+v) = %s, want FAIL", bad, got)
		}
	}
}

// TestThePageSaysHow holds the page's text to the program's: only its figures are of a run.
func TestThePageSaysHow(t *testing.T) {
	page, err := os.ReadFile("../../docs/performance/steady.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(page), head) {
		t.Error("docs/performance/steady.md begins otherwise than e2e/steady writes it")
	}
}
