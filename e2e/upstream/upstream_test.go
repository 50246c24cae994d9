//go:build e2e

// Package upstream runs the frameworks' own test suites against our adapters on three real nodes. README.md says how a suite is added.
package upstream

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
)

var write = flag.Bool("write", false, "write the results into "+pageFile+" instead of comparing them")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(harness.Main(m))
}

func TestUpstreamSuites(t *testing.T) {
	all := suites(t)
	where := place{root: moduleRoot(t), urls: startNodes(t)}
	known := readPage(where.root)
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			if s.Module == "" && where.python == "" {
				where.python = interpreter(t, where.root)
			}
			row, section := where.verdict(t, s)
			if t.Failed() {
				return // the page tells of no failures: it keeps what was there
			}
			if *write {
				known.rows[s.name], known.sections[s.name] = row, section
			} else if known.rows[s.name] != row || known.sections[s.name] != section {
				t.Errorf("%s says\n%s\n%s\nthe run\n%s\n%s\n(-write writes it)", pageFile, known.rows[s.name], known.sections[s.name], row, section)
			}
		})
	}
	if *write {
		if err := os.WriteFile(filepath.Join(where.root, filepath.FromSlash(pageFile)), []byte(known.text(all)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// verdict runs one suite in a folder and an app of its own.
func (p place) verdict(t *testing.T, s suite) (row, section string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "source")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.unpack(t.Context(), p.python, dir); err != nil {
		t.Fatal(err)
	}
	if err := s.hook(dir); err != nil {
		t.Fatal(err)
	}
	results, said, err := p.play(t.Context(), s, dir, declare(t, p.urls, s.name))
	if err != nil {
		t.Fatalf("%s: %v\n%s", s.name, err, tail(said))
	}
	got := s.judge(results)
	for _, fault := range got.faults {
		t.Errorf("%s: %s", s.name, fault)
	}
	if len(got.faults) > 0 {
		t.Logf("%s said:\n%s", s.name, tail(said))
	}
	t.Logf("%s: %d passed, %d failed, %d not applicable", s.upstream(), got.passed, len(got.faults), got.notApplicable)
	return s.row(got), s.section()
}

// startNodes starts three nodes and returns their addresses.
func startNodes(t *testing.T) string {
	t.Helper()
	binary, err := harness.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := harness.New(t.Context(), harness.Config{Binary: binary, Root: t.TempDir(), Nodes: 3, Profile: "default", Plain: true})
	t.Cleanup(func() { _ = cluster.Close(context.Background()) })
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var urls []string
	for _, n := range cluster.Nodes {
		urls = append(urls, n.URL())
	}
	return strings.Join(urls, ",")
}

// declare gives the suite an app that takes the short tokens which tests like to write.
func declare(t *testing.T, urls, suite string) (app string) {
	t.Helper()
	app = "upstream-" + suite
	c, err := client.New(urls, client.WithApp(app))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	policy := sessnode.DefaultPolicy()
	policy.MinTokenLength = 8
	if _, err := c.PutPolicy(t.Context(), policy); err != nil {
		t.Fatal(err)
	}
	return app
}

// interpreter makes the Python environment and returns its interpreter.
func interpreter(t *testing.T, root string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "python.sh"))
	cmd.Dir = root
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("scripts/python.sh: %v\n%s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := harness.ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// tail keeps the end of what a suite printed.
func tail(said []byte) string {
	const most = 8000
	return string(said[max(0, len(said)-most):])
}
