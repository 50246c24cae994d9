package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// obeySnapshotSignal takes a snapshot whenever SIGUSR1 asks for one, until ctx ends: before a planned restart, which then has
// no log to go through, and to measure what one costs. Signals that come meanwhile count as one.
func obeySnapshotSignal(ctx context.Context, log *slog.Logger, snapshot func(context.Context) error) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	defer signal.Stop(asked)
	for {
		select {
		case <-asked:
		case <-ctx.Done():
			return
		}
		began := time.Now()
		if err := snapshot(ctx); err != nil {
			log.Warn("the snapshot that SIGUSR1 asked for was not taken", "error", err)
			continue
		}
		log.Info("took the snapshot that SIGUSR1 asked for", "took", time.Since(began).Round(time.Millisecond))
	}
}
