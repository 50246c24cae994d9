package drill

import (
	"context"
	"slices"
	"time"
)

// Scenario is one way to hurt a cluster.
type Scenario struct {
	Name  string // as it is typed
	Title string // what is done, in a sentence
	Must  string // what has to hold meanwhile, in a sentence

	Suites []Suite // those that it belongs to; Nightly has all
	Hold   time.Duration
	Grace  time.Duration // by which the longest gap may exceed the budget, because the fault itself takes so long to be noticed
	Disks  bool          // each node has a disk that can lose power: needs root on Linux
	Flags  []string
	Serves serving
	Live   bool     // it may be played on a live cluster: what it does ends by itself
	ByHand bool     // an operator hurts the cluster; on a live one only, and in no suite
	Limits []string // what it does not prove, beside what no drill proves

	play func(ctx context.Context, r *run) error
}

// serving says what clients may expect while the fault holds.
type serving int

const (
	served   serving = iota // the rest goes on serving: enough must be acknowledged while the fault holds
	degraded                // it may or may not be served
	standing                // there is no majority: nothing may be acknowledged, and enough must have been tried
)

// Suite is a choice of scenarios.
type Suite string

// The suites.
const (
	Quick    Suite = "quick"    // under 90 seconds
	Standard Suite = "standard" // each kind of fault once: a few minutes
	Nightly  Suite = "nightly"  // all, held for longer
)

// Suites lists all suites.
func Suites() []Suite { return []Suite{Quick, Standard, Nightly} }

// nightlyHold is how much longer a fault is held in a nightly suite.
const nightlyHold = 3

// Scenarios lists all scenarios, in the order in which suites play them.
func Scenarios() []Scenario {
	return slices.Concat(processScenarios(), networkScenarios(), diskScenarios(), clusterScenarios(), liveScenarios())
}

// Named returns the scenario of a name.
func Named(name string) (Scenario, bool) {
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

// In reports whether a suite plays the scenario: the nightly one plays all that need nobody's hands.
func (s Scenario) In(suite Suite) bool {
	return suite == Nightly && !s.ByHand || slices.Contains(s.Suites, suite)
}

// In returns the scenarios of a suite.
func In(suite Suite) []Scenario {
	var in []Scenario
	for _, s := range Scenarios() {
		if suite == Nightly {
			s.Hold *= nightlyHold
		}
		if s.In(suite) {
			in = append(in, s)
		}
	}
	return in
}
