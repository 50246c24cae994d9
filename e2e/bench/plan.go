package bench

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	load "github.com/sessnode/sessnode/internal/bench"
)

// Plan is what to measure.
type Plan struct {
	Systems       []System
	Workloads     []string // create, read, read+touch, touch, patch, mixed
	Clients       []int
	Distributions []string      // uniform, zipf; a workload that picks no session has the first alone
	Duration      time.Duration // of what is measured in a cell
	WarmUp        time.Duration // before
	Repeat        int           // how often every system is visited
	Sessions      int           // that are there before

	Failovers     int      // how often each of FailoverOf loses its leader
	FailoverOf    []System // what has one
	FailoverLasts time.Duration
}

// startEstimate is what starting and stopping takes a system, as it was seen.
const startEstimate = 5 * time.Second

// populateEstimate is how many sessions a second are made before the first cell, as it was seen of slow systems.
const populateEstimate = 2000

// Validate reports what is wrong with a plan.
func (p Plan) Validate() error {
	var faults []error
	for _, w := range p.Workloads {
		_, err := workload(w)
		faults = append(faults, err)
	}
	for _, d := range p.Distributions {
		_, err := load.ParseDistribution(d)
		faults = append(faults, err)
	}
	if len(p.Systems)+len(p.FailoverOf) == 0 || len(p.Distributions) == 0 || p.Repeat < 1 || p.Sessions < 1 || p.Duration <= 0 {
		faults = append(faults, errors.New("there has to be a system, a distribution, a repetition, a session and a duration"))
	}
	for _, c := range p.Clients {
		if c < 1 || c > 4096 {
			faults = append(faults, fmt.Errorf("clients are %d, allowed is 1 to 4096", c))
		}
	}
	return errors.Join(faults...)
}

// workload finds a workload of package load, which has no name for read+touch alone.
func workload(name string) (load.Workload, error) {
	if name == load.ReadTouch.String() {
		return load.Only(load.ReadTouch), nil
	}
	return load.ParseWorkload(name)
}

// cell is one thing to measure in a visit.
type cell struct {
	workload, distribution, route string
	clients                       int
}

// cells are those of a visit to a system, in their order.
func (p Plan) cells(s System) []cell {
	var all []cell
	for _, w := range p.Workloads {
		if !s.knows(w) {
			continue
		}
		for i, d := range p.Distributions {
			if i > 0 && w == "create" {
				continue // it picks no session
			}
			for _, c := range p.Clients {
				for _, r := range s.Routes {
					all = append(all, cell{w, d, r, c})
				}
			}
		}
	}
	if s.isDisk() && len(all) > 0 {
		return all[:1]
	}
	return all
}

// Estimate is how long all of it takes.
func (p Plan) Estimate() time.Duration {
	visit := startEstimate + time.Duration(p.Sessions)*time.Second/populateEstimate
	var total time.Duration
	for _, s := range p.Systems {
		total += visit + time.Duration(len(p.cells(s)))*(p.WarmUp+p.Duration+200*time.Millisecond)
	}
	total *= time.Duration(p.Repeat)
	return total + time.Duration(p.Failovers*len(p.FailoverOf))*(visit+p.FailoverLasts)
}

// Choose finds systems by their names, with commas between. "all" is every one, "-name" leaves one out.
func Choose(names string) ([]System, error) {
	var chosen []System
	all := Catalog()
	for name := range strings.SplitSeq(names, ",") {
		without := strings.TrimPrefix(name, "-")
		i := slices.IndexFunc(all, func(s System) bool { return s.Name == without })
		switch {
		case name == "" || name == "none":
		case name == "all":
			chosen = append(chosen, slices.DeleteFunc(slices.Clone(all), func(s System) bool { return s.failoverOnly })...)
		case i < 0:
			var known []string
			for _, s := range all {
				known = append(known, s.Name)
			}
			return nil, fmt.Errorf("no system is called %q: there are %s", without, strings.Join(known, ", "))
		case name != without:
			chosen = slices.DeleteFunc(chosen, func(s System) bool { return s.Name == without })
		default:
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}
