package bench

import (
	"errors"
	"fmt"
	"time"
)

// Plan is what to measure. DefaultPlan fills it.
type Plan struct {
	// Workloads, Clients and Routes are measured in every combination, Routes innermost, so that what is to be compared is
	// measured one after the other. A route names nodes: see Choose.
	Workloads []Workload
	Clients   []int
	Routes    []string

	// Repeat is how often all of it is measured, in rounds; a table then shows medians. Default 1.
	Repeat int

	// Duration is how long each run is measured, default 10 s, at most MaxDuration; WarmUp how long it has run by then,
	// default 2 s.
	Duration, WarmUp time.Duration

	// PayloadBytes is the size of a session's four values together, default 512. Patch writes a quarter.
	PayloadBytes int

	// Sessions is how many sessions are made before, for the operations that need some. Default 10,000.
	Sessions int

	// Distribution says which of them the operations are about. Default Uniform.
	Distribution Distribution

	// Rate is how many requests are due a second, in an open loop. 0, the default, is a closed loop.
	Rate float64

	// Seed decides which operations are sent about which sessions. Tokens and values are new in each run.
	Seed uint64

	// MostSessions ends a run that has made so many, so that no run fills the store. Default 1,000,000.
	MostSessions int

	// Keep leaves the sessions in the store.
	Keep bool

	// Remote allows nodes that are not on this host. Default false: a load must not hit a store by a mistyped address.
	Remote bool
}

// Bounds of a plan.
const (
	MaxDuration = 10 * time.Minute
	maxTotal    = 2 * time.Hour
	maxClients  = 4096
	maxSessions = 5_000_000
	minPayload  = 64
	maxPayload  = 192 << 10 // a session's values are at most 256 KiB by the default policy
	maxRate     = 1e6
)

// DefaultPlan returns the plan of `sessnode bench` without flags.
func DefaultPlan() Plan {
	mixed, _ := ParseWorkload("mixed")
	return Plan{
		Workloads: []Workload{mixed}, Clients: []int{16}, Routes: []string{"all"}, Repeat: 1,
		Duration: 10 * time.Second, WarmUp: 2 * time.Second, PayloadBytes: 512, Sessions: 10_000, MostSessions: 1_000_000, Seed: 1,
	}
}

// Validate reports every fault at once, each naming what is allowed.
func (p Plan) Validate() error {
	var faults []error
	within := func(name string, value, least, most any, ok bool) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s is %v, allowed is %v to %v", name, value, least, most))
		}
	}
	if len(p.Workloads) == 0 || len(p.Clients) == 0 || len(p.Routes) == 0 {
		faults = append(faults, errors.New("there has to be a workload, a number of clients and a choice of nodes"))
	}
	for _, c := range p.Clients {
		within("clients", c, 1, maxClients, c >= 1 && c <= maxClients)
	}
	within("repeat", p.Repeat, 1, 99, p.Repeat >= 1 && p.Repeat <= 99)
	within("duration", p.Duration, time.Millisecond, MaxDuration, p.Duration >= time.Millisecond && p.Duration <= MaxDuration)
	within("warmup", p.WarmUp, 0, MaxDuration, p.WarmUp >= 0 && p.WarmUp <= MaxDuration)
	within("payload", p.PayloadBytes, minPayload, maxPayload, p.PayloadBytes >= minPayload && p.PayloadBytes <= maxPayload)
	within("sessions", p.Sessions, 1, maxSessions, p.Sessions >= 1 && p.Sessions <= maxSessions)
	within("the most sessions of a run", p.MostSessions, 1, maxSessions, p.MostSessions >= 1 && p.MostSessions <= maxSessions)
	within("rate", p.Rate, 0, maxRate, p.Rate >= 0 && p.Rate <= maxRate)
	if total := p.Total(); len(faults) == 0 && total > maxTotal {
		faults = append(faults, fmt.Errorf("all %d runs take %v, allowed is %v", p.Runs(), total, maxTotal))
	}
	return errors.Join(faults...)
}

// Runs returns how many runs there are.
func (p Plan) Runs() int {
	return p.Repeat * len(p.Workloads) * len(p.Clients) * len(p.Routes)
}

// Total returns how long all runs take, without what lies between them.
func (p Plan) Total() time.Duration { return time.Duration(p.Runs()) * (p.WarmUp + p.Duration) }

// step is one run to be made.
type step struct {
	workload Workload
	clients  int
	route    string
	round    int // from 1 on
}

func (p Plan) steps() []step {
	var all []step
	for round := 1; round <= p.Repeat; round++ {
		for _, w := range p.Workloads {
			for _, c := range p.Clients {
				for _, r := range p.Routes {
					all = append(all, step{w, c, r, round})
				}
			}
		}
	}
	return all
}

// needsSessions reports whether any run is about sessions that have to be there.
func (p Plan) needsSessions() bool {
	for _, w := range p.Workloads {
		if w.needsSessions() {
			return true
		}
	}
	return false
}
