package torture

import (
	"context"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Versions asks what the applications are made of, each as "name version"; what cannot be asked says so.
func (w *Workshop) Versions(ctx context.Context, specs []Spec) []string {
	var names []string
	for _, s := range specs {
		names = append(names, s.Packages...)
	}
	slices.Sort(names)
	names = append(slices.Compact(names), "gunicorn", "uvicorn")
	out := []string{"Go " + strings.TrimPrefix(runtime.Version(), "go"), w.ask(ctx, "Python", w.Python, "-c", "import platform; print(platform.python_version())"),
		w.ask(ctx, "Redis", "redis-server", "--version")}
	for _, name := range names {
		if strings.Contains(name, "/") {
			out = append(out, w.ask(ctx, name, "go", "list", "-m", "-f", "{{.Version}}", name))
		} else {
			out = append(out, w.ask(ctx, name, w.Python, "-c", "import importlib.metadata as m; print(m.version('"+name+"'))"))
		}
	}
	return out
}

func (w *Workshop) ask(ctx context.Context, name, command string, args ...string) string {
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.Dir = filepath.Join(w.Root, "e2e", "torture", "apps", "go")
	out, err := cmd.Output()
	if err != nil {
		return name + " (version unknown)"
	}
	text := strings.TrimSpace(string(out))
	if _, after, ok := strings.Cut(text, "v="); ok { // what redis-server says
		text, _, _ = strings.Cut(after, " ")
	}
	return name + " " + text
}
