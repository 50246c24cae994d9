package torture

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Plan is what is to be played.
type Plan struct {
	Specs    []Spec
	Binary   string // of sessnode
	Plays    int    // how often each trial
	Failures int    // how often each ordeal
	Log      func(format string, args ...any)

	Variables []string // more NAME=value for every application
}

// Findings are the tallies of all applications: by name of the application, then of the trial or ordeal.
type Findings map[string]map[string]*Tally

func (f Findings) of(app, trial string) *Tally {
	if f[app] == nil {
		f[app] = map[string]*Tally{}
	}
	if f[app][trial] == nil {
		f[app][trial] = &Tally{}
	}
	return f[app][trial]
}

// Run plays the plan. An error means that something could not be started or stopped; what was found until then is returned too.
func (w *Workshop) Run(ctx context.Context, p Plan) (Findings, error) {
	findings := Findings{}
	var faults []error
	for _, kinds := range [][]Kind{{InCookie, InFile, InMemory}, {InRedis}, {InRedisAOF}, {InNodes}} {
		part := p
		part.Specs = slices.DeleteFunc(slices.Clone(p.Specs), func(s Spec) bool { return !slices.Contains(kinds, s.Kind) })
		if len(part.Specs) > 0 && ctx.Err() == nil {
			faults = append(faults, w.runGroup(ctx, part, findings))
		}
	}
	return findings, errors.Join(append(faults, ctx.Err())...)
}

// runGroup starts the applications of one store, plays everything, and ends them.
func (w *Workshop) runGroup(ctx context.Context, p Plan, f Findings) (err error) {
	h, err := w.house(ctx, p)
	defer func() { err = errors.Join(err, h.close(context.WithoutCancel(ctx))) }()
	if err != nil {
		return err
	}
	for _, s := range h.servers {
		w.playTrials(ctx, p, s, f)
	}
	w.playOrdeals(ctx, p, h.servers, h.backends[p.Specs[0].Kind], f)
	return nil
}

func (w *Workshop) playTrials(ctx context.Context, p Plan, s *Server, f Findings) {
	for _, t := range Trials() {
		tally := f.of(s.Spec.Name, t.Name)
		for i := range p.Plays {
			if ctx.Err() == nil {
				tally.Add(t.Try(ctx, &s.App, fmt.Sprintf("%s-%d", t.Name, i)))
			}
		}
		p.Log("%s: %s: %s", s.Spec.Name, t.Name, tally)
	}
}

func (w *Workshop) playOrdeals(ctx context.Context, p Plan, servers []*Server, backend Backend, f Findings) {
	for _, o := range Ordeals() {
		var fit []*Server
		for _, s := range servers {
			if reason := o.applies(s.Spec.Kind); reason != "" {
				f.of(s.Spec.Name, o.Name).Add(notApplicable(reason))
				continue
			}
			fit = append(fit, s)
		}
		for i := range p.Failures {
			if len(fit) == 0 || ctx.Err() != nil {
				break
			}
			results, faults := o.undergo(ctx, fit, backend, fmt.Sprintf("%s-%d", o.Name, i))
			for i, s := range fit {
				f.of(s.Spec.Name, o.Name).Add(results[i], faults[i])
			}
		}
		for _, s := range servers {
			p.Log("%s: %s: %s", s.Spec.Name, o.Name, f.of(s.Spec.Name, o.Name))
		}
	}
}
