//go:build e2e

package demo

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// running is printed when the nodes serve.
const running = "leader"

func TestNoSignalLeavesAnythingBehind(t *testing.T) {
	p := newPlace(t, ordinary)
	for _, test := range []struct {
		name  string
		group bool // as Ctrl-C: to the whole foreground group
		sig   syscall.Signal
		want  int
	}{
		{"Ctrl-C", true, syscall.SIGINT, 0},
		{"SIGTERM", false, syscall.SIGTERM, 0},
		{"a terminal that closes", true, syscall.SIGHUP, 0},
		{"kill -9", false, syscall.SIGKILL, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := p.demo(t)
			r.until(t, running)
			p.expectRunning(t)
			pid := r.Process.Pid
			if test.group {
				pid = -pid
			}
			if err := syscall.Kill(pid, test.sig); err != nil {
				t.Fatal(err)
			}
			if got := r.exit(t); got != test.want {
				t.Errorf("exit %d, want %d", got, test.want)
			}
			p.nothingLeft(t)
		})
	}
}

// TestCtrlCReachesTheDemoAlone: the nodes and the keeper are in groups of their own, so that the demo decides what ends and when.
func TestCtrlCReachesTheDemoAlone(t *testing.T) {
	p := newPlace(t, ordinary)
	r := p.demo(t)
	r.until(t, running)
	p.expectRunning(t)
	for _, pid := range p.processes() {
		if group, err := syscall.Getpgid(pid); err != nil || group == r.Process.Pid && pid != r.Process.Pid {
			t.Errorf("in the demo's process group, %v: %v", err, describe([]int{pid}))
		}
	}
	if err := syscall.Kill(r.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r.exit(t)
	p.nothingLeft(t)
}

// TestATourThatIsKilledInTheMiddleLeavesNothing kills at moments that chance picks, also before anything is ready.
func TestATourThatIsKilledInTheMiddleLeavesNothing(t *testing.T) {
	p := newPlace(t, ordinary)
	for range 8 {
		r := p.demo(t, "--tour")
		after := rand.N(3 * time.Second)
		select {
		case <-time.After(after):
		case <-r.ended:
		}
		_ = r.Process.Kill()
		r.exit(t)
		p.nothingLeft(t)
		if t.Failed() {
			t.Fatalf("killed after %v", after)
		}
	}
}

// TestGoRunLeavesNothing: the go tool passes on no signal, and a shell sends Ctrl-C to both.
func TestGoRunLeavesNothing(t *testing.T) {
	root, err := harness.ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := newPlace(t, ordinary)
	for _, test := range []struct {
		name  string
		group bool
		sig   syscall.Signal
	}{
		{"SIGTERM to go", false, syscall.SIGTERM}, {"kill -9 of go", false, syscall.SIGKILL}, {"Ctrl-C", true, syscall.SIGINT},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := p.start(t, "go", append([]string{"run", "-C", root, "./cmd/sessnode", "demo"}, ports()...)...)
			r.until(t, running)
			p.expectRunning(t)
			pid := r.Process.Pid
			if test.group {
				pid = -pid
			}
			if err := syscall.Kill(pid, test.sig); err != nil {
				t.Fatal(err)
			}
			r.exit(t)
			p.nothingLeft(t)
			if out, _ := r.text(); !strings.Contains(out, "go run ./cmd/sessnode") {
				t.Errorf("the commands that it shows do not begin with go run:\n%s", out)
			}
		})
	}
}

// TestTheNextDemoRemovesWhatOneLeftThatDiedWithItsKeeper is the last line of defence.
func TestTheNextDemoRemovesWhatOneLeftThatDiedWithItsKeeper(t *testing.T) {
	p := newPlace(t, ordinary)
	r := p.demo(t)
	r.until(t, running)
	keeper, err := p.keeper()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(syscall.Kill(keeper, syscall.SIGKILL), r.Process.Kill()); err != nil {
		t.Fatal(err)
	}
	r.exit(t)
	err = harness.Await(t.Context(), limit, "the nodes to die with the demo", func(context.Context) error {
		if pids := p.processes(); len(pids) > 0 {
			return errors.New(strings.Join(describe(pids), "; "))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	left := p.folders()
	if len(left) != 1 {
		t.Fatalf("folders %v, want the one of the killed demo", left)
	}
	r = p.demo(t, "--script", "q")
	if code := r.exit(t); code != 0 {
		t.Errorf("exit %d", code)
	}
	if out, _ := r.text(); !strings.Contains(out, "removed "+left[0]) {
		t.Errorf("it does not tell what it removed:\n%s", out)
	}
	p.nothingLeft(t)
}

func TestAReaderThatGoesAwayEndsTheDemo(t *testing.T) {
	p := newPlace(t, ordinary)
	r := p.start(t, "/bin/sh", append([]string{"-c", `"$0" "$@" | head -n 1`, p.binary, "demo"}, ports()...)...)
	r.exit(t)
	p.nothingLeft(t)
}
