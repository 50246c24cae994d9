package sim

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Played is what a played group came to.
type Played struct {
	PerSecond     float64 // changes that were acknowledged
	P50, P99      time.Duration
	Leader, Flush float64 // the share of the time that the leader's processors and its disk were busy
	Batch         float64 // changes in an entry
}

// Play plays one group for a while: changes of one kind arrive at the leader at random, are encoded by any of its processors, wait
// while the entry before is being written, are flushed by leader and follower at once, and are applied one after the other. Like
// the batcher it has one entry in flight. Costs are those of the model, but how they meet is played.
func (c Costs) Play(op string, perSecond float64, seconds float64, seed uint64) Played {
	g := &group{c: c, op: c.Ops[op], rng: rand.New(rand.NewPCG(seed, 1)), free: make([]float64, cores)}
	g.most = int(min(batchOps, max(1, math.Floor(batchBytes/g.op.LogBytes))))
	work := max(0, g.op.LeaderUS-g.op.ApplyUS) / 1e6
	for at := 0.0; at < seconds; at += g.rng.ExpFloat64() / perSecond {
		ready := g.processor(at, work) // encoding, the frames to and from others, the answer
		heap.Push(&g.events, event{ready, at})
	}
	return g.finish(seconds)
}

// event is a change that is ready to be proposed.
type event struct{ ready, began float64 }

// eventHeap orders changes by when they are ready.
type eventHeap []event

func (h eventHeap) Len() int           { return len(h) }
func (h eventHeap) Less(i, j int) bool { return h[i].ready < h[j].ready }
func (h eventHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)        { *h = append(*h, x.(event)) }
func (h *eventHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

type group struct {
	c      Costs
	op     Op
	rng    *rand.Rand
	most   int
	free   []float64 // when each processor is next
	events eventHeap
	spent  float64 // processor time
}

// processor gives work to the processor that is free first, and returns when it is done.
func (g *group) processor(at, work float64) float64 {
	first := 0
	for i, f := range g.free {
		if f < g.free[first] {
			first = i
		}
	}
	g.free[first] = max(at, g.free[first]) + work
	g.spent += work
	return g.free[first]
}

// finish writes entry after entry.
func (g *group) finish(seconds float64) Played {
	var p Played
	var took []float64
	disk, entries, flushed := 0.0, 0, 0.0
	for g.events.Len() > 0 {
		from := max(disk, g.events[0].ready)
		var batch []event
		for g.events.Len() > 0 && len(batch) < g.most && g.events[0].ready <= from {
			batch = append(batch, heap.Pop(&g.events).(event))
		}
		// Leader and follower flush at once; the entry is committed with the slower of the two.
		flush := g.c.SyncsPerEntry * g.c.FlushUS / 1e6 * max(0.75+g.rng.Float64()/2, 0.75+g.rng.Float64()/2)
		apply := float64(len(batch)) * g.op.ApplyUS / 1e6
		g.spent += apply
		flushed += flush
		disk = from + flush + apply
		entries++
		for _, e := range batch {
			if disk <= seconds {
				took = append(took, disk-e.began)
			}
		}
	}
	slices.Sort(took)
	if len(took) == 0 {
		return p
	}
	at := func(q float64) time.Duration { return time.Duration(took[int(q*float64(len(took)-1))] * 1e9) }
	return Played{PerSecond: float64(len(took)) / seconds, P50: at(0.5), P99: at(0.99),
		Leader: min(1, g.spent/max(seconds, disk)/cores), Flush: min(1, flushed/max(seconds, disk)), Batch: float64(len(took)) / float64(entries)}
}

// Capacity finds by playing how many changes a second one leader acknowledges when more arrive than it can carry.
func (c Costs) Capacity(op string) float64 {
	offered := 2 * c.PlayedBound(op)
	return c.Play(op, offered, 200_000/offered, 7).PerSecond
}

// PlayedBound is what the model says that Capacity is: the processors of the leader, or the one entry in flight.
func (c Costs) PlayedBound(op string) float64 {
	o := c.Ops[op]
	most := min(batchOps, max(1, math.Floor(batchBytes/o.LogBytes)))
	flush := c.SyncsPerEntry * c.FlushUS / 1e6 * (0.75 + 1.0/3) // the mean of the slower of two
	return min(cores/(max(0, o.LeaderUS-o.ApplyUS)/1e6), most/(flush+most*o.ApplyUS/1e6))
}
