package doctor

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/keyring"
	"github.com/sessnode/sessnode/internal/ports"
)

// wellKept is a patient without a fault: a node that is to be one of its own, on loopback.
func wellKept(t *testing.T) Patient {
	t.Helper()
	base := freePorts(t)
	dir := t.TempDir()
	key := filepath.Join(dir, "cluster.key")
	if err := (keyring.Ring{keyring.New()}).Create(key); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(from(map[string]string{
		"name": "n1", "data": filepath.Join(dir, "data"), "http": at(base), "node": at(base + 1), "gossip": at(base + 2), "cluster-key-file": key,
	}))
	if err != nil {
		t.Fatal(err)
	}
	return Patient{Config: c, Local: true}
}

func from(values map[string]string) config.Source {
	return func(k config.Key) (string, string, bool) {
		text, ok := values[k.Name]
		return text, "--" + k.Name, ok
	}
}

func at(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// freePorts returns the first of three ports in a row on loopback that are the test's, whether it listens there or not.
func freePorts(t *testing.T) int {
	t.Helper()
	free, release, err := ports.Take(3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return free[0]
}

// only fails the test unless a report's findings beyond ok are these: "LEVEL check: a part of the finding -> a part of the cure".
func only(t *testing.T, r Report, wants ...string) {
	t.Helper()
	var troubles []string
	for _, f := range r.Findings {
		text := fmt.Sprintf("%s %s: %s -> %s", f.Level, f.Check, f.What, f.Cure)
		if f.Level == OK {
			if f.Cure != "" {
				t.Errorf("%s: a cure without a fault", text)
			}
			continue
		}
		if f.Cure == "" {
			t.Errorf("%s: no cure", text)
		}
		troubles = append(troubles, text)
	}
	for _, want := range wants {
		head, cure, _ := strings.Cut(want, " -> ")
		level, what, _ := strings.Cut(head, ": ")
		i := slices.IndexFunc(troubles, func(s string) bool {
			return strings.HasPrefix(s, level+": ") && strings.Contains(s, what) && strings.Contains(s[strings.Index(s, " -> "):], cure)
		})
		if i < 0 {
			t.Errorf("no finding is %q; there are\n%s", want, strings.Join(troubles, "\n"))
			continue
		}
		troubles = slices.Delete(troubles, i, i+1)
	}
	if len(troubles) > 0 {
		t.Errorf("unexpected findings:\n%s", strings.Join(troubles, "\n"))
	}
	if bad := slices.ContainsFunc(wants, func(s string) bool { return strings.HasPrefix(s, "FAIL") }); r.Healthy == bad {
		t.Errorf("Healthy = %v with %v", r.Healthy, wants)
	}
}

func examine(t *testing.T, p Patient) Report {
	t.Helper()
	return p.Examine(t.Context())
}

func TestAWellKeptNodeHasNothing(t *testing.T) {
	p := wellKept(t)
	r := examine(t, p)
	only(t, r)
	if len(r.Findings) < 11 || !strings.HasPrefix(r.Summary, "All is well") {
		t.Errorf("%d checks, %q: some were left out", len(r.Findings), r.Summary)
	}
	if entries, err := os.ReadDir(filepath.Dir(p.Config.Data)); err != nil || len(entries) != 1 {
		t.Errorf("%d entries beside the key file, %v: the examination left something behind", len(entries), err)
	}
}

func TestNoFindingShowsASecret(t *testing.T) {
	p := wellKept(t)
	raw, err := os.ReadFile(p.Config.Security.ClusterKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.TrimSpace(strings.Split(string(raw), "\n")[1])
	if err := os.WriteFile(p.Config.Security.ClusterKeyFile, []byte(secret+"\nhunter2hunter2\n"), 0o604); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(p.Config.Security.ClusterKeyFile, 0o604); err != nil {
		t.Fatal(err)
	}
	p.Env = []string{"SESSNODE_CLUSTER_KEY_FIL=" + secret}
	r := examine(t, p)
	for _, f := range r.Findings {
		if strings.Contains(f.What+f.Cure, secret[8:]) || strings.Contains(f.What+f.Cure, "hunter2") {
			t.Errorf("%+v shows a secret", f)
		}
	}
	only(t, r, "FAIL key files: line 2: 14 characters -> sessnode key make", "warn key files: can read -> chmod 600", "warn variables: SESSNODE_CLUSTER_KEY_FIL is set -> SESSNODE_CLUSTER_KEY_FILE")
}

func TestAnExaminationEndsWithItsContext(t *testing.T) {
	p := wellKept(t)
	p.Config.Cluster.Seeds, p.Config.Cluster.Expect = []string{"192.0.2.1:7482"}, 3
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.Examine(ctx) // would hang, or fail the test's time limit, if a check did not heed it
}
