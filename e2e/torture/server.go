package torture

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/ports"
)

// Limits on what starting and stopping may take.
const (
	startLimit = 40 * time.Second
	stopLimit  = 10 * time.Second
)

// Workshop is where applications are started: what they are started with, and a directory for what they leave.
type Workshop struct {
	Root   string // of this repository
	Dir    string // an empty directory for logs, files and databases
	Python string // interpreter that has requirements.txt and python/ installed
	GoApp  string // made by BuildGoApp
	Gate   *Gate
}

// BuildGoApp compiles the Go applications into dir and returns the program's path.
func BuildGoApp(ctx context.Context, root, dir string) (string, error) {
	binary := filepath.Join(dir, "goapp")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, ".")
	cmd.Dir = filepath.Join(root, "e2e", "torture", "apps", "go")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build the applications: %w\n%s", err, out)
	}
	return binary, nil
}

// Server is an application that runs, as it would in production: several workers where its server has them.
type Server struct {
	Spec Spec
	App  App

	log  string
	args []string // of /usr/bin/env: folder, variables and command
	proc *harness.Process
}

// Start starts an application and waits until it answers. Stop must be called also after an error.
func (w *Workshop) Start(ctx context.Context, spec Spec, variables ...string) (*Server, error) {
	free, _, err := ports.Take(1)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(w.Dir, spec.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(free[0]))
	env := append([]string{"-C", filepath.Join(w.Root, "e2e", "torture", "apps"), "TORTURE_GATE=" + w.Gate.URL(), "TORTURE_DIR=" + dir,
		"PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1", "WEB_CONCURRENCY=2"}, append(variables, spec.Variables...)...)
	s := &Server{Spec: spec, log: filepath.Join(w.Dir, spec.Name+".log")}
	s.App = App{URL: "http://" + addr, Gate: w.Gate}
	if len(spec.Prepare) > 0 {
		args := append(append([]string{}, env...), w.command(spec.Prepare, addr)...)
		if out, err := exec.CommandContext(ctx, "/usr/bin/env", args...).CombinedOutput(); err != nil {
			return s, fmt.Errorf("prepare %s: %w\n%s", spec.Name, err, out)
		}
	}
	s.args = append(env, w.command(spec.Command, addr)...)
	return s, s.start(ctx)
}

// command fills the placeholders of a command in.
func (w *Workshop) command(words []string, addr string) []string {
	_, port, _ := net.SplitHostPort(addr)
	known := map[string]string{"PYTHON": w.Python, "GOAPP": w.GoApp, "ADDR": addr, "PORT": port}
	var out []string
	for _, word := range words {
		if value, ok := known[word]; ok {
			word = value
		}
		out = append(out, word)
	}
	return out
}

// start starts the process and waits until it listens.
func (s *Server) start(ctx context.Context) error {
	var err error
	if s.proc, err = harness.StartProcess("/usr/bin/env", s.args, s.log); err != nil {
		return err
	}
	ended := false
	err = harness.Await(ctx, startLimit, s.Spec.Name+" answers", func(ctx context.Context) error {
		if ended = !s.proc.Running(); ended {
			return nil
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.App.URL+"/", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	})
	if ended {
		out, _ := os.ReadFile(s.log)
		return fmt.Errorf("%s ended by itself:\n%s", s.Spec.Name, out[max(0, len(out)-2000):])
	}
	return err
}

// Stop ends the application and all of its workers.
func (s *Server) Stop() error {
	if s == nil || s.proc == nil {
		return nil
	}
	if s.proc.Running() {
		_ = syscall.Kill(s.proc.Pid(), syscall.SIGTERM)
		_ = harness.Await(context.Background(), stopLimit, s.Spec.Name+" ends", func(context.Context) error {
			if s.proc.Running() {
				return errors.New("it runs")
			}
			return nil
		})
	}
	return s.kill()
}

// kill ends the application at once: its whole process group, since workers outlive the parent that is killed.
func (s *Server) kill() error {
	_ = syscall.Kill(-s.proc.Pid(), syscall.SIGKILL)
	return s.proc.Kill()
}

// Prepare builds everything into dir and opens a gate, which the caller closes. It returns the workshop and the binary of sessnode.
func Prepare(ctx context.Context, dir, python string) (*Workshop, string, error) {
	root, err := harness.ModuleRoot(ctx)
	if err != nil {
		return nil, "", err
	}
	binary, err := harness.Build(ctx, dir)
	if err != nil {
		return nil, "", err
	}
	goApp, err := BuildGoApp(ctx, root, dir)
	if err != nil {
		return nil, "", err
	}
	gate, err := NewGate()
	return &Workshop{Root: root, Dir: dir, Python: python, GoApp: goApp, Gate: gate}, binary, err
}
