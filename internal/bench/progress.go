package bench

import (
	"sync"
	"time"
)

// Phase is what a load is doing.
type Phase uint8

// The phases.
const (
	Preparing Phase = iota // the sessions that the runs are about are being made
	WarmingUp
	Measuring
	Revoking // what was made is being revoked
)

// String returns the phase's name.
func (p Phase) String() string {
	return [...]string{Preparing: "preparing", WarmingUp: "warming up", Measuring: "measuring", Revoking: "revoking"}[p]
}

// Progress is how far a load has come.
type Progress struct {
	Phase     Phase
	Run, Runs int // from 1 on; 0 before the first and after the last

	// Of a run, in WarmingUp and Measuring.
	Workload  string
	Clients   int
	Route     string
	Elapsed   time.Duration // of the phase
	Length    time.Duration // of the phase
	PerSecond float64       // operations that succeeded, since the last report
	Failed    uint64        // in the run so far

	// Of sessions, in Preparing; in Revoking Of only.
	Done, Of uint64
}

func (l *load) tell(p Progress) {
	if l.observer.Progress != nil {
		l.observer.Progress(p)
	}
}

// every calls f now and then until the function that it returns is called, which waits for the last call to end.
func (l *load) every(f func()) (stop func()) {
	every := l.observer.Every
	if every <= 0 {
		every = observe
	}
	ended := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() { // ends with stop
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				f()
			case <-ended:
				return
			}
		}
	})
	return func() {
		close(ended)
		ticking.Wait()
	}
}

// watch tells how a run goes on.
func (l *load) watch(st step, when window, workers []*worker) (stop func()) {
	l.observed++
	p := Progress{Run: l.observed, Runs: l.runs, Workload: st.workload.Name, Clients: st.clients, Route: st.route}
	lastOK, lastAt := uint64(0), when.start
	return l.every(func() {
		now := time.Now()
		p.Phase, p.Elapsed, p.Length = WarmingUp, now.Sub(when.start), l.plan.WarmUp
		if !now.Before(when.from) {
			p.Phase, p.Elapsed, p.Length = Measuring, now.Sub(when.from), l.plan.Duration
		}
		ok := uint64(0)
		p.Failed = 0
		for _, w := range workers {
			ok += w.tally.ok.Load()
			p.Failed += w.tally.failed.Load()
		}
		p.PerSecond = float64(ok-lastOK) / now.Sub(lastAt).Seconds()
		lastOK, lastAt = ok, now
		l.tell(p)
	})
}
