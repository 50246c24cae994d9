package bench

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/sessnode/sessnode"
)

const (
	// perSubject is how many sessions a subject has: they are revoked in one step.
	perSubject = 32

	// revokers is how many subjects are revoked at once.
	revokers = 16
)

// ledger knows which sessions one run made: by their subjects, which are its own, so that nobody else's session is ever
// revoked, and those of unknown outcome are revoked too. It is safe for concurrent use.
type ledger struct {
	prefix string
	most   uint64
	begun  atomic.Uint64 // sessions that may have been made
	made   atomic.Uint64 // those that certainly were
}

func newLedger(most int) *ledger {
	return &ledger{prefix: "bench-" + sessnode.NewID().String() + "-", most: uint64(most)}
}

// next returns the subject of one more session.
func (l *ledger) next() (subject string) { return l.subject((l.begun.Add(1) - 1) / perSubject) }

// full reports whether there are enough. Clients that had looked before may make one more each.
func (l *ledger) full() bool { return l.begun.Load() >= l.most }

func (l *ledger) subject(n uint64) string { return l.prefix + strconv.FormatUint(n, 10) }

// revoke ends all sessions of the ledger, and returns how many are left because ctx ended or the store did not answer.
func (l *ledger) revoke(ctx context.Context, s Store) (left uint64) {
	subjects := (l.begun.Load() + perSubject - 1) / perSubject
	var next, ended atomic.Uint64
	var work sync.WaitGroup
	for range revokers {
		work.Go(func() { // ends with the list, or with ctx
			for n := next.Add(1) - 1; n < subjects && ctx.Err() == nil; n = next.Add(1) - 1 {
				if count, err := s.RevokeSubject(ctx, l.subject(n)); err == nil {
					ended.Add(count)
				}
			}
		})
	}
	work.Wait()
	return l.made.Load() - min(l.made.Load(), ended.Load())
}
