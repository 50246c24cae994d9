package drill

import (
	"fmt"
	"os"
	"time"

	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/drill/nodelog"
	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/timeline"
)

const (
	// electionTimeout is that of the profile that drills run with (cluster.FastProfile).
	electionTimeout = 200 * time.Millisecond

	leastWindow = 150 * time.Millisecond // a time without an acknowledged write that is worth a row
	mostWindows = 12
	logMargin   = 2 * time.Second // of the nodes' logs around each fault
	mostLines   = 400
	mostPoints  = 3000
)

// checkGap finds the longest time without an acknowledged write, and says what it was spent on. Where no majority was there, the
// time until it was back does not count.
func (r *run) checkGap(ops []history.Op) {
	whole := timeline.Span{From: r.spans.before.From, To: r.spans.after.To}
	gaps := timeline.Gaps(ops, whole, leastWindow)
	var longest timeline.Span
	var counted time.Duration
	for i, g := range gaps {
		own := beside(g, r.spans.excused())
		if own > counted {
			longest, counted = g, own
		}
		if i < mostWindows {
			r.result.Windows = append(r.result.Windows, result.Window{FromMS: timeline.MS(g.From), ToMS: timeline.MS(g.To), During: r.during(g)})
		}
	}
	if len(gaps) == 0 {
		longest, counted = widest(timeline.Gaps(ops, whole, 0))
	}
	r.result.Gap = result.Gap{FromMS: timeline.MS(longest.From), ToMS: timeline.MS(longest.To)}
	c := result.Check{Name: "longest-gap", Title: "longest time without a write, as clients saw it", Verdict: result.Pass, Got: seconds(counted),
		Want: "<= " + seconds(r.allowed()), Detail: r.decompose(ops)}
	c.Verdict = gapVerdict(counted, r.allowed(), r.stalls.total())
	switch {
	case len(r.spans.without) > 0:
		c.Title += " once a majority was back"
	case len(r.spans.refusing) > 0:
		c.Title += " while there was room"
	}
	r.result.Checks = append(r.result.Checks, c)
}

// allowed is how long clients may see no write acknowledged.
func (r *run) allowed() time.Duration { return r.cfg.Budget + r.scenario.Grace }

// gapVerdict judges a gap. Where it is too long by no more than this machine stood still, it cannot be told whose it was.
func gapVerdict(gap, allowed, stood time.Duration) result.Verdict {
	switch {
	case gap <= allowed:
		return result.Pass
	case gap-stood <= allowed:
		return result.Inconclusive
	}
	return result.Fail
}

func widest(gaps []timeline.Span) (timeline.Span, time.Duration) {
	if len(gaps) == 0 {
		return timeline.Span{}, 0
	}
	return gaps[0], gaps[0].Length()
}

// during names the fault or phase that a gap lies in.
func (r *run) during(g timeline.Span) string {
	for i, f := range r.spans.faults {
		if g.Overlap(timeline.Span{From: f.From - leastWindow, To: f.To + leastWindow}) > 0 {
			return r.result.Faults[i].Name + " " + r.result.Faults[i].On
		}
	}
	for _, p := range r.result.Phases {
		if timeline.MS(g.From) >= p.FromMS && timeline.MS(g.From) < p.ToMS {
			return p.Name
		}
	}
	return ""
}

// decompose splits what the first election after a fault took, by the nodes' logs: until a node asked for an election, until one was in
// office, until a client's write was acknowledged.
func (r *run) decompose(ops []history.Op) string {
	if r.isTarget() {
		return "its parts stand in the nodes' logs, which were out of reach"
	}
	lines := r.logs()
	for _, f := range r.spans.faults {
		asked, office, found := nodelog.Election(lines, f.From, f.To)
		if !found {
			continue
		}
		write, found := timeline.FirstWrite(ops, office)
		if !found {
			continue
		}
		g := &r.result.Gap
		g.DetectMS, g.ElectMS, g.RedirectMS = timeline.MS(asked-f.From), timeline.MS(office-asked), timeline.MS(write-office)
		return fmt.Sprintf("election: detect %s + elect %s + redirect %s", seconds(asked-f.From), seconds(office-asked), seconds(write-office))
	}
	return "nobody was elected while a fault held"
}

// logs reads all nodes' logs, in the order of time.
func (r *run) logs() []nodelog.Line {
	var all [][]nodelog.Line
	for _, n := range r.cluster.Nodes {
		file, err := os.Open(n.LogFile)
		if err != nil {
			r.doubt("the log of %s is missing: %v", n.Name, err)
			continue
		}
		lines, err := nodelog.Read(file, n.Name, r.load.Recorder().Start())
		_ = file.Close()
		switch {
		case err != nil:
			r.doubt("the log of %s cannot be read: %v", n.Name, err)
		case len(lines) == 0:
			r.doubt("the log of %s is empty", n.Name)
		}
		all = append(all, lines)
	}
	return nodelog.Merge(all...)
}

// draw fills in what a report is drawn from.
func (r *run) draw(ops []history.Op) {
	end := r.now()
	if r.spans.after.To > 0 {
		end = r.spans.after.To // what comes later is no load
	}
	r.result.SlotMS, r.result.Slots = timeline.MS(timeline.Slot), timeline.Slots(ops, end)
	r.result.Latency = timeline.Latencies(ops, r.spans.before, r.spans.during, r.spans.after)
	r.result.Points = timeline.Points(ops, mostPoints)
	r.result.Tenures, r.result.Applied = r.watch.seen()
	if r.isTarget() {
		return
	}
	var around []timeline.Span
	for _, f := range r.spans.faults {
		around = append(around, timeline.Span{From: f.From - logMargin, To: f.From + logMargin}, timeline.Span{From: f.To - logMargin, To: f.To + logMargin})
	}
	for _, l := range nodelog.Around(r.logs(), around, mostLines) {
		r.result.Logs = append(r.result.Logs, result.Line{AtMS: timeline.MS(l.At), Node: l.Node, Text: l.Text})
	}
}
