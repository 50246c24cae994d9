package local

import (
	"context"
	"fmt"
	"os"
	"time"
)

// errParentGone is the cause of a context whose `go run` has ended.
var errParentGone = fmt.Errorf("%w: `go run` has ended", context.Canceled)

// UnderGoRun reports whether this process was started by `go run`.
func UnderGoRun() bool { return commandOf(os.Getppid()) == "go" }

// WithParent returns a context that ends when the `go run` that started this process does. The go tool passes on Ctrl-C, which
// reaches both anyway, but not SIGTERM, and it cannot pass on SIGKILL. Under any other parent it returns ctx as it is: a
// shell may well end before its child. The watch ends with ctx.
func WithParent(ctx context.Context) context.Context {
	parent := os.Getppid()
	if commandOf(parent) != "go" {
		return ctx
	}
	return withParent(ctx, func() bool { return os.Getppid() == parent })
}

func withParent(ctx context.Context, there func() bool) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() { // ends with ctx
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if !there() {
					cancel(errParentGone)
				}
			}
		}
	}()
	return ctx
}
