package drill

import (
	"context"
	"time"

	"github.com/sessnode/sessnode/internal/drill/result"
)

// Keeper stores what one drill has left, before the next one begins.
type Keeper func(result.Result, Evidence) error

// RunSuite plays scenarios one after the other, each with a cluster of its own, and returns their results. A drill that could not be
// played at all counts as inconclusive, and the others go on; an error of keep, or the end of ctx, ends the suite.
func RunSuite(ctx context.Context, scenarios []Scenario, cfg Config, keep Keeper) ([]result.Result, error) {
	var all []result.Result
	for _, s := range scenarios {
		r, evidence, err := Run(ctx, s, cfg)
		if ctx.Err() != nil {
			return all, ctx.Err()
		}
		if err != nil {
			r = unplayed(s, cfg, err)
			cfg.Observer.End(r)
		}
		all = append(all, r)
		if err := keep(r, evidence); err != nil {
			return all, err
		}
	}
	return all, nil
}

// unplayed is the result of a drill that did not come to its first request.
func unplayed(s Scenario, cfg Config, err error) result.Result {
	r := &run{cfg: cfg, scenario: s}
	r.begin()
	r.doubt("the drill could not be played: %v", err)
	r.result.TookMS = float64(time.Since(r.result.Started).Milliseconds())
	r.result.Verdict = r.result.Judge()
	return r.result
}
