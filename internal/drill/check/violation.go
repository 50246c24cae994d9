// Package check judges what a run recorded. Each checker is a pure function from records to violations, without clock,
// network or randomness of its own, so that its tests can hand it histories that are known to be good or bad.
//
// A checker that cannot decide reports a violation: "ran out of time" is no pass.
package check

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// The checkers' names, as they appear in violations.
const (
	LinearSession = "session-linearizability"
	LinearSubject = "subject-linearizability"
	Counter       = "counter"
	Lost          = "lost-write"
	PopOnce       = "pop-once"
	Dead          = "dead-token"
	Early         = "expired-early"
	Late          = "expired-late"
	StateHash     = "state-hash"
	LogEqual      = "log"
	NoQuorum      = "ack-without-quorum"
	Followed      = "events"
	Coverage      = "coverage" // the run proves too little: a fault did not land, too few operations
)

// Violation is one broken promise.
type Violation struct {
	Check  string   // which checker
	Detail string   // one line; never holds a token
	Trace  []string // the whole history that was judged, by time of call; nil where the detail says it all

	Undecided bool // the checker gave up: nothing is known to be broken, and nothing to be whole
}

// String returns one line.
func (v Violation) String() string { return v.Check + ": " + v.Detail }

func violation(check, format string, args ...any) Violation {
	return Violation{Check: check, Detail: fmt.Sprintf(format, args...)}
}

// Names returns the distinct checkers that were violated.
func Names(vs []Violation) map[string]int {
	names := map[string]int{}
	for _, v := range vs {
		names[v.Check]++
	}
	return names
}

// forever is the return time of an operation whose effect may still come.
const forever = int64(math.MaxInt64)

// interval returns an operation's closed interval in nanoseconds for porcupine.
func interval(op *history.Op) (from, to int64) {
	if op.Outcome == history.Unknown {
		return int64(op.Call), forever
	}
	return int64(op.Call), int64(op.Return)
}

// linearizable runs porcupine on one partition and turns its verdict into a violation. Giving up is one.
// ignored are operations that were certainly not made; they are shown with the trace, because one that was made all the same is
// the likely culprit.
func linearizable(check, what string, model porcupine.Model, ops []porcupine.Operation, ignored []*history.Op, limit time.Duration) []Violation {
	result, info := porcupine.CheckOperationsVerbose(model, ops, limit)
	var v Violation
	switch result {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		v = violation(check, "%s: INCONCLUSIVE, gave up on %d operations after %v", what, len(ops), limit)
		v.Undecided = true
	default:
		explained, first := stuck(model, ops, info)
		v = violation(check, "%s: no order explains these %d operations, only %d of them; the first that is not: %s", what, len(ops), explained, first)
	}
	v.Trace = trace(model, ops)
	for _, op := range ignored {
		v.Trace = append(v.Trace, fmt.Sprintf("ignored, as not made: %s  %s", between(int64(op.Call), int64(op.Return)), describe(op)))
	}
	return []Violation{v}
}

// trace lists operations by their call.
func trace(model porcupine.Model, ops []porcupine.Operation) []string {
	ops = slices.Clone(ops)
	slices.SortFunc(ops, func(x, y porcupine.Operation) int { return cmp.Compare(x.Call, y.Call) })
	lines := make([]string, len(ops))
	for i, op := range ops {
		lines[i] = between(op.Call, op.Return) + "  " + model.DescribeOperation(op.Input, op.Output)
	}
	return lines
}

// stuck returns how many operations the longest explainable order has, and the first that is not among them.
func stuck(model porcupine.Model, ops []porcupine.Operation, info porcupine.LinearizationInfo) (longest int, first string) {
	covered := map[int]bool{}
	for _, partition := range info.PartialLinearizations() {
		for _, order := range partition {
			if len(order) > longest {
				longest = len(order)
				covered = map[int]bool{}
				for _, i := range order {
					covered[i] = true
				}
			}
		}
	}
	at := -1
	for i := range ops {
		if !covered[i] && (at < 0 || ops[i].Call < ops[at].Call) {
			at = i
		}
	}
	if at < 0 {
		return longest, "unknown"
	}
	return longest, between(ops[at].Call, ops[at].Return) + "  " + model.DescribeOperation(ops[at].Input, ops[at].Output)
}
