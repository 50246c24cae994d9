//go:build e2e

package operate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/ports"
)

// script is scripts/cluster.sh with a folder and ports of its own.
type script struct {
	t    *testing.T
	root string
	dir  string
	port int
}

func newScript(t *testing.T) *script {
	t.Helper()
	root, err := harness.ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	free, _, err := ports.Take(23)
	if err != nil {
		t.Fatal(err)
	}
	s := &script{t, root, filepath.Join(t.TempDir(), "nodes"), free[0]}
	t.Cleanup(func() { _, _ = s.try("down") })
	return s
}

func (s *script) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "./scripts/cluster.sh", args...)
	cmd.Dir, cmd.Env = s.root, append(os.Environ(), "CLUSTER_DIR="+s.dir, fmt.Sprint("CLUSTER_PORT=", s.port))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s *script) must(args ...string) string {
	s.t.Helper()
	out, err := s.try(args...)
	if err != nil {
		s.t.Fatalf("cluster.sh %v: %v\n%s", args, err, out)
	}
	return out
}

func (s *script) pid(node string) string {
	raw, _ := os.ReadFile(filepath.Join(s.dir, node+".pid"))
	return strings.TrimSpace(string(raw))
}

func (s *script) client() *client.Client {
	s.t.Helper()
	c, err := client.New(fmt.Sprintf("sessnode://127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d/web", s.port, s.port+10, s.port+20))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}

// TestTheScriptsNodesStayUntilTheyAreToldToGo starts three nodes, starts one again that was killed, stops them and starts them again.
func TestTheScriptsNodesStayUntilTheyAreToldToGo(t *testing.T) {
	s := newScript(t)
	s.must("up", "--profile", "fast")
	if got := s.must("status"); !strings.Contains(got, "Healthy: 3 of 3") {
		t.Errorf("cluster.sh status says\n%s", got)
	}
	token, _, err := s.client().Create(t.Context(), client.Create{Subject: "ada"})
	if err != nil {
		t.Fatal(err)
	}

	first, second := s.pid("n1"), s.pid("n2")
	if out, err := exec.Command("kill", "-KILL", first).CombinedOutput(); err != nil {
		t.Fatalf("kill -KILL %s: %v\n%s", first, err, out)
	}
	s.must("up", "--profile", "fast")
	if s.pid("n1") == first || s.pid("n2") != second {
		t.Errorf("up after a kill has n1 as %s and n2 as %s, want another n1 than %s and the same n2 as %s", s.pid("n1"), s.pid("n2"), first, second)
	}

	stranger := exec.Command("sleep", "600") // a process that has the number of a node that ended
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Process.Kill(); _ = stranger.Wait() }()
	s.must("down")
	if err := os.WriteFile(filepath.Join(s.dir, "n3.pid"), fmt.Appendln(nil, stranger.Process.Pid), 0o600); err != nil {
		t.Fatal(err)
	}
	s.must("down")
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", stranger.Process.Pid)); len(line) == 0 { // empty once it has ended
		t.Errorf("down has ended a process that is no node: %v", err)
	}
	if _, err := s.client().Read(t.Context(), token); err == nil {
		t.Error("a node answers after down")
	}

	s.must("up", "--profile", "fast")
	if got, err := s.client().Read(t.Context(), token); err != nil || got.Subject != "ada" {
		t.Errorf("Read after down and up = %+v, %v, want ada's session", got, err)
	}
	s.must("down", "--purge")
	if _, err := os.Stat(s.dir); !os.IsNotExist(err) {
		t.Errorf("after down --purge the folder is there: %v", err)
	}
	if _, err := s.client().Read(t.Context(), token); !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("Read after down = %v, want unavailable", err)
	}
}
