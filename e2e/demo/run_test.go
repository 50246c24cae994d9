//go:build e2e

// Package demo runs `sessnode demo` as people and scripts do, ends it in every way that a machine knows, and looks for what it has
// left behind. It needs no root.
package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// limit bounds everything here. A tour takes a few seconds, also on a busy machine well below this.
const limit = time.Minute

// place is a temporary directory of a test's own: every process of a demo that runs there has it in its environment.
type place struct {
	dir    string
	binary string
}

func newPlace(t *testing.T, build func() (string, error)) place {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := place{dir: t.TempDir(), binary: binary}
	t.Cleanup(func() { p.endAll(t) })
	return p
}

// The two builds, each made at most once.
var (
	builds   string
	ordinary = sync.OnceValues(func() (string, error) { return harness.Build(context.Background(), builds) })
	broken   = sync.OnceValues(func() (string, error) { return harness.Build(context.Background(), builds, "sabotage") })
)

func TestMain(m *testing.M) {
	var err error
	if builds, err = os.MkdirTemp("", "sessnode-e2e-demo-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(builds)
	os.Exit(code)
}

// ports are flags that keep tests, and a demo that a person runs meanwhile, out of each other's way.
func ports() []string {
	base := 12000 + 10*rand.IntN(1500)
	return []string{"--port", strconv.Itoa(base), "--app-port", strconv.Itoa(base + 5)}
}

// run is one program that was started in a place, in a process group of its own as under a shell. Its output goes to files: a
// pipe would break when the test's end of it closes, and so end a demo that should have ended for another reason.
type run struct {
	*exec.Cmd
	ended    chan struct{}
	out, err *os.File
}

// start starts a program.
func (p place) start(t *testing.T, name string, args ...string) *run {
	t.Helper()
	r := &run{Cmd: exec.Command(name, args...), ended: make(chan struct{}), out: tempFile(t), err: tempFile(t)}
	r.Env = append(os.Environ(), "TMPDIR="+p.dir)
	r.Stdout, r.Stderr = r.out, r.err
	r.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the process, at the latest with endAll
		_ = r.Wait()
		close(r.ended)
	}()
	return r
}

func tempFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// text returns what was printed so far.
func (r *run) text() (out, err string) {
	o, _ := os.ReadFile(r.out.Name())
	e, _ := os.ReadFile(r.err.Name())
	return string(o), string(e)
}

// exit waits for the end and returns the exit code.
func (r *run) exit(t *testing.T) int {
	t.Helper()
	select {
	case <-r.ended:
	case <-time.After(limit):
		out, err := r.text()
		t.Fatalf("%v has not ended:\n%s%s", r.Args, out, err)
	}
	return r.ProcessState.ExitCode()
}

// until waits until standard output holds a text.
func (r *run) until(t *testing.T, want string) {
	t.Helper()
	err := harness.Await(t.Context(), limit, "output", func(context.Context) error {
		if out, stderr := r.text(); !strings.Contains(out, want) {
			return fmt.Errorf("%q is missing in:\n%s%s", want, out, stderr)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// demo starts `sessnode demo` on ports of its own.
func (p place) demo(t *testing.T, args ...string) *run {
	t.Helper()
	return p.start(t, p.binary, append(append([]string{"demo"}, ports()...), args...)...)
}

// processes are the ids of the processes of a place: those that have its directory in their environment. One that has ended and
// was not waited for has no environment any more.
func (p place) processes() []int {
	var pids []int
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		env, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(append([]byte{0}, env...), []byte("\x00TMPDIR="+p.dir+"\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// folders are the folders of demos in a place.
func (p place) folders() []string {
	found, _ := filepath.Glob(filepath.Join(p.dir, "sessnode-demo-*"))
	return found
}

// nothingLeft waits until no process and no folder of the place is there.
func (p place) nothingLeft(t *testing.T) {
	t.Helper()
	err := harness.Await(t.Context(), limit, "nothing to be left", func(context.Context) error {
		pids, folders := p.processes(), p.folders()
		if len(pids)+len(folders) > 0 {
			return fmt.Errorf("processes %v, folders %v", describe(pids), folders)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// expectRunning makes sure that there is something to be left: else a test of leftovers would prove nothing.
func (p place) expectRunning(t *testing.T) {
	t.Helper()
	if pids, folders := p.processes(), p.folders(); len(pids) < 5 || len(folders) != 1 {
		t.Fatalf("processes %v, folders %v; want a demo, its keeper, three nodes and a folder", describe(pids), folders)
	}
}

// endAll kills what a failed test has left.
func (p place) endAll(t *testing.T) {
	for _, pid := range p.processes() {
		t.Logf("left: %v", describe([]int{pid}))
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

func describe(pids []int) []string {
	var all []string
	for _, pid := range pids {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		all = append(all, fmt.Sprintf("%d %s", pid, bytes.ReplaceAll(line, []byte{0}, []byte(" "))))
	}
	return all
}

// keeper returns the id of a place's keeper process.
func (p place) keeper() (int, error) {
	for _, pid := range p.processes() {
		if line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); bytes.Contains(line, []byte("\x00demo-keeper\x00")) {
			return pid, nil
		}
	}
	return 0, errors.New("no keeper")
}
