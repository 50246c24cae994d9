package bench

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/sessnode/sessnode"
)

// After a failure that says something about the node, a client of a closed loop waits a little, longer each time: a store
// that is down is not to be told so in a busy loop.
const (
	leastPause = 5 * time.Millisecond
	mostPause  = 250 * time.Millisecond
)

// worker is one client. It is used by one goroutine.
type worker struct {
	workload Workload
	conns    []Conn // one for each node; the requests go round
	next     int
	sessions []sessnode.Token // that are there
	pick     func() int       // one of them
	made     *ledger          // of new ones
	rng      *rand.Rand
	payload  *payload
	sleeper  *sleeper
	tally    *tally
}

func newWorker(s step, p Plan, place int, conns []Conn, sessions []sessnode.Token, made *ledger) *worker {
	rng := rand.New(rand.NewPCG(p.Seed, uint64(place)))
	w := &worker{workload: s.workload, conns: conns, next: place, sessions: sessions, made: made, rng: rng,
		payload: newPayload(rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), p.PayloadBytes), sleeper: newSleeper(), tally: newTally(s.workload)}
	w.pick = p.Distribution.picker(rng, max(len(sessions), 1))
	return w
}

// do makes the next operation.
func (w *worker) do(ctx context.Context) (o Operation, code sessnode.Code) {
	o = w.workload.at(w.rng.IntN(100))
	conn := w.conns[w.next%len(w.conns)]
	w.next++
	if o == Create {
		token := sessnode.NewToken()
		if code = conn.Do(ctx, o, token, w.payload.create(token, w.made.next())); code == sessnode.OK {
			w.made.made.Add(1)
		}
		return o, code
	}
	token := w.sessions[w.pick()]
	var body []byte
	if o == Patch {
		body = w.payload.patch()
	}
	return o, conn.Do(ctx, o, token, body)
}

// closed sends one operation after the other until the window is over, ctx ends or the run has made enough sessions.
func (w *worker) closed(ctx context.Context, when window) {
	pause := time.Duration(0)
	for began := time.Now(); began.Before(when.to) && ctx.Err() == nil && !w.made.full(); {
		o, code := w.do(ctx)
		ended := time.Now()
		if code != sessnode.OK && ctx.Err() != nil {
			return // it was cut off, by us
		}
		measured := when.holds(began)
		if measured {
			w.tally.started++
		}
		w.tally.count(o, code, ended.Sub(began), ended, measured)
		if began = ended; !pauses(code) {
			pause = 0
			continue
		}
		pause = min(max(2*pause, leastPause), mostPause)
		w.sleeper.sleep(ctx, pause/2+time.Duration(w.rng.Int64N(int64(pause))))
		began = time.Now()
	}
}

// pauses reports whether a code says that the store cannot keep up, rather than something about the request.
func pauses(code sessnode.Code) bool {
	return code == sessnode.CodeUnavailable || code == sessnode.CodeUnknown || code == sessnode.CodeFull
}

// open sends operations as they are due, first those of the warm-up, then those that are measured. What the warm-up could
// not begin is forgotten: it must not be in the way of what is measured.
func (w *worker) open(ctx context.Context, when window, warmUp, measured *schedule) {
	w.follow(ctx, warmUp, when.from, false)
	w.follow(ctx, measured, when.to, true)
}

// follow sends operations as a schedule says, until a moment, until ctx ends or the run has made enough sessions. Latencies
// count from when they were due.
func (w *worker) follow(ctx context.Context, s *schedule, until time.Time, measured bool) {
	for !w.made.full() {
		due := s.claim()
		if !due.Before(until) || !w.sleeper.sleep(ctx, time.Until(due)) {
			return
		}
		began := time.Now()
		if !began.Before(until) {
			return // it never began: the schedule knows
		}
		o, code := w.do(ctx)
		ended := time.Now()
		if code != sessnode.OK && ctx.Err() != nil {
			return
		}
		if measured {
			w.tally.started++
			if began.Sub(due) > lateAfter {
				w.tally.late++
			}
		}
		w.tally.count(o, code, ended.Sub(due), ended, measured)
	}
}

// close gives the connections up.
func (w *worker) close() {
	for _, c := range w.conns {
		_ = c.Close()
	}
}
