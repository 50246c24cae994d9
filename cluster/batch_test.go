package cluster

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/clock"
	"github.com/sessnode/sessnode/fsm"
)

// heldRaft is a Raft that keeps entries until the test lets them land.
type heldRaft struct {
	entries chan *heldEntry
}

type heldEntry struct {
	raft.ApplyFuture // only the methods below are used

	index  uint64
	header fsm.Header
	ops    []fsm.Op
	landed chan error
	result applied
}

func (h *heldRaft) Apply(entry []byte, _ time.Duration) raft.ApplyFuture {
	header, ops, err := fsm.DecodeBatch(entry)
	e := &heldEntry{header: header, ops: ops, landed: make(chan error, 1), index: 7}
	e.result.results = make([]fsm.Result, len(ops))
	for i, op := range ops {
		e.result.results[i].Effect.Count = op.Change.(sessnode.SetBudget).Bytes
	}
	if err != nil {
		e.landed <- err
	}
	h.entries <- e
	return e
}

func (e *heldEntry) Error() error  { return <-e.landed }
func (e *heldEntry) Response() any { return e.result }
func (e *heldEntry) Index() uint64 { return e.index }

// budget is an operation that can be told from others by its number, about size bytes long.
func budget(t *testing.T, number uint64, size int) *pending {
	t.Helper()
	actor := make([]byte, size)
	for i := range actor {
		actor[i] = 'x'
	}
	op, err := fsm.EncodeOp(fsm.Op{Mutation: sessnode.Mutation{Actor: string(actor), Change: sessnode.SetBudget{Bytes: number}}})
	if err != nil {
		t.Fatal(err)
	}
	return newPending(op)
}

func startBatcher(t *testing.T, inFlight int) (*batcher, *heldRaft, futures) {
	t.Helper()
	h := &heldRaft{entries: make(chan *heldEntry, 100)}
	w := futures{down: make(chan struct{})}
	cfg := Config{Limits: Limits{InFlight: inFlight}}.withDefaults()
	b := newBatcher(h, w, fsm.New(), clock.NewStamper(clock.System(0), "a", 1), cfg, &writeCounts{})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { b.run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return b, h, w
}

// TestWhatWaitsGoesInOneBatch pushes while a batch is in flight: the rest goes together, in order, with rising stamps, and each
// gets its own result.
func TestWhatWaitsGoesInOneBatch(t *testing.T) {
	b, h, _ := startBatcher(t, 1)
	first := budget(t, 100, 0)
	b.queue.push(first)
	one := <-h.entries
	rest := make([]*pending, 50)
	for i := range rest {
		rest[i] = budget(t, uint64(i), 0)
		b.queue.push(rest[i])
	}
	one.landed <- nil
	two := <-h.entries
	if len(one.ops) != 1 || len(two.ops) != 50 || two.header.Stamp <= one.header.Stamp {
		t.Fatalf("batches of %d and %d operations, stamps %d and %d", len(one.ops), len(two.ops), one.header.Stamp, two.header.Stamp)
	}
	two.landed <- nil
	for i, p := range rest {
		if o := p.await(t.Context()); o.fate != done || o.told().Effect.Count != uint64(i) {
			t.Errorf("operation %d got %+v", i, o)
		}
	}
}

// TestBatchesCloseInTime holds batches to 1,024 operations and 256 KiB, but for an operation that is larger by itself.
func TestBatchesCloseInTime(t *testing.T) {
	q := newQueue()
	sizes := []int{60 << 10, 60 << 10, 60 << 10, 60 << 10, 60 << 10, 400 << 10, 1}
	for _, size := range sizes {
		q.push(newPending(make([]byte, size)))
	}
	var got []int
	for {
		batch := q.take(fsm.MaxBatchOps, maxBatchBytes)
		if len(batch) == 0 {
			break
		}
		got = append(got, len(batch))
	}
	if len(got) != 4 || got[0] != 4 || got[1] != 1 || got[2] != 1 || got[3] != 1 {
		t.Errorf("batches of %v operations, want 4, 1, 1, 1", got)
	}
	for range fsm.MaxBatchOps + 10 {
		q.push(newPending([]byte{1}))
	}
	if n := len(q.take(fsm.MaxBatchOps, maxBatchBytes)); n != fsm.MaxBatchOps {
		t.Errorf("a batch of %d operations, want %d", n, fsm.MaxBatchOps)
	}
}

// TestTwoBatchesMayFly lets the second batch be proposed before the first has landed, and no third.
func TestTwoBatchesMayFly(t *testing.T) {
	b, h, _ := startBatcher(t, 2)
	ps := []*pending{budget(t, 1, 0), budget(t, 2, 0), budget(t, 3, 0)}
	b.queue.push(ps[0])
	one := <-h.entries
	b.queue.push(ps[1])
	two := <-h.entries
	b.queue.push(ps[2])
	select {
	case e := <-h.entries:
		t.Fatalf("a third batch flies: %+v", e)
	default:
	}
	two.landed <- nil
	three := <-h.entries
	one.landed <- nil
	three.landed <- nil
	for i, p := range ps {
		if o := p.await(t.Context()); o.fate != done {
			t.Errorf("operation %d: %+v", i, o)
		}
	}
}

// TestOutcomesFollowRaft maps what Raft says to each sender.
func TestOutcomesFollowRaft(t *testing.T) {
	for _, c := range []struct {
		err  error
		want fate
	}{{raft.ErrNotLeader, notDone}, {raft.ErrLeadershipLost, unknown}, {errors.New("disk"), unknown}} {
		b, h, _ := startBatcher(t, 1)
		p := budget(t, 1, 0)
		b.queue.push(p)
		(<-h.entries).landed <- c.err
		o := p.await(t.Context())
		if o.fate != c.want || (o.fate == notDone) != errors.Is(o.err, sessnode.ErrUnavailable) {
			t.Errorf("after %v: %+v, want %d", c.err, o, c.want)
		}
	}
}

// TestSenderThatGivesUpLearnsWhatItMay ends the sender's context before and after the change was taken.
func TestSenderThatGivesUpLearnsWhatItMay(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	b, h, _ := startBatcher(t, 1)
	first := budget(t, 1, 0)
	b.queue.push(first)
	entry := <-h.entries
	if o := first.watch(gone); o.fate != unknown {
		t.Errorf("given up in flight: %+v, want unknown", o)
	}
	second := budget(t, 2, 0)
	b.queue.push(second)
	if o := second.watch(gone); o.fate != notDone {
		t.Errorf("given up while it waited: %+v, want certainly not done", o)
	}
	third := budget(t, 3, 0)
	b.queue.push(third)
	entry.landed <- nil
	next := <-h.entries
	if len(next.ops) != 1 || next.ops[0].Change.(sessnode.SetBudget).Bytes != 3 {
		t.Errorf("the abandoned change was proposed: %+v", next.ops)
	}
	next.landed <- nil
}

// TestEndOfRaftEndsTheWait shuts Raft down with an entry that it never answers.
func TestEndOfRaftEndsTheWait(t *testing.T) {
	b, h, w := startBatcher(t, 1)
	p := budget(t, 1, 0)
	b.queue.push(p)
	entry := <-h.entries
	close(w.down)
	if o := p.await(t.Context()); o.fate != unknown {
		t.Errorf("after the end of Raft: %+v, want unknown", o)
	}
	entry.landed <- nil // lets the abandoned goroutine of this test end
}

// TestGateSheds refuses what would pass either limit, and takes it once there is room.
func TestGateSheds(t *testing.T) {
	g := gate{maxOps: 2, maxBytes: 100}
	if g.enter(60, false) != nil || g.enter(40, false) != nil {
		t.Fatal("the gate refused what fits")
	}
	if err := g.enter(0, false); sessnode.ReasonOf(err) != sessnode.ReasonOverload || !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("enter() past the number = %v", err)
	}
	g.leave(40)
	if err := g.enter(41, false); sessnode.ReasonOf(err) != sessnode.ReasonOverload {
		t.Errorf("enter() past the bytes = %v", err)
	}
	if err := g.enter(40, false); err != nil {
		t.Errorf("enter() with room = %v", err)
	}
	if _, _, shed := g.load(); shed != 2 {
		t.Errorf("shed = %d, want 2", shed)
	}
}

// TestGateKeepsRoomForEndings: a logout gets in where a create is refused, up to a bound of its own.
func TestGateKeepsRoomForEndings(t *testing.T) {
	g := gate{maxOps: 16, maxBytes: 1600}
	for range 16 {
		if err := g.enter(100, ends(sessnode.Create{})); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.enter(100, ends(sessnode.Create{})); sessnode.ReasonOf(err) != sessnode.ReasonOverload {
		t.Errorf("a create in a full gate = %v", err)
	}
	for range 2 {
		if err := g.enter(100, ends(sessnode.Revoke{})); err != nil {
			t.Errorf("a logout in a full gate = %v", err)
		}
	}
	if err := g.enter(100, ends(sessnode.Revoke{})); sessnode.ReasonOf(err) != sessnode.ReasonOverload {
		t.Errorf("a logout past its room = %v", err)
	}
	for _, c := range []sessnode.Change{sessnode.RevokeID{}, sessnode.RevokeSubject{}, sessnode.RevokeApp{}, sessnode.DropApp{}} {
		if !ends(c) {
			t.Errorf("ends(%T) = false", c)
		}
	}
	for _, c := range []sessnode.Change{sessnode.Patch{}, sessnode.Rotate{}, sessnode.Touch{}, sessnode.PutPolicy{}} {
		if ends(c) {
			t.Errorf("ends(%T) = true", c)
		}
	}
}
