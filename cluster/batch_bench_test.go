package cluster

import (
	"context"
	"testing"
)

// BenchmarkQueue is what a change costs on its way into a batch and back, with 64 in each.
func BenchmarkQueue(b *testing.B) {
	q, op := newQueue(), make([]byte, 700)
	waiting := make([]*pending, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		p := pendings.Get().(*pending)
		p.op = op
		q.push(p)
		if waiting = append(waiting, p); len(waiting) < cap(waiting) {
			continue
		}
		batch := q.take(64, maxBatchBytes)
		for _, p := range batch {
			p.resolve(outcome{fate: done})
		}
		q.landed(batch)
		for _, p := range waiting {
			if p.await(context.Background()).fate != done {
				b.Fatal("not done")
			}
		}
		waiting = waiting[:0]
	}
}
