package drill

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/timeline"
)

// The limits that all drills have.
const (
	limitTime = "What was not asked within these seconds was not judged; another seed asks other things at other moments."
	limitDisk = "Whether a machine's disk keeps what it says it has synced is for its maker to prove."
)

// Limits says what no drill of a cluster of its own proves, a sentence each.
func Limits() []string {
	return []string{
		"All nodes ran on one machine, with one clock and one disk: what only two machines can do to each other was not tried.",
		limitTime, limitDisk,
	}
}

// LimitsOf says what no drill of the scenario proves, a sentence each, on a live cluster or on one of its own.
func LimitsOf(s Scenario, live bool) []string {
	all := append([]string{}, s.Limits...)
	if !live {
		return append(all, Limits()...)
	}
	all = append(all, "The nodes' processes, logs and disks were out of reach: tokens were not searched for, and what an election spent its time on is not known.")
	if !s.ByHand {
		all = append(all, "Only what ends by itself was done to the nodes. Kills, cuts and full disks are played on a cluster of the drill's own.")
	}
	return append(all,
		"All clients were on one machine, with one clock: what app servers elsewhere saw is not known.",
		"The work of other apps on the cluster was neither touched nor judged.",
		limitTime, limitDisk)
}

// begin fills in what is known before anything runs.
func (r *run) begin() {
	r.result = result.Result{
		Schema: result.Schema, Scenario: r.scenario.Name, Title: r.scenario.Title, Seed: r.cfg.Seed, Started: time.Now().UTC(), Replay: r.replay(),
		Limits: LimitsOf(r.scenario, r.isTarget()),
		Environment: result.Environment{Version: r.cfg.Version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(),
			Nodes: r.cfg.Nodes, Profile: profile, ElectMS: timeline.MS(electionTimeout), Clients: r.cfg.Clients, People: r.cfg.People,
			HoldMS: timeline.MS(r.longer()), BudgetMS: timeline.MS(r.cfg.Budget), Args: r.cfg.Args, LogStore: r.cfg.LogStore, Sabotage: r.cfg.Sabotage},
	}
	if r.isTarget() {
		env := &r.result.Environment
		env.Target, env.Profile, env.ElectMS = r.cfg.Target.ID, "", 0
	}
}

// replay is the command that repeats the drill.
func (r *run) replay() string {
	usual := DefaultConfig()
	command := "sessnode drill " + r.scenario.Name
	nodes := r.cfg.Nodes
	if t := r.cfg.Target; t != nil {
		one, _, _ := strings.Cut(t.URL, ",") // will do, and a long word cannot be shown so that it can be copied
		command = strings.TrimSpace(command + " --target " + one + " " + t.Flags)
		nodes, usual.Budget = usual.Nodes, TargetBudget
	}
	command += fmt.Sprintf(" --seed %d", r.cfg.Seed)
	for _, f := range []struct {
		name         string
		value, usual any
	}{
		{"nodes", nodes, usual.Nodes}, {"clients", r.cfg.Clients, usual.Clients}, {"people", r.cfg.People, usual.People},
		{"hold", r.longer(), usual.Hold}, {"budget", r.cfg.Budget, usual.Budget}, {"log-store", r.cfg.LogStore, ""}, {"sabotage", r.cfg.Sabotage, ""},
	} {
		if f.value != f.usual {
			command += fmt.Sprintf(" --%s %v", f.name, f.value)
		}
	}
	return command
}
