package demo

import (
	"errors"
	"fmt"
	"time"
)

// Outcome is what became of one check.
type Outcome string

// The outcomes of a check. A check that did not run has not held.
const (
	Held     Outcome = "held"
	Broken   Outcome = "broken"
	Unjudged Outcome = "unjudged" // no definite answer, or the fault did not land
)

// Verdict is the result of a tour.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "PASS"
	Fail         Verdict = "FAIL"
	Inconclusive Verdict = "INCONCLUSIVE"
)

// ErrFailed and ErrInconclusive are what a tour returns that did not pass; Show returns ErrFailed where people saw a promise broken.
var (
	ErrFailed       = errors.New("a promise was broken")
	ErrInconclusive = errors.New("not everything could be judged")
)

// Check is one line of a tour.
type Check struct {
	Name    string  `json:"name"`
	Promise Promise `json:"promise,omitempty"` // what is broken where the check is; empty: only the tour itself
	Outcome Outcome `json:"outcome"`
	Detail  string  `json:"detail"` // numbers, for a person
}

// Promise is one of the promises that the product makes (README.md).
type Promise string

// The promises that a tour holds the store to.
const (
	NoLostLogin   Promise = "no lost login"
	NoGhost       Promise = "no ghost"
	NoLostUpdate  Promise = "no lost update"
	NoFalseLogout Promise = "no false logout"
)

// Report is the result of a tour. Planned checks that were not reached count as unjudged.
type Report struct {
	Verdict Verdict       `json:"verdict"`
	Checks  []Check       `json:"checks"`
	Planned int           `json:"planned"`
	Seconds float64       `json:"seconds"`
	Took    time.Duration `json:"-"`
}

// held is how many checks have held.
func (r *Report) held() int {
	n := 0
	for _, c := range r.Checks {
		if c.Outcome == Held {
			n++
		}
	}
	return n
}

// close draws the conclusion: FAIL as soon as one check is broken, PASS only if each that was planned has held.
func (r *Report) close(took time.Duration) {
	r.Took, r.Seconds = took, took.Seconds()
	if missing := r.Planned - len(r.Checks); missing > 0 {
		r.Checks = append(r.Checks, Check{Name: "the rest of the tour", Outcome: Unjudged, Detail: fmt.Sprintf("%d checks were not reached", missing)})
	}
	r.Verdict = Pass
	if r.held() != r.Planned || r.Planned == 0 {
		r.Verdict = Inconclusive
	}
	for _, c := range r.Checks {
		if c.Outcome == Broken {
			r.Verdict = Fail
		}
	}
}

// Err returns nil for PASS, else an error that wraps ErrFailed or ErrInconclusive and names the first check that did not hold.
func (r *Report) Err() error {
	because, which := ErrInconclusive, Unjudged
	switch r.Verdict {
	case Pass:
		return nil
	case Fail:
		because, which = ErrFailed, Broken
	}
	for _, c := range r.Checks {
		if c.Outcome == which && c.Promise != "" && which == Broken {
			return fmt.Errorf("%w, %q: %s: %s", because, c.Promise, c.Name, c.Detail)
		} else if c.Outcome == which {
			return fmt.Errorf("%w: %s: %s", because, c.Name, c.Detail)
		}
	}
	return because
}
