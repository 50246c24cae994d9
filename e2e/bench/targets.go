package bench

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// target is one claim: ours at least factor times theirs.
type target struct {
	claim        string
	ours, theirs place
	factor       float64
}

// verdict is what became of a target.
type verdict struct {
	claim       string
	ours        string // the figures
	theirs      string
	ratio       float64 // of the medians; NaN: not measured
	least, most float64 // ratios in the repetitions
	factor      float64
}

// word is the verdict in a word.
func (v verdict) word() string {
	switch {
	case math.IsNaN(v.ratio):
		return "not measured"
	case v.ratio >= v.factor:
		return "met"
	}
	return "**missed**"
}

const (
	leader = "leader"
	any256 = 256
)

// at names a place of the uniform distribution.
func at(system, route, workload string, clients int) place {
	return place{system, route, workload, "uniform", clients}
}

// targets are those of the project, and for every cell the yardsticks of the spikes.
func (r *Report) targets() []target {
	ours := func(workload string, clients int) place { return at("sessnode", leader, workload, clients) }
	list := []target{
		{"create, 256 clients, against Redis with WAIT 1", ours("create", any256), at("redis-wait", leader, "create", any256), 1.5},
		{"create, 256 clients, against etcd put", ours("create", any256), at("etcd", leader, "create", any256), 4},
		{"create, 256 clients, against JetStream sync_always", ours("create", any256), at("nats", leader, "create", any256), 1.5},
		{"create, 1 client, against Redis with WAIT 1", ours("create", 1), at("redis-wait", leader, "create", 1), 1},
		{"read, 256 clients through any node, against etcd", at("sessnode", "all", "read", any256), at("etcd", "all", "read", any256), 2.5},
		{"read, 256 clients through any node, against no-op net/http", at("sessnode", "all", "read", any256), at("noop", leader, "read", any256), 0.75},
		{"mixed, 256 clients, against etcd", ours("mixed", any256), at("etcd", leader, "mixed", any256), 3},
		{"mixed, 256 clients, against Redis with WAIT 1", ours("mixed", any256), at("redis-wait", leader, "mixed", any256), 1},
		{"read with touch, 256 clients, against read without", ours("read+touch", any256), ours("read", any256), 0.95},
	}
	list = append(list, r.shared(list)...)
	for _, spike := range []struct{ system, title string }{{spikeName, "the spike behind the same HTTP server"}, {leanSpikeName, "the lean spike"}} {
		list = append(list, r.besides(spike.system, spike.title)...)
	}
	return list
}

// besides are the cells of a spike.
func (r *Report) besides(spike, title string) (list []target) {
	for _, w := range r.workloads() {
		for _, c := range r.clients() {
			if _, ok := r.summarize(at(spike, leader, w, c)); ok {
				list = append(list, target{fmt.Sprintf("%s, %s, against %s", w, counted(c, "client"), title), at("sessnode", leader, w, c), at(spike, leader, w, c), 0.8})
			}
		}
	}
	return list
}

// shared are those of the targets that are about many clients of ours beside others, for clients of ours that share connections, where that was
// measured.
func (r *Report) shared(list []target) (more []target) {
	for _, t := range list {
		t.ours.system = sharedName
		if _, ok := r.summarize(t.ours); ok && t.ours.clients > 1 && t.theirs.system != "sessnode" {
			t.claim += ", over shared connections"
			more = append(more, t)
		}
	}
	return more
}

// judge compares two places.
func (r *Report) judge(t target) verdict {
	v := verdict{claim: t.claim, factor: t.factor, ratio: math.NaN(), ours: "-", theirs: "-"}
	a, ok := r.summarize(t.ours)
	if ok {
		v.ours = commas(a.rate) + "/s"
	}
	b, also := r.summarize(t.theirs)
	if also {
		v.theirs = commas(b.rate) + "/s"
	}
	if !ok || !also || b.rate == 0 {
		return v
	}
	v.ratio = a.rate / b.rate
	v.least, v.most = v.ratio, v.ratio
	for _, x := range r.Cells {
		for _, y := range r.Cells {
			if placeOf(x) == t.ours && placeOf(y) == t.theirs && x.Repetition == y.Repetition && y.PerSecond > 0 {
				v.least, v.most = min(v.least, x.PerSecond/y.PerSecond), max(v.most, x.PerSecond/y.PerSecond)
			}
		}
	}
	return v
}

// flushes compares one client's create with what the disk and loopback take at least: two flushes in sequence and two round trips.
func (r *Report) flushes() verdict {
	v := verdict{claim: "create, 1 client: time of two fdatasyncs in sequence and two round trips, over the time it takes", factor: 1 / 1.3, ratio: math.NaN(), ours: "-", theirs: "-"}
	ours, a := r.summarize(at("sessnode", leader, "create", 1))
	disk, b := r.summarize(at(diskName, leader, "create", 1))
	trip, c := r.summarize(at("null", leader, "read", 1))
	if a {
		v.ours = fmt.Sprintf("%.2f ms", ours.p50)
	}
	if !a || !b || !c {
		return v
	}
	floor := 2*disk.p50 + 2*trip.p50
	v.theirs = fmt.Sprintf("%.2f ms", floor)
	v.ratio = floor / ours.p50
	v.least, v.most = v.ratio, v.ratio
	return v
}

// back compares how long all clients wait after the loss of a leader.
func (r *Report) back() verdict {
	v := verdict{claim: "failover, all clients: etcd's time over that of the fast profile", factor: 2, ratio: math.NaN(), ours: "-", theirs: "-"}
	ours, theirs := r.allBack("sessnode-fast"), r.allBack("etcd")
	if len(ours) > 0 {
		v.ours = fmt.Sprintf("%.2f s", median(ours))
	}
	if len(theirs) > 0 {
		v.theirs = fmt.Sprintf("%.2f s", median(theirs))
	}
	if len(ours) == 0 || len(theirs) == 0 {
		return v
	}
	for _, f := range r.Failovers {
		if f.System == "sessnode-fast" && f.All <= 0 {
			v.ours, v.ratio = "never", 0
			return v
		}
	}
	v.ratio = median(theirs) / median(ours)
	v.least, v.most = slices.Min(theirs)/slices.Max(ours), slices.Max(theirs)/slices.Min(ours)
	return v
}

// allBack are the times of a system's failovers that ended, sorted.
func (r *Report) allBack(system string) []float64 {
	var all []float64
	for _, f := range r.Failovers {
		if f.System == system && f.All > 0 {
			all = append(all, f.All)
		}
	}
	slices.SortFunc(all, cmp.Compare)
	return all
}

// verdicts are all targets as they came out.
func (r *Report) verdicts() []verdict {
	var all []verdict
	for i, t := range r.targets() {
		all = append(all, r.judge(t))
		if i == 3 {
			all = append(all, r.flushes())
		}
	}
	return append(all, r.back())
}
