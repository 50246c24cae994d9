package bench

import (
	"context"
	"errors"
)

// Population is sessions that stay in a store, for runs that the caller makes one at a time: to visit several stores in turn,
// each under the same load. It is for one goroutine. Nothing is revoked: the store is thrown away, or its sessions expire.
type Population struct{ load *load }

// Populate makes the sessions that a plan's runs are about. The plan's Workloads, Clients, Routes and Repeat say nothing here,
// Keep is taken for granted.
func Populate(ctx context.Context, s Store, p Plan) (*Population, error) {
	mixed, _ := ParseWorkload("mixed")
	p.Workloads, p.Clients, p.Routes, p.Repeat, p.Keep = []Workload{mixed}, []int{1}, []string{"all"}, 1, true
	if err := p.Validate(); err != nil {
		return nil, err
	}
	l := &load{store: s, plan: p}
	var report Report
	if err := l.begin(ctx, newLedger(p.Sessions*2), &report); err != nil {
		return nil, err
	}
	return &Population{l}, nil
}

// Run makes one run about the population. What is counted is as in Load; a run that ctx cut short is an error.
func (p *Population) Run(ctx context.Context, w Workload, clients int, route string, d Distribution) (Run, error) {
	if clients < 1 || clients > maxClients {
		return Run{}, errors.New("no such number of clients")
	}
	l := *p.load
	l.plan.Distribution = d
	r, err := l.run(ctx, step{w, clients, route, 1}, newLedger(l.plan.MostSessions))
	if err == nil && r.Interrupted {
		err = context.Cause(ctx)
	}
	return r, err
}

// Only is the workload of one operation alone, under the operation's name.
func Only(o Operation) Workload {
	w := Workload{Name: o.String()}
	w.shares[o] = 100
	return w
}
