package local

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheDemoEndsWithItsGoRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gone atomic.Bool
		outer, cancel := context.WithCancel(t.Context())
		ctx := withParent(outer, func() bool { return !gone.Load() })
		time.Sleep(time.Minute) // of the bubble's own clock
		if ctx.Err() != nil {
			t.Errorf("it ended while its parent lives: %v", context.Cause(ctx))
		}
		gone.Store(true)
		<-ctx.Done()
		if context.Cause(ctx) != errParentGone {
			t.Errorf("cause = %v, want %v", context.Cause(ctx), errParentGone)
		}
		cancel()
	})
}
