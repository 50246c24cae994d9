package history

import (
	"sync"
	"sync/atomic"
	"time"
)

// Recorder collects operations and is their only clock. It is safe for concurrent use.
type Recorder struct {
	start time.Time
	acked atomic.Int64
	tried atomic.Int64

	mu  sync.Mutex
	ops []Op // guarded by mu
}

// NewRecorder starts the clock.
func NewRecorder() *Recorder { return &Recorder{start: time.Now()} }

// Now returns the monotonic time since the start.
func (r *Recorder) Now() time.Duration { return time.Since(r.start) }

// At returns a wall-clock moment on the recorder's scale, for rules that are written as absolute times.
func (r *Recorder) At(wall time.Time) time.Duration { return wall.Sub(r.start) }

// Add keeps a finished operation.
func (r *Recorder) Add(op Op) {
	if op.OK() {
		r.acked.Add(1)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = append(r.ops, op)
}

// Try counts one request that was answered, or given up.
func (r *Recorder) Try() { r.tried.Add(1) }

// Tried returns how many requests were answered or given up so far.
func (r *Recorder) Tried() int64 { return r.tried.Load() }

// Start returns the moment from which the recorder counts.
func (r *Recorder) Start() time.Time { return r.start }

// Acked returns how many operations were acknowledged so far; a fault window is judged by its growth.
func (r *Recorder) Acked() int64 { return r.acked.Load() }

// Ops returns a copy of everything recorded so far, in the order of completion.
func (r *Recorder) Ops() []Op {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Op(nil), r.ops...)
}
