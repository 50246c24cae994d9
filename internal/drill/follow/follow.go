// Package follow is somebody who hears everything that happens to the sessions of an app, through whatever happens to the nodes, and must
// end up with exactly the sessions that are stored.
package follow

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/local"
)

// leastEvents is how many events must be heard for their sum to mean something.
const leastEvents = 50

// Follower hears everything that happens to the sessions of one app. It is safe for concurrent use.
type Follower struct {
	sessions *client.Client
	end      context.CancelFunc
	done     sync.WaitGroup

	mu     sync.Mutex
	events []sessnode.Event // guarded by mu
	err    error            // guarded by mu; why it stopped hearing
}

// Start starts to listen with a client, which it takes over; Close ends it. After is the place behind which nothing must be missed, or
// sessnode.OldestEvent.
func Start(ctx context.Context, sessions *client.Client, after string) *Follower {
	ctx, cancel := context.WithCancel(ctx)
	f := &Follower{sessions: sessions, end: cancel}
	f.done.Go(func() { // ends with ctx
		for event, err := range sessions.Events(ctx, client.Follow{After: after}) {
			f.mu.Lock()
			if f.err = err; err == nil {
				f.events = append(f.events, event)
			}
			f.mu.Unlock()
		}
	})
	return f
}

// Close stops listening and closes the client.
func (f *Follower) Close() {
	f.end()
	f.done.Wait()
	f.sessions.Close()
}

// Judge compares what was heard with what is stored, now that nothing more is written. What happened last may still be on its way, so it
// looks again until all adds up, for a limited time.
func (f *Follower) Judge(ctx context.Context, limit time.Duration) (heard int, out []check.Violation) {
	_ = local.Await(ctx, limit, "events that add up", func(ctx context.Context) error {
		var stored []sessnode.Session
		for s, err := range f.sessions.Sessions(ctx) {
			if err != nil {
				out = []check.Violation{{Check: check.Coverage, Detail: "the sessions cannot be listed: " + err.Error()}}
				return err
			}
			stored = append(stored, s)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		heard, out = len(f.events), check.Events(f.events, stored)
		if f.err != nil {
			out = append(out, check.Violation{Check: check.Followed, Detail: "following ended: " + f.err.Error()})
		}
		if heard < leastEvents {
			out = append(out, check.Violation{Check: check.Coverage, Detail: fmt.Sprintf("only %d events were heard", heard)})
		}
		if len(out) > 0 {
			return fmt.Errorf("%d violations", len(out))
		}
		return nil
	})
	return heard, out
}
