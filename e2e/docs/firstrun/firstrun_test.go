//go:build e2e

package firstrun_test

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sessnode/sessnode/e2e/docs"
	"github.com/sessnode/sessnode/e2e/harness"
)

const (
	// tour is the command of the README that needs no person.
	tour = "go run ./cmd/sessnode demo --tour"

	// limit is for downloading and compiling everything, most of all.
	limit = 15 * time.Minute
)

// coreutils are all programs that the machine has beside go.
var coreutils = []string{"cat", "chmod", "cp", "env", "id", "ls", "mkdir", "mv", "pwd", "rm", "sh", "sleep", "uname"}

func TestTheTourPassesWhereThereIsOnlyGo(t *testing.T) {
	root, err := harness.ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !promised(t, root) {
		t.Fatalf("README.md has no sh block with the line %q", tour)
	}
	machine := t.TempDir()
	env := cleanMachine(t, machine)
	checkout := filepath.Join(machine, "sessnode")
	if err := docs.Copy(root, checkout); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	args := strings.Fields(tour)
	cmd := exec.CommandContext(ctx, filepath.Join(machine, "bin", args[0]), args[1:]...)
	cmd.Dir, cmd.Env = checkout, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v after %v; it printed:\n%s", tour, err, time.Since(began), out)
	}
	t.Logf("from nothing to a verdict in %v", time.Since(began).Round(time.Second))
	left, err := os.ReadDir(filepath.Join(machine, "tmp"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("%s is left behind in the folder for temporary files", entry.Name())
	}
}

// promised reports whether the README tells people to run the tour.
func promised(t *testing.T, root string) bool {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := docs.Parse("README.md", string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range page.Blocks {
		if b.Lang == "sh" && slices.Contains(strings.Split(b.Text, "\n"), tour) {
			return true
		}
	}
	return false
}

// cleanMachine makes a folder look like a machine on which Go was just installed, and returns its environment.
func cleanMachine(t *testing.T, dir string) []string {
	for _, name := range []string{"bin", "home", "tmp", "modules", "builds"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { writable(t, filepath.Join(dir, "modules")) })
	for _, name := range append([]string{"go"}, coreutils...) {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if path, err = filepath.EvalSymlinks(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	env, err := docs.GoEnv(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return append(env,
		"PATH="+filepath.Join(dir, "bin"),
		"HOME="+filepath.Join(dir, "home"),
		"TMPDIR="+filepath.Join(dir, "tmp"),
		"GOMODCACHE="+filepath.Join(dir, "modules"),
		"GOCACHE="+filepath.Join(dir, "builds"),
	)
}

// writable lets a module cache be removed: go makes its folders read-only.
func writable(t *testing.T, dir string) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o755)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
