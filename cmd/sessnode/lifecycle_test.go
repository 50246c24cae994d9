package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/logs"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestOneSignalDrainsEveryStepInOrder(t *testing.T) {
	signals := make(chan os.Signal, 1)
	var order []string
	note := func(name string, err error) step {
		return step{name, func(context.Context) error { order = append(order, name); return err }}
	}
	l := life{log: quiet(), signals: signals, drain: []step{note("a", nil), note("b", nil)}}
	signals <- syscall.SIGTERM
	if err := l.run(t.Context()); err != nil {
		t.Errorf("run() = %v, want a clean stop", err)
	}

	l.drain = []step{note("c", errors.New("stuck")), note("d", nil)}
	signals <- syscall.SIGTERM
	err := l.run(t.Context())
	if p := explain(err); p.exit != exitFailure || !strings.Contains(p.what, "c: stuck") {
		t.Errorf("run() = %v, want exit %d naming the step", err, exitFailure)
	}
	if got := strings.Join(order, " "); got != "a b c d" {
		t.Errorf("steps run = %q, want all in order, also after a failed one", got)
	}
}

func TestSecondSignalEndsTheDrainAtOnce(t *testing.T) {
	signals := make(chan os.Signal, 2)
	draining, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	l := life{log: quiet(), signals: signals, drain: []step{{"hangs", func(context.Context) error {
		close(draining)
		<-release
		return nil
	}}}}
	signals <- syscall.SIGINT
	go func() {
		<-draining
		signals <- syscall.SIGINT
	}()
	if p := explain(l.run(t.Context())); p.exit != exitInterrupted {
		t.Errorf("exit code = %d, want %d", p.exit, exitInterrupted)
	}
}

func TestDrainIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		began := time.Now()
		l := life{log: quiet(), drain: []step{{"hangs", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}}}
		if err := l.run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("run() = %v, want the deadline", err)
		}
		if took := time.Since(began); took != drainTime {
			t.Errorf("the drain took %v, want %v", took, drainTime)
		}
	})
}

func TestPartThatEndsStopsTheNodeWithItsCause(t *testing.T) {
	failed := make(chan error, 1)
	drained := false
	l := life{log: quiet(), failed: failed, drain: []step{{"rest", func(context.Context) error { drained = true; return nil }}}}
	cause := errors.New("listener closed")
	failed <- cause
	if err := l.run(t.Context()); !errors.Is(err, cause) || !drained {
		t.Errorf("run() = %v, drained %v, want the cause after a drain", err, drained)
	}
}

func TestFailStopExitsEvenWhenNobodyReadsTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := net.Pipe() // a write blocks until somebody reads
		code := -1
		began := time.Now()
		failStop(logs.New(writer, "text", slog.LevelInfo), func(c int) { code = c })(errors.New("disk stalled"))
		if code != exitFailStop || time.Since(began) != lastWords {
			t.Errorf("exit code %d after %v, want %d after %v", code, time.Since(began), exitFailStop, lastWords)
		}
		reader.Close()
		writer.Close()
	})

	var out bytes.Buffer
	failStop(logs.New(&out, "text", slog.LevelInfo), func(int) {})(errors.New("disk stalled"))
	if !strings.Contains(out.String(), "disk stalled") {
		t.Errorf("last words = %q, want the cause", out.String())
	}
}

func TestReadinessIsNarrated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var checks []sessnode.Check
		ctx, cancel := context.WithCancel(t.Context())
		poll := make(chan time.Time)
		done := make(chan struct{})
		go func() {
			defer close(done)
			narrateReadiness(ctx, logs.New(&out, "text", slog.LevelInfo), "n1", func() []sessnode.Check { return checks }, poll)
		}()
		start := time.Now()
		look := func(after time.Duration, now ...sessnode.Check) string {
			out.Reset()
			checks = now
			poll <- start.Add(after)
			synctest.Wait()
			return out.String()
		}
		no, yes := sessnode.Check{Name: "leader", Detail: "none known"}, sessnode.Check{Name: "leader", OK: true}
		for _, test := range []struct {
			after time.Duration
			check sessnode.Check
			want  string
		}{
			{0, no, ""},
			{time.Second, no, ""},
			{6 * time.Second, no, `"leader none known"`},
			{7 * time.Second, yes, "msg=ready"},
			{8 * time.Second, yes, ""},
			{9 * time.Second, no, `"no longer ready"`},
			{10 * time.Second, no, ""},
			{11 * time.Second, yes, "after=2s"},
		} {
			got := look(test.after, test.check)
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("after %v says %q, want %q", test.after, got, test.want)
			}
		}
		cancel()
		<-done
	})
}
