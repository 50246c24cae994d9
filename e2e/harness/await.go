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

	"github.com/sessnode/sessnode/internal/local"
)

// Await asks try until it returns nil, ctx ends or limit passes; then it returns what try said last, with what names. Nothing in
// the harness waits for a fixed time and then hopes.
func Await(ctx context.Context, limit time.Duration, what string, try func(context.Context) error) error {
	if err := local.Await(ctx, limit, what, try); err != nil {
		return fmt.Errorf("not within %v: %w", limit, err)
	}
	return nil
}
