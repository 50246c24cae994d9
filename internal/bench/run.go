package bench

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Run is what one run came to. It is part of the JSON form, which is stable: fields are added, never changed.
type Run struct {
	Workload   string        `json:"workload" doc:"what was sent"`
	Clients    int           `json:"clients" doc:"how many sent at once"`
	Route      string        `json:"route" doc:"through which nodes, as it was asked for"`
	Nodes      []string      `json:"nodes" doc:"the names of those nodes"`
	Round      int           `json:"round" doc:"from 1 on; see --repeat"`
	Seconds    float64       `json:"seconds" doc:"how long it was measured, up to the last answer"`
	Operations []Measurement `json:"operations" doc:"each kind of operation; see below"`
	Total      Measurement   `json:"total" doc:"all of them together, as operation all"`
	Open       *Offered      `json:"open,omitempty" doc:"of an open loop: rate, due, begun and late operations"`
	Notes      []string      `json:"notes,omitempty" doc:"sentences that a reader of the figures has to know"`

	WarmUpErrors uint64 `json:"warmup_errors" doc:"errors before it was measured"`
	Interrupted  bool   `json:"interrupted" doc:"it was cut short"`
}

// Offered is what an open loop asked of the store.
type Offered struct {
	Rate  float64 `json:"rate"`  // a second, as it was asked for
	Due   uint64  `json:"due"`   // operations that were to begin while it was measured
	Begun uint64  `json:"begun"` // those that did
	Late  uint64  `json:"late"`  // of those: more than a millisecond after they were due
}

// observe is how often a run's counters are looked at where nobody says.
const observe = time.Second

// run makes one run. What it made is in the ledger, whatever it returns.
func (l *load) run(ctx context.Context, st step, made *ledger) (Run, error) {
	nodes, chosen, err := l.resolve(ctx, st.route)
	if err != nil {
		return Run{}, err
	}
	workers := make([]*worker, st.clients)
	for i := range workers {
		conns := make([]Conn, len(chosen))
		for j, n := range chosen {
			conns[j] = l.store.Connect(n)
		}
		workers[i] = newWorker(st, l.plan, i, conns, l.sessions, made)
	}
	start := time.Now()
	when := window{start: start, from: start.Add(l.plan.WarmUp), to: start.Add(l.plan.WarmUp + l.plan.Duration)}
	warmUp, due := newSchedule(start, l.plan.Rate), newSchedule(when.from, l.plan.Rate)
	stopWatching := l.watch(st, when, workers)
	var work sync.WaitGroup
	for _, w := range workers {
		work.Go(func() { // ends with the window, or with ctx
			defer w.close()
			if l.plan.Rate > 0 {
				w.open(ctx, when, warmUp, due)
			} else {
				w.closed(ctx, when)
			}
		})
	}
	work.Wait()
	stopWatching()
	total := newTally(st.workload)
	for _, w := range workers {
		total.merge(w.tally)
	}
	r := Run{Workload: st.workload.Name, Clients: st.clients, Route: st.route, Nodes: names(chosen), Round: st.round,
		WarmUpErrors: total.warmUpErrors, Interrupted: ctx.Err() != nil}
	r.measure(total, when, made.full())
	if l.plan.Rate > 0 {
		r.offer(total, when, due, l.plan.Rate, made.full())
	}
	r.note(made, l.leaderAfter(ctx, nodes))
	return r, nil
}

// measure turns counts into figures. A run that was to end earlier is not measured up to the end of its window.
func (r *Run) measure(total *tally, when window, full bool) {
	end := time.Now()
	if end.After(when.to) {
		end = when.to
	}
	if full || total.last.After(end) { // operations that began in time count, however long they took
		end = total.last
	}
	if end.After(when.from) {
		r.Seconds = end.Sub(when.from).Seconds()
	}
	all := &series{}
	for o, s := range total.by {
		if s == nil {
			continue
		}
		all.merge(s)
		r.Operations = append(r.Operations, measurementOf(Operation(o).String(), s, r.Seconds))
	}
	r.Total = measurementOf("all", all, r.Seconds)
}

// offer compares what was due with what was begun. A run that was cut short had less to do.
func (r *Run) offer(total *tally, when window, s *schedule, rate float64, full bool) {
	to := when.to
	if now := time.Now(); now.Before(to) {
		to = now
	}
	if full && total.last.Before(to) {
		to = total.last
	}
	r.Open = &Offered{Rate: rate, Due: s.before(to), Begun: total.started, Late: total.late}
	r.Open.Begun = min(r.Open.Begun, r.Open.Due)
	if missed := r.Open.Due - r.Open.Begun; missed > 0 && !r.Interrupted {
		r.Notes = append(r.Notes, fmt.Sprintf("less than the rate was offered: %d of %d operations never began, because all clients were waiting; "+
			"latencies are at least those shown", missed, r.Open.Due))
	}
}

// note says what a reader of the figures has to know.
func (r *Run) note(made *ledger, leader string) {
	if leader != "" {
		r.Notes = append(r.Notes, leader)
	}
	if made.full() {
		r.Notes = append(r.Notes, fmt.Sprintf("ended early: it had made %d sessions", made.begun.Load()))
	}
	if r.WarmUpErrors > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d errors in the warm-up", r.WarmUpErrors))
	}
	if r.Interrupted {
		r.Notes = append(r.Notes, "interrupted")
	}
}
