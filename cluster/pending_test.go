package cluster

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// TestNobodyGetsTheOutcomeOfAnother has many senders use pendings again and again while some of them give up at any moment: who gets an
// outcome gets its own, however late that of a sender which gave up comes.
func TestNobodyGetsTheOutcomeOfAnother(t *testing.T) {
	b, h, _ := startBatcher(t, 2)
	over := make(chan struct{})
	var landing, senders sync.WaitGroup
	landing.Go(func() {
		for {
			select {
			case e := <-h.entries:
				yield(50) // so that senders give up in flight as well
				e.landed <- nil
			case <-over:
				return
			}
		}
	})
	outcomes := [3]int{}
	var mu sync.Mutex
	for sender := range uint64(32) {
		senders.Go(func() {
			for i := range uint64(200) {
				number := sender<<32 | i
				p := pendings.Get().(*pending)
				encoded, err := fsm.AppendOp(p.room[:0], &fsm.Op{Mutation: sessnode.Mutation{Change: sessnode.SetBudget{Bytes: number}}})
				if err != nil {
					t.Error(err)
					return
				}
				p.op, p.room = encoded, encoded
				ctx, cancel := context.WithCancel(context.Background())
				patience := rand.IntN(4)
				b.queue.push(p)
				if patience == 0 {
					cancel()
				} else if patience == 1 {
					go func() { yield(100); cancel() }() // ends by itself
				}
				o := p.watch(ctx)
				cancel()
				if o.fate == done && o.told().Effect.Count != number {
					t.Errorf("sender of %d got the outcome of %d", number, o.told().Effect.Count)
				}
				mu.Lock()
				outcomes[o.fate]++
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	close(over)
	landing.Wait()
	t.Logf("%d unknown, %d not done, %d done", outcomes[unknown], outcomes[notDone], outcomes[done])
	if outcomes[done] == 0 || outcomes[unknown] == 0 || outcomes[notDone] == 0 {
		t.Errorf("outcomes %v: the story is too small", outcomes)
	}
}

// yield lets others go first, up to n times.
func yield(n int) {
	for range rand.IntN(n) {
		runtime.Gosched()
	}
}

// TestSenderIsRemindedOfItsTime ends contexts that nobody watches: those of what waits, and of what is in flight.
func TestSenderIsRemindedOfItsTime(t *testing.T) {
	b, h, _ := startBatcher(t, 1)
	gone, cancel := context.WithCancel(t.Context())
	got := make(chan outcome)
	flies, waits := budget(t, 1, 0), budget(t, 2, 0)
	b.queue.push(flies)
	entry := <-h.entries
	b.queue.push(waits)
	go func() { got <- flies.await(gone) }()
	cancel()
	b.queue.remind()
	if o := <-got; o.fate != unknown {
		t.Errorf("reminded in flight: %+v, want unknown", o)
	}
	go func() { got <- waits.await(gone) }()
	b.queue.remind()
	if o := <-got; o.fate != notDone {
		t.Errorf("reminded while it waited: %+v, want certainly not done", o)
	}
	entry.landed <- nil
	if at, has := gone.Deadline(); has {
		t.Fatalf("the context has a deadline at %v: await watches it without being reminded", at)
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if o := newPending(nil).await(soon); o.fate != notDone {
		t.Errorf("with little time: %+v, want certainly not done", o)
	}
}

// TestSpuriousWakesChangeNothing pokes a pending that has no outcome yet.
func TestSpuriousWakesChangeNothing(t *testing.T) {
	q := newQueue()
	p := newPending([]byte{1})
	q.push(p)
	got := make(chan outcome)
	go func() { got <- p.await(context.Background()) }()
	for range 100 {
		q.remind()
	}
	batch := q.take(fsm.MaxBatchOps, maxBatchBytes)
	q.remind()
	p.resolve(outcome{fate: done})
	q.landed(batch)
	q.remind()
	if o := <-got; o.fate != done {
		t.Errorf("await() = %+v, want done", o)
	}
}
