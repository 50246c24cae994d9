package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/sessnode/sessnode"
)

const (
	patches    = 3 // of each session that is churned, with values of changing size
	leastValue = 64
	mostValue  = 320

	// mostChurned bounds the sessions that are churned, so that five million do not take an hour: fragments come with changes, not with
	// sessions that nobody changes.
	mostChurned = 300000
)

// valueBytes draws the size of an attribute's new value: 192 bytes on average, where it had 128.
func valueBytes(rng *rand.Rand) int { return leastValue + rng.IntN(mostValue-leastValue) }

// stride says which sessions are churned: every so many-th.
func stride(sessions int) uint64 {
	return uint64(max((sessions+mostChurned-1)/mostChurned, 1))
}

// churn patches sessions a few times with values of changing size, always in the same attribute, and makes a third of them anew. Those that
// are churned are spread over all.
func churn(ctx context.Context, s *scene) error {
	var work sync.WaitGroup
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for place := range uint64(workers) {
		w := s.load.workers[place]
		work.Go(func() { // ends with the sessions, or ctx
			if err := churnOwn(ctx, w, uint64(s.people.filled), stride(s.people.filled)); err != nil {
				cancel(err)
			}
		})
	}
	work.Wait()
	return context.Cause(ctx)
}

// churnOwn churns sessions of one worker.
func churnOwn(ctx context.Context, w *worker, filled, every uint64) error {
	value := func(int) []byte { return []byte(`"` + letters(w.rng, valueBytes(w.rng)-2) + `"`) }
	for range patches {
		for i := w.place; i < filled; i += workers * every {
			if w.lost[i] {
				continue
			}
			err := insist(ctx, "patch", func() sessnode.Code {
				return w.patchOne(ctx, w.people.token(i, w.generation[i]), 0, value)
			})
			if err != nil {
				return err
			}
		}
	}
	for n, i := 0, w.place; i < filled; n, i = n+1, i+workers*every {
		if n%3 != 0 || w.lost[i] {
			continue
		}
		err := insist(ctx, "revoke", func() sessnode.Code {
			return w.send(ctx, "DELETE", "/session", w.people.token(i, w.generation[i]), nil, true)
		})
		if err == nil {
			fresh := mostFilled + w.people.created.Add(1)
			err = insist(ctx, "create", func() sessnode.Code {
				return w.create(ctx, w.people.token(fresh, 0), subjectOf(fresh), "", true)
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// insist makes a change in as many tries as a fill.
func insist(ctx context.Context, what string, do func() sessnode.Code) error {
	var code sessnode.Code
	for try := range fillTries {
		if code = do(); code == sessnode.OK || ctx.Err() != nil {
			return ctx.Err()
		}
		if try > 0 && code == sessnode.CodeConflict && what == "create" {
			return nil // an earlier try, whose outcome was not known, made it
		}
		if err := pause(ctx, fillPause); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %v", what, code)
}
