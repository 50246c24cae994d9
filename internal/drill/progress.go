package drill

import (
	"time"

	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/drill/timeline"
	"github.com/sessnode/sessnode/internal/local"
)

// phases of a drill, as progress shows them.
var phases = [...]string{"warm-up", "steady", "fault", "recover", "steady again", "verify", "judge"}

// progressEvery is how often the observer is told: computing it costs a pass over all operations.
const progressEvery = 250 * time.Millisecond

// progress tells the observer how it goes. It is called by the watcher's goroutine alone.
func (r *run) progress(at time.Duration, statuses []local.NodeStatus) {
	if _, silent := r.cfg.Observer.(Silent); silent || at-r.told < progressEvery {
		return
	}
	r.told = at
	ops := r.load.Recorder().Ops()
	p := Progress{At: at, Phases: phases[:], SlotMS: timeline.MS(timeline.Slot), Slots: timeline.Slots(ops, at), Budget: r.cfg.Budget}
	r.mu.Lock()
	p.Phase = r.spans.phase
	from, landed := r.spans.phaseFrom, time.Duration(0)
	for _, phase := range r.result.Phases {
		if phase.Name == "steady" {
			landed = time.Duration(phase.ToMS * float64(time.Millisecond))
		}
	}
	r.mu.Unlock()
	if landed > 0 && from >= landed && len(timeline.Gaps(ops, timeline.Span{From: landed, To: at}, 0)) > 0 {
		p.Gap = timeline.Gaps(ops, timeline.Span{From: landed, To: at}, 0)[0].Length()
	}
	for i := range ops {
		switch op := &ops[i]; {
		case op.OK():
			p.Acked++
		case op.Outcome == history.NotDone:
			p.Refused++
		case op.Outcome == history.Unknown:
			p.Unknown++
		}
	}
	recent := timeline.Span{From: at - 2*time.Second, To: at}
	for _, l := range timeline.Latencies(ops, timeline.Span{To: landed}, recent, timeline.Span{}) {
		switch {
		case l.Kind == "write" && l.Phase == "before":
			p.P99Before = time.Duration(l.P99MS * float64(time.Millisecond))
		case l.Kind == "write" && l.Phase == "during":
			p.P99 = time.Duration(l.P99MS * float64(time.Millisecond))
		}
	}
	seen := r.crowd.Counts()
	p.SignedIn, p.SignedOut = seen.SignedIn, seen.SignedOut
	for _, s := range statuses {
		p.Nodes = append(p.Nodes, NodeState{Name: s.Of.Name, Life: string(s.Life), Since: time.Since(s.Since), Lag: s.Lag, Term: s.Term,
			Leads: s.Err == nil && s.Leader != "" && s.Leader == s.Node})
	}
	r.cfg.Observer.Progress(p)
}
