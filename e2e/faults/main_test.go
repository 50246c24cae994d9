//go:build e2e

package faults

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/drill/check"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// setting reads a number from the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// evidenceDir returns where a round leaves its logs: a temporary directory, or one that stays.
func evidenceDir(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("SESSNODE_E2E_OUT")
	if root == "" {
		return t.TempDir()
	}
	dir := fmt.Sprintf("%s/%s", root, name)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func narrate(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

// build compiles the product, unless SESSNODE_E2E_BINARIES names a directory with sessnode and sessnode-sabotage.
func build(t *testing.T, tags ...string) string {
	t.Helper()
	if dir := os.Getenv("SESSNODE_E2E_BINARIES"); dir != "" {
		return filepath.Join(dir, strings.Join(append([]string{"sessnode"}, tags...), "-"))
	}
	binary, err := harness.Build(t.Context(), t.TempDir(), tags...)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// TestFaults is the fault test. SESSNODE_E2E_ROUNDS says how many rounds (default 10), SESSNODE_E2E_SEED repeats one
// schedule and what its clients want; SESSNODE_E2E_FAULTS=follower-kill,leader-stop chooses the faults of every round instead;
// SESSNODE_E2E_OUT keeps reports, logs, metrics and captures.
func TestFaults(t *testing.T) {
	binary := build(t)
	rounds := setting(t, "SESSNODE_E2E_ROUNDS", 10)
	seed := setting(t, "SESSNODE_E2E_SEED", rand.Uint64N(1_000_000))
	t.Logf("SESSNODE_E2E_SEED=%d SESSNODE_E2E_ROUNDS=%d", seed, rounds)
	landed := map[Fault]int{}
	chosen := os.Getenv("SESSNODE_E2E_FAULTS")
	for i, faults := range Schedule(seed, int(rounds), 3) {
		if chosen != "" {
			faults = nil
			for name := range strings.SplitSeq(chosen, ",") {
				faults = append(faults, Fault(name))
			}
		}
		t.Run(fmt.Sprintf("seed=%d", seed+uint64(i)), func(t *testing.T) {
			report := Run(t.Context(), Config{Binary: binary, Dir: evidenceDir(t, fmt.Sprint(seed+uint64(i))), Seed: seed + uint64(i),
				Faults: faults, Log: narrate(t)})
			t.Log(report.String())
			for _, w := range report.Windows {
				landed[w.Fault]++
				if w.Acked < windowOps {
					t.Errorf("%s: %d operations acknowledged in its window, want %d", w.Fault, w.Acked, windowOps)
				}
			}
			if len(report.Violations) > 0 {
				t.Errorf("%d violations", len(report.Violations))
			}
		})
	}
	for _, f := range deck {
		if rounds >= 10 && chosen == "" && landed[f] < 2 {
			t.Errorf("%s landed %d times, want at least 2", f, landed[f])
		}
	}
}

// TestTokensNowhere searches everything that a cluster under work and one failover has written and said for its tokens.
func TestTokensNowhere(t *testing.T) {
	report := Run(t.Context(), Config{Binary: build(t), Dir: evidenceDir(t, "tokens"), Seed: 7, Faults: []Fault{LeaderKill},
		Log: narrate(t)})
	t.Log(report.String())
	if report.Tokens < 100 || report.Searched < 1<<20 {
		t.Errorf("searched %d bytes for %d tokens: too little to mean anything", report.Searched, report.Tokens)
	}
	if n := check.Names(report.Violations); len(n) > 0 {
		t.Errorf("violations: %v", n)
	}
}
