package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
)

// fillers is how many clients make sessions at once: enough that batches are full.
const fillers = 192

// fill makes sessions as fast as it goes, each at most a few times. describe gives the JSON beside token and attributes.
func fill(ctx context.Context, p *people, address string, from, to uint64, subject func(uint64) string, describe func() string) (took time.Duration, err error) {
	began := time.Now()
	var next atomic.Uint64
	next.Store(from)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var work sync.WaitGroup
	for range fillers {
		work.Go(func() { // ends with the numbers, or ctx
			c := newClient(p, address)
			defer func() { _ = c.conn.Close() }()
			for i := next.Add(1) - 1; i < to && ctx.Err() == nil; i = next.Add(1) - 1 {
				if err := fillOne(ctx, c, i, subject(i), describe()); err != nil {
					cancel(err)
				}
			}
		})
	}
	work.Wait()
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return time.Since(began), nil
}

const (
	fillTries = 50
	fillPause = 50 * time.Millisecond // of a churn, between two tries
)

// fillOne makes one session. A try whose outcome is not known may have made it: then the token is taken.
func fillOne(ctx context.Context, c *client, i uint64, subject, more string) error {
	var code sessnode.Code
	unknown := false
	for try := range fillTries {
		code = c.create(ctx, c.people.token(i, 0), subject, more, false)
		if code == sessnode.OK || unknown && code == sessnode.CodeConflict {
			return nil
		}
		unknown = unknown || code == sessnode.CodeUnknown
		select {
		case <-time.After(time.Duration(try+1) * 20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("session %d could not be made in %d tries: %v", i, fillTries, code)
}

// subjectOf gives each session a subject of its own.
func subjectOf(i uint64) string { return "u" + strconv.FormatUint(i, 36) }

func nothing() string { return "" }
