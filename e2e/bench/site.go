package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/ports"
)

// Workshop is where programs are built, once.
type Workshop struct {
	Root string // of this repository
	Bin  string // folder of the programs; kept, so that a second run need not build again
	Dir  string // an empty folder on the disk that is measured
	Log  func(format string, args ...any)

	SessnodeArgs []string // more flags for each node of ours

	built map[string]error
}

// NewWorkshop prepares one. dir is removed by the caller.
func NewWorkshop(ctx context.Context, bin, dir string, log func(string, ...any)) (*Workshop, error) {
	root, err := harness.ModuleRoot(ctx)
	if err != nil {
		return nil, err
	}
	if bin, err = filepath.Abs(bin); err != nil {
		return nil, err
	}
	return &Workshop{Root: root, Bin: bin, Dir: dir, Log: log, built: map[string]error{}}, os.MkdirAll(bin, 0o755)
}

// build compiles a package of the module in a folder of the repository, at most once, and returns the program.
func (w *Workshop) build(ctx context.Context, folder, pkg, name string) (string, error) {
	program := filepath.Join(w.Bin, name)
	err, done := w.built[name]
	if !done {
		w.Log("building %s", name)
		cmd := exec.CommandContext(ctx, "go", "build", "-o", program, pkg)
		cmd.Dir = filepath.Join(w.Root, folder)
		cmd.Env = append(os.Environ(), "GOWORK=off")
		if out, buildErr := cmd.CombinedOutput(); buildErr != nil {
			err = fmt.Errorf("go build %s: %w\n%s", name, buildErr, tail(out))
		}
		if ctx.Err() == nil {
			w.built[name] = err
		}
	}
	return program, err
}

// tail is the end of what a program said: why it failed.
func tail(out []byte) []byte { return out[max(0, len(out)-1500):] }

// Site is where one visit to a system takes place: an empty folder.
type Site struct {
	*Workshop
	Folder  string
	Timeout time.Duration // of one request of the load
}

func (w *Workshop) site(name string) (*Site, error) {
	folder, err := os.MkdirTemp(w.Dir, name+"-")
	return &Site{w, folder, requestLimit}, err
}

// ports takes ports on loopback and returns them, also as addresses.
func (s *Site) ports(n int) ([]int, []string, error) {
	free, _, err := ports.Take(n)
	addresses := make([]string, len(free))
	for i, p := range free {
		addresses[i] = net.JoinHostPort("127.0.0.1", strconv.Itoa(p))
	}
	return free, addresses, err
}

// folder makes a folder for one process.
func (s *Site) folder(name string) (string, error) {
	dir := filepath.Join(s.Folder, name)
	return dir, os.MkdirAll(dir, 0o700)
}

// launch starts one server and enters it in r.
func (s *Site) launch(r *Running, name, program string, args ...string) error {
	p, err := harness.StartProcess(program, args, s.log(name))
	if err != nil {
		return err
	}
	r.Processes = append(r.Processes, p)
	r.Commands = append(r.Commands, strings.Join(append([]string{filepath.Base(program)}, s.shown(args)...), " "))
	return nil
}

// shown leaves this run's folder out of a command.
func (s *Site) shown(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = strings.ReplaceAll(a, s.Folder, "DIR")
		if out[i] == "" || strings.ContainsAny(out[i], " ") {
			out[i] = "'" + out[i] + "'"
		}
	}
	return out
}

func (s *Site) log(name string) string { return filepath.Join(s.Folder, name+".log") }

// await asks until a system is ready, or one of its processes has ended.
func (s *Site) await(ctx context.Context, r *Running, what string, try func(context.Context) error) error {
	dead := -1
	err := harness.Await(ctx, startLimit, what, func(ctx context.Context) error {
		for i, p := range r.Processes {
			if !p.Running() {
				dead = i
				return nil
			}
		}
		return try(ctx)
	})
	if err == nil && dead >= 0 {
		err = errors.New("a process ended by itself")
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w\n%s", what, err, s.said())
}

// said is the end of every log.
func (s *Site) said() string {
	var b strings.Builder
	logs, _ := filepath.Glob(filepath.Join(s.Folder, "*.log"))
	for _, l := range logs {
		if out, err := os.ReadFile(l); err == nil {
			fmt.Fprintf(&b, "%s: %s\n", filepath.Base(l), out[max(0, len(out)-600):])
		}
	}
	return b.String()
}

// installed finds a program of the system's packages.
func installed(name string, also ...string) (string, error) {
	for _, pattern := range also {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, ErrMissing)
	}
	return path, nil
}

// versionOf is the first line that a program says about its version.
func versionOf(ctx context.Context, program string, args ...string) string {
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	line, _, _ := strings.Cut(string(out), "\n")
	if err != nil || line == "" {
		return "unknown"
	}
	return strings.TrimSpace(line)
}
