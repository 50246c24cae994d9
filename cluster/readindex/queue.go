package readindex

import "sync"

// Queue gathers reads into rounds: one round is in flight at a time, and a read that arrives meanwhile joins the next one,
// so that every question is asked after the reads that it answers began. Whoever begins a round sees to it that the next one begins: that
// is Join, Begin, Finish, More, and then Begin again or Join anew. The zero value is ready.
type Queue struct {
	mu      sync.Mutex
	next    *Batch
	running bool
}

// Batch is the reads that one round answers.
type Batch struct {
	reads int
	done  chan struct{}
	grant Grant
	err   error
}

// Join adds a read to the next round. If begin is true no round is in flight and the caller must call Begin.
func (q *Queue) Join() (b *Batch, begin bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next == nil {
		q.next = &Batch{done: make(chan struct{})}
	}
	q.next.reads++
	begin = !q.running
	q.running = true
	return q.next, begin
}

// Begin takes the reads that wait; the round may be asked only after it returned. Nil means that none wait and that the
// next Join starts anew.
func (q *Queue) Begin() *Batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	b := q.next
	q.next = nil
	q.running = b != nil
	return b
}

// More is called when a round has ended. True means that reads wait for the next one, which the caller must Begin; false that the next Join
// does.
func (q *Queue) More() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running = q.next != nil
	return q.running
}

// Finish answers all reads of the batch, once.
func (b *Batch) Finish(g Grant, err error) {
	b.grant, b.err = g, err
	close(b.done)
}

// Done is closed by Finish.
func (b *Batch) Done() <-chan struct{} { return b.done }

// Grant returns what Finish was given; call it only after Done is closed.
func (b *Batch) Grant() (Grant, error) { return b.grant, b.err }

// Reads returns how many reads the batch answers; call it only after Begin returned the batch.
func (b *Batch) Reads() int { return b.reads }
