//go:build e2e

package drill

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// leftLimit bounds the clean-up behind a drill that was ended.
const leftLimit = time.Minute

// TestNothingIsLeftHoweverADrillEnds ends drills in the middle, also one whose nodes have disks of their own that are mounted.
func TestNothingIsLeftHoweverADrillEnds(t *testing.T) {
	for _, test := range []struct {
		scenario, moment string
		sig              syscall.Signal
		all              bool // kill every process of the drill but nodes and keeper, also the one inside a namespace
		want             int
	}{
		{"leader-kill", "phase warm-up", syscall.SIGINT, false, 130},
		{"leader-kill", "kill n", syscall.SIGTERM, false, 130},
		{"isolate-leader", "cut off n", syscall.SIGKILL, false, -1},
		{"leader-kill", "phase verify", syscall.SIGKILL, false, -1},
		{"power-cycle", "phase steady", syscall.SIGINT, false, 130},
		{"power-cycle", "phase steady", syscall.SIGKILL, false, -1},
		{"power-cycle", "phase steady", syscall.SIGKILL, true, -1},
	} {
		t.Run(fmt.Sprintf("%s %s %v %v", test.scenario, test.moment, test.sig, test.all), func(t *testing.T) {
			t.Parallel()
			binary, err := ordinary()
			if err != nil {
				t.Fatal(err)
			}
			home, err := os.MkdirTemp("", "d") // a short name: the drill's socket lies in it
			if err != nil {
				t.Fatal(err)
			}
			defer os.Remove(home)
			narration := filepath.Join(t.TempDir(), "err")
			file, err := os.Create(narration)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			cmd := exec.Command(binary, "drill", test.scenario, "--seed", seed(t), "--people", "4", "--out", filepath.Join(t.TempDir(), "report"))
			cmd.Env = append(os.Environ(), "TMPDIR="+home)
			cmd.Stdout, cmd.Stderr = file, file
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { endAll(t, home) })
			await(t, "the drill to come to "+test.moment, func() error {
				if text, _ := os.ReadFile(narration); !bytes.Contains(text, []byte(test.moment)) {
					return fmt.Errorf("it says:\n%s", text)
				}
				return nil
			})
			if pids := processes(home); len(pids) < 4 {
				t.Fatalf("processes %v: want a drill, its keeper and two nodes or three, else nothing can be left", pids)
			}
			if test.all {
				for pid, line := range processes(home) {
					if strings.Contains(line, " drill ") {
						_ = syscall.Kill(pid, test.sig)
					}
				}
			} else if err := cmd.Process.Signal(test.sig); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if got := cmd.ProcessState.ExitCode(); got != test.want {
				text, _ := os.ReadFile(narration)
				t.Errorf("exit %d, want %d:\n%s", got, test.want, text)
			}
			await(t, "nothing to be left", func() error {
				files, _ := os.ReadDir(home)
				mounts, _ := os.ReadFile("/proc/self/mountinfo")
				if pids := processes(home); len(pids)+len(files) > 0 || bytes.Contains(mounts, []byte(home)) {
					return fmt.Errorf("processes %v, files %v, mounted %v", pids, files, bytes.Contains(mounts, []byte(home)))
				}
				return nil
			})
		})
	}
}

func await(t *testing.T, what string, try func() error) {
	t.Helper()
	if err := harness.Await(t.Context(), leftLimit, what, func(context.Context) error { return try() }); err != nil {
		t.Fatal(err)
	}
}

// processes are those with this temporary directory in their environment, and their command lines.
func processes(home string) map[int]string {
	all := map[int]string{}
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		env, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(append([]byte{0}, env...), []byte("\x00TMPDIR="+home+"\x00")) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			all[pid] = string(bytes.ReplaceAll(line, []byte{0}, []byte(" ")))
		}
	}
	return all
}

// endAll kills what a failed test has left.
func endAll(t *testing.T, home string) {
	for pid, line := range processes(home) {
		t.Logf("left: %d %s", pid, line)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}
