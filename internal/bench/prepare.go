package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
)

const (
	// preparers is how many sessions are made at once before the runs.
	preparers = 64

	// prepareTries is how often a preparer that fails tries again before it gives up: with the pauses between, some seconds.
	prepareTries = 20
)

// errNotPrepared is wrapped when the sessions that the runs are about could not be made.
var errNotPrepared = errors.New("the sessions could not be made")

// prepare makes the sessions that the runs are about, through all nodes.
func (l *load) prepare(ctx context.Context, nodes []Node, made *ledger) ([]sessnode.Token, error) {
	tokens := make([]sessnode.Token, l.plan.Sessions)
	var next, done atomic.Int64
	var why atomic.Uint32 // the code that the first preparer gave up with; it stops the others, whose codes then say nothing
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	create := step{workload: Workloads()[0]}
	var work sync.WaitGroup
	for i := range min(preparers, len(tokens)) {
		conn := l.store.Connect(nodes[i%len(nodes)])
		w := newWorker(create, l.plan, i, []Conn{conn}, nil, made)
		work.Go(func() { // ends with the list, with ctx, or when the store refuses
			defer w.close()
			for place := next.Add(1) - 1; place < int64(len(tokens)); place = next.Add(1) - 1 {
				code := w.make(ctx, &tokens[place])
				if code != sessnode.OK {
					why.CompareAndSwap(uint32(sessnode.OK), uint32(code))
					stop()
					return
				}
				done.Add(1)
			}
		})
	}
	stopTelling := l.every(func() {
		l.tell(Progress{Phase: Preparing, Runs: l.runs, Done: uint64(done.Load()), Of: uint64(len(tokens))})
	})
	work.Wait()
	stopTelling()
	if int(done.Load()) < len(tokens) {
		return nil, &sessnode.Error{Op: "prepare", Err: fmt.Errorf("%w: %w", errNotPrepared, sessnode.Code(why.Load()).Info().Err),
			Detail: fmt.Sprintf("%d of %d were", done.Load(), len(tokens))}
	}
	return tokens, nil
}

// make makes one session, with a new token for every try: one of unknown outcome may be there.
func (w *worker) make(ctx context.Context, into *sessnode.Token) (code sessnode.Code) {
	pause := time.Duration(0)
	for range prepareTries {
		token := sessnode.NewToken()
		code = w.conns[0].Do(ctx, Create, token, w.payload.create(token, w.made.next()))
		if code == sessnode.OK {
			*into = token
			w.made.made.Add(1)
			return code
		}
		pause = min(max(2*pause, leastPause), mostPause)
		if !pauses(code) || !w.sleeper.sleep(ctx, pause) {
			return code
		}
	}
	return code
}
