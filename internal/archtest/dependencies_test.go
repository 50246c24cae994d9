package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryModuleInTheBinaryIsExplained keeps docs/explanation/why-these-dependencies.md complete: a module that nobody can
// give a reason for does not get in.
func TestEveryModuleInTheBinaryIsExplained(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root(t), "docs", "explanation", "why-these-dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/sessnode")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	modules := map[string]bool{}
	for path := range strings.Lines(string(out)) {
		if path = strings.TrimSpace(path); path != module && path != "" {
			modules[path] = true
		}
	}
	if len(modules) < 10 {
		t.Fatalf("found %d modules only: the search itself is broken", len(modules))
	}
	for path := range modules {
		short := strings.TrimPrefix(strings.TrimPrefix(path, "github.com/"), "hashicorp/")
		if !strings.Contains(string(page), short) && !strings.Contains(string(page), strings.TrimPrefix(short, "vmihailenco/")) {
			t.Errorf("%s is in the binary, and docs/explanation/why-these-dependencies.md does not say why", path)
		}
	}
}
