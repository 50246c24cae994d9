package drill

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/timeline"
	"github.com/sessnode/sessnode/internal/local"
)

const (
	// watchEvery is how often nodes are asked what they believe. Tenures and lags are as exact as that.
	watchEvery = 100 * time.Millisecond

	// seriesEvery is how often a node's applied index is kept for the report.
	seriesEvery = 500 * time.Millisecond
)

// watcher asks the nodes again and again who leads and how far they are. Its methods are safe for concurrent use.
type watcher struct {
	run  *run
	done sync.WaitGroup

	mu      sync.Mutex
	tenures []result.Tenure
	applied map[string]*result.Series
	last    map[string]uint64 // applied index as last heard
	kept    time.Duration     // when the series were extended last
}

func newWatcher(r *run) *watcher {
	return &watcher{run: r, applied: map[string]*result.Series{}, last: map[string]uint64{}, kept: -time.Hour}
}

// start watches until ctx ends; wait waits for that.
func (w *watcher) start(ctx context.Context) {
	w.done.Go(func() {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				w.look(ctx)
			case <-ctx.Done():
				return
			}
		}
	})
}

func (w *watcher) wait() { w.done.Wait() }

// look asks all nodes once.
func (w *watcher) look(ctx context.Context) {
	statuses := w.run.cluster.Statuses(ctx)
	at := w.run.now()
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	w.learn(at, statuses)
	w.mu.Unlock()
	w.run.progress(at, statuses)
}

// learn keeps what the nodes said. The caller holds mu.
func (w *watcher) learn(at time.Duration, statuses []local.NodeStatus) {
	keep := at-w.kept >= seriesEvery
	if keep {
		w.kept = at
	}
	for _, s := range statuses {
		if s.Err != nil {
			continue
		}
		w.last[s.Of.Name] = s.Applied
		if keep {
			series := w.applied[s.Of.Name]
			if series == nil {
				series = &result.Series{Node: s.Of.Name}
				w.applied[s.Of.Name] = series
			}
			series.At = append(series.At, [2]uint64{uint64(at.Milliseconds()), s.Applied})
		}
	}
	w.office(at, statuses)
}

// office extends the tenure of who leads, or begins one. A node that is cut off goes on calling itself leader for a while: the
// highest term counts.
func (w *watcher) office(at time.Duration, statuses []local.NodeStatus) {
	var leads *local.NodeStatus
	for i, s := range statuses {
		if s.Err == nil && s.Leader != "" && s.Leader == s.Node && (leads == nil || s.Term > leads.Term) {
			leads = &statuses[i]
		}
	}
	if leads == nil {
		return
	}
	ms := timeline.MS(at)
	if n := len(w.tenures); n > 0 && w.tenures[n-1].Term == leads.Term {
		w.tenures[n-1].ToMS = ms
		return
	} else if n > 0 && w.tenures[n-1].Term > leads.Term {
		return // an old leader that has not heard yet
	}
	w.tenures = append(w.tenures, result.Tenure{Node: leads.Of.Name, Term: leads.Term, FromMS: ms, ToMS: ms})
	w.run.cfg.Observer.Event(at, leads.Of.Name+" leads in term "+uintText(leads.Term))
}

// lastApplied returns a node's applied index as it was heard last.
func (w *watcher) lastApplied(name string) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last[name]
}

// seen returns the tenures and series so far.
func (w *watcher) seen() ([]result.Tenure, []result.Series) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []result.Series
	for _, n := range w.run.cluster.Nodes {
		if s := w.applied[n.Name]; s != nil {
			all = append(all, result.Series{Node: s.Node, At: slices.Clone(s.At)})
		}
	}
	return slices.Clone(w.tenures), all
}
