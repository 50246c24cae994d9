package resulttest

import (
	"fmt"
	"time"

	"github.com/sessnode/sessnode/internal/drill/result"
)

// set gives a check another outcome.
func set(r *result.Result, name string, verdict result.Verdict, got, detail string) {
	for i := range r.Checks {
		if c := &r.Checks[i]; c.Name == name {
			c.Verdict, c.Got, c.Detail = verdict, got, detail
		}
	}
}

// Failed is a drill with a lost write and a ghost, by a build that was broken on purpose.
func Failed() result.Result {
	r := Passed()
	r.Verdict, r.Scenario, r.Seed = result.Fail, "power-cycle", 42
	r.Title = "All nodes lose power at once: what was not synced is gone."
	r.Replay = "sessnode drill power-cycle --seed 42 --nodes 3 --clients 16 --people 20 --hold 2s --budget 3s --sabotage lose-tail"
	r.Environment.Sabotage = "lose-tail"
	r.Environment.Args = []string{"sessnode", "drill", "power-cycle", "--seed", "42", "--sabotage", "lose-tail"}
	set(&r, "lost-writes", result.Fail, "1", "of 5,420 acknowledged")
	set(&r, "ghosts", result.Fail, "1", "in 2,280 late requests")
	set(&r, "signed-out", result.Fail, "2", "of 20, in 1,630 pages; longest wait 4.12 s")
	r.People.SignedOut, r.People.LongestMS = 2, 4120
	r.Violations = []result.Violation{
		{Check: "lost-writes", Detail: `session 17: the value "c3-118" was acknowledged at 11.962s by n1 and is on no node at the end`, Trace: []string{
			"[11.902s 11.911s] client 3  patch a=c3-117 -> ok, version 44", "[11.955s 11.962s] client 3  patch a=c3-118 -> ok, version 45",
			"[13.401s 13.404s] client 5  read -> a=c3-117, version 44   <- nothing explains this", "[35.100s 35.101s] verify    n1, n2, n3 read -> a=c3-117, version 44"}},
		{Check: "ghosts", Detail: "session 203 was revoked at 11.871s (acknowledged), and a touch at 14.020s through n2 was answered ok", Trace: []string{
			"[11.860s 11.871s] client 9  revoke -> ok", "[14.018s 14.020s] attacker  touch through n2 -> ok, version 12", "node said: " + Hostile}},
	}
	r.Gap = result.Gap{FromMS: faultAt, ToMS: servedAt}
	r.Faults[0].Name, r.Faults[0].On = "power-cycle", "all nodes"
	return r
}

// Doubtful is a drill that could not be judged whole.
func Doubtful() result.Result {
	r := Passed()
	r.Verdict, r.Scenario, r.Seed = result.Inconclusive, "leader-pause", 99
	r.Title = "The leader is stopped (SIGSTOP) for longer than its lease, and wakes up believing that it still leads."
	r.Replay = "sessnode drill leader-pause --seed 99"
	set(&r, "linearizable", result.Inconclusive, "not judged", "gave up on 412 operations after 30s")
	r.Doubts = []string{"session 12: INCONCLUSIVE, gave up on 412 operations after 30s",
		"41 operations were acknowledged from the fault until the cluster was whole, want at least 100"}
	r.Counts.AckedFault = 41
	return r
}

// Unplayed is a drill that did not come to its first request: nothing is there to draw.
func Unplayed() result.Result {
	p := Passed()
	return result.Result{Schema: result.Schema, Verdict: result.Inconclusive, Scenario: "torn-restart", Title: "A node is killed while it takes a snapshot.",
		Seed: 7, Started: p.Started, TookMS: 10020, Replay: "sessnode drill torn-restart --seed 7", Environment: p.Environment, Limits: p.Limits,
		Doubts: []string{"the drill could not be played: the cluster did not start within 10s: n2 is not ready"}}
}

// Hurt is a result whose every text holds what would harm a reader that obeyed it.
func Hurt() result.Result {
	r := Failed()
	r.Title, r.Scenario, r.Replay = r.Title+Hostile, r.Scenario+Hostile, r.Replay+Hostile
	for i := range r.Checks {
		c := &r.Checks[i]
		c.Title, c.Got, c.Want, c.Detail = c.Title+Hostile, c.Got+Hostile, c.Want+Hostile, c.Detail+Hostile
	}
	for i := range r.Applied {
		r.Applied[i].Node += Hostile
	}
	r.Tenures[0].Node += Hostile
	r.Faults[0].Name, r.Faults[0].On, r.Faults[0].Proof = Hostile, Hostile, Hostile
	r.Windows[0].During, r.Phases[0].Name = Hostile, Hostile
	r.Logs[0].Node, r.Doubts, r.Limits = Hostile, []string{Hostile}, []string{Hostile}
	r.Violations[0].Detail += Hostile
	e := &r.Environment
	e.Version, e.Go, e.System, e.Profile, e.LogStore, e.Sabotage, e.Args = Hostile, Hostile, Hostile, Hostile, Hostile, Hostile, []string{Hostile}
	r.Latency[0].Phase, r.Latency[0].Kind = Hostile, Hostile
	return r
}

// Suite is what a suite came to: as many drills as ask passed, and one each that failed and that is in doubt, if asked for.
func Suite(passed int, failed, doubtful bool) []result.Result {
	names := []string{"leader-kill", "step-down", "follower-kill", "isolate-leader", "one-way", "slow-disk", "rolling-restart", "clock-jump"}
	var all []result.Result
	for i := range passed {
		r := Passed()
		r.Scenario, r.Seed = names[i%len(names)], uint64(4711+i)
		r.Replay = fmt.Sprintf("sessnode drill %s --seed %d", r.Scenario, r.Seed)
		r.Started = r.Started.Add(time.Duration(i) * 40 * time.Second)
		all = append(all, r)
	}
	if failed {
		all = append(all, Failed())
	}
	if doubtful {
		all = append(all, Doubtful(), Unplayed())
	}
	return all
}
