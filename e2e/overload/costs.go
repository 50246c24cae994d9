package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/e2e/sim"
)

// costMixes are the operations whose costs the model of e2e/sim takes.
var costMixes = []mix{{"create", 100, 0, 0, 0}, {"read", 0, 100, 0, 0}, {"patch", 0, 0, 100, 0}, {"touch", 0, 0, 0, 100}}

// measureCosts brings the measured part of costs.json up to date: one operation after the other, all through one follower, so that
// what the entry, the leader and a follower pay can be told apart.
func measureCosts(ctx context.Context, cluster *harness.Cluster, f *flood, o options) error {
	c, err := sim.Load(o.costs)
	if err != nil {
		return err
	}
	leader, _, err := cluster.Leader(ctx, 20*time.Second)
	if err != nil {
		return err
	}
	entry := cluster.Others(leader)[0]
	third := cluster.Others(leader)[1]
	f.targets = f.targets[cluster.Index(entry) : cluster.Index(entry)+1]
	for _, m := range costMixes {
		f.mix, f.conns = m, 64
		before, err := gaugesOf(ctx, leader, entry, third)
		if err != nil {
			return err
		}
		records, _, err := f.run(ctx, []stretch{{0, o.last}})
		if err != nil {
			return err
		}
		after, err := gaugesOf(ctx, leader, entry, third)
		if err != nil {
			return err
		}
		// The settling counts here too: what a node pays belongs to all operations.
		ops := float64(records[0].ok) * o.last.Seconds() / records[0].seconds
		per := func(i int) float64 { return (after[i].cpu - before[i].cpu).Seconds() * 1e6 / ops }
		op := c.Ops[m.name]
		op.LeaderUS, op.FollowerUS = round(per(0)), round(per(2))
		op.EntryUS = round(per(1) - per(2))
		op.LogBytes = round((after[0].logBytes - before[0].logBytes) / ops)
		op.WireBytes = 0
		for i := range after {
			op.WireBytes += (after[i].wireBytes - before[i].wireBytes) / ops
		}
		op.WireBytes = round(op.WireBytes)
		c.Ops[m.name] = op
		if m.name == "create" {
			c.SyncsPerEntry = round((after[0].syncs - before[0].syncs) / max(after[0].appends-before[0].appends, 1))
			remembered := after[0].remembered - before[0].remembered
			fmt.Printf("remembered %.0f of %.0f\n", remembered, ops)
		}
		fmt.Printf("%-7s %7.0f/s  entry %.1f  leader %.1f  follower %.1f us  log %.0f  wire %.0f bytes\n", m.name, ops/o.last.Seconds(), op.EntryUS, op.LeaderUS, op.FollowerUS, op.LogBytes, op.WireBytes)
	}
	if c.FlushUS, err = flushTime(filepath.Dir(cluster.Nodes[0].LogFile)); err != nil {
		return err
	}
	return c.Save(o.costs)
}

func round(x float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(max(x, 0), 'g', 3, 64), 64)
	if r < 0.1 { // of something that does not belong to the operation
		return 0
	}
	return r
}

// gauges are a node's counters.
type gauges struct {
	cpu                                             time.Duration
	logBytes, wireBytes, syncs, appends, remembered float64
}

func gaugesOf(ctx context.Context, nodes ...*harness.Node) ([]gauges, error) {
	var list []gauges
	for _, n := range nodes {
		text, err := n.Metrics(ctx)
		if err != nil {
			return nil, err
		}
		g := gauges{cpu: cpuOf(n.Pid())}
		for name, to := range map[string]*float64{"batch_bytes_total": &g.logBytes, "node_port_out_bytes_total": &g.wireBytes,
			"log_syncs_total": &g.syncs, "log_appends_total": &g.appends, "operations_remembered": &g.remembered} {
			if *to, err = metric(string(text), "sessnode_"+name); err != nil {
				return nil, err
			}
		}
		list = append(list, g)
	}
	return list, nil
}

func metric(text, name string) (float64, error) {
	for line := range strings.SplitSeq(text, "\n") {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("there is no metric %s", name)
}

// flushTime is the median time of a flushed write of 4 KiB, in microseconds.
func flushTime(dir string) (float64, error) {
	f, err := os.Create(filepath.Join(dir, "flush"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var took []time.Duration
	for range 50 {
		began := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return float64(took[len(took)/2].Microseconds()), nil
}
