package faults

import (
	"time"

	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/drill/load"
)

// searchLimit bounds the search for one order of one session or subject. Running into it fails the round.
const searchLimit = 60 * time.Second

// judge runs every checker over what the load has seen.
func (r *round) judge() {
	results := r.load.Results()
	r.count(results)
	r.report.add(results.Malformed...)
	r.report.add(check.Sessions(results.Ops, searchLimit)...)
	r.report.add(check.Subjects(results.Ops, searchLimit)...)
	r.report.add(check.Ledgers(results.Ledgers)...)
	r.report.add(check.Pops(results.Ops)...)
	r.report.add(check.Quorums(results.Ops, r.stood)...)
	r.report.add(check.DeadTokens(results.Late, len(r.cluster.Nodes))...)
	r.report.add(check.Expiry(results.Expiring, leastExpired)...)
	var replicas []check.Replica
	for i, s := range r.final {
		replicas = append(replicas, check.Replica{Node: r.cluster.Nodes[i].Name, Applied: s.Applied, Hash: s.StateHash})
	}
	r.report.add(check.Replicas(replicas)...)
	if r.report.Followers < leastShare {
		r.report.add(check.Violation{Check: check.Coverage, Detail: "too few operations went through followers"})
	}
	if r.report.Shared < leastShared {
		r.report.add(check.Violation{Check: check.Coverage, Detail: "too few operations went over shared connections"})
	}
	if r.report.Attacked == 0 {
		r.report.add(check.Violation{Check: check.Coverage, Detail: "no dead token was attacked"})
	}
}

func (r *round) count(results load.Results) {
	sessions := map[int]bool{}
	acked, through := 0, 0
	for i := range results.Ops {
		op := &results.Ops[i]
		r.report.Operations++
		if op.Session >= 0 {
			sessions[op.Session] = true
		}
		if op.Outcome == history.Unknown {
			r.report.InDoubt++
		}
		if !op.OK() {
			continue
		}
		r.report.Acked++
		acked++
		if n := len(op.Tries); n > 0 && op.Tries[n-1].Follower {
			through++
		}
	}
	if acked > 0 {
		r.report.Followers = 100 * through / acked
	}
	r.report.Sessions, r.report.Attacked, r.report.Expired = len(sessions), len(results.Late), len(results.Expiring)
}
