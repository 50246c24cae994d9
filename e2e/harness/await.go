// Package harness runs clusters of real sessnode processes and hurts them: kill, pause, graceful stop, power cut. It also
// watches them: their logs, their metrics, their data and what they say to each other.
//
// It knows the product only by its command line and its HTTP API. Everything it starts it ends, also when the test itself is
// killed. Linux only.
package harness

import (
	"context"
	"fmt"
	"time"
)

// pollEvery is how often a condition is looked at. Nothing in the harness waits for a fixed time and then hopes.
const pollEvery = 10 * time.Millisecond

// Await asks try until it returns nil, ctx ends or limit passes; then it returns what try said last, with what names.
func Await(ctx context.Context, limit time.Duration, what string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: not within %v: %w", what, limit, err)
		case <-tick.C:
		}
	}
}
