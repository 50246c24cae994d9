package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

const (
	// drainTime bounds a graceful stop; below the 30 s after which Kubernetes kills.
	drainTime = 20 * time.Second

	// lastWords bounds how long a node that stops itself may spend on writing why: a reader of the log that hangs must not
	// keep a node alive that has lost its disk.
	lastWords = time.Second
)

// life is one run of a node, from its start to its exit code.
type life struct {
	log     *slog.Logger
	signals <-chan os.Signal // SIGTERM and SIGINT; the second one ends the drain
	failed  <-chan error     // a part that should run for ever has ended
	left    <-chan struct{}  // the node has left its cluster; nil = it never does
	drain   []step           // in order; a step that fails does not keep the next from running
}

// step is one part of a graceful stop.
type step struct {
	name string
	do   func(context.Context) error
}

// run waits for a reason to stop, drains, and returns what went wrong on the way: nil after a complete drain.
func (l *life) run(ctx context.Context) error {
	var cause error
	select {
	case sig := <-l.signals:
		l.log.Info("draining; another signal exits at once", "signal", sig.String(), "at_most", drainTime)
	case cause = <-l.failed:
		l.log.Error("stopping: a part of the node has ended", "error", cause)
	case <-l.left:
		l.log.Info("draining: this node has left its cluster, and its data directory cannot be used again")
	case <-ctx.Done():
		l.log.Info("draining", "reason", context.Cause(ctx))
	}

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- l.stop(ctx) }() // ends when the last step returns; nobody waits for it only where the process exits
	select {
	case err := <-done:
		if err == nil && cause == nil {
			l.log.Info("stopped")
		}
		return errors.Join(cause, err)
	case sig := <-l.signals:
		return &problem{what: "stopped at once by a second signal (" + sig.String() + ")", why: "the drain was cut short; what was acknowledged is safe on a majority",
			try: "start the node again: it catches up by itself", exit: exitInterrupted}
	}
}

func (l *life) stop(ctx context.Context) error {
	var faults []error
	for _, s := range l.drain {
		began := time.Now()
		err := s.do(ctx)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.name, err))
		}
		l.log.Debug("drain step done", "step", s.name, "took", time.Since(began), "error", err)
	}
	if len(faults) == 0 {
		return nil
	}
	return &problem{what: "the drain was not complete: " + errors.Join(faults...).Error(), why: "what was acknowledged is safe on a majority; requests under way may have an unknown outcome",
		try: "start the node again: it catches up by itself", exit: exitFailure, err: errors.Join(faults...)}
}

// failStop returns what a node calls when it must not go on: it says why and ends the process at once, without a drain,
// because a node that has lost its disk or its agreement with the others must not answer anything any more
// (hashicorp/raft#503, #614, #666).
func failStop(log *slog.Logger, exit func(code int)) func(error) {
	return func(err error) {
		written := make(chan struct{})
		go func() { // ends with the process at the latest
			defer close(written)
			log.Error("this node stops itself to protect its state", "error", err,
				"try", "see the error; with a healthy disk start it again, else replace the node", "exit_code", exitFailStop)
		}()
		select {
		case <-written:
		case <-time.After(lastWords):
		}
		exit(exitFailStop)
	}
}
