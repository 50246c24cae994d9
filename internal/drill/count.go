package drill

import (
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/drill/load"
	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/timeline"
)

// count fills in how much was asked and seen.
func (r *run) count(seen load.Results) {
	sessions, subjects := map[int]bool{}, map[string]bool{}
	c := &r.result.Counts
	for i := range seen.Ops {
		op := &seen.Ops[i]
		c.Attempted++
		if op.Session >= 0 {
			sessions[op.Session] = true
		}
		if op.Subject != "" {
			subjects[op.Subject] = true
		}
		switch op.Outcome {
		case history.Unknown:
			c.Unknown++
		case history.NotDone:
			c.Refused++
		}
		if op.OK() {
			c.Acked++
			if op.Writes() {
				c.Writes++
			}
		}
	}
	c.AckedFault = timeline.AckedWithin(seen.Ops, r.spans.during)
	c.Sessions, c.Subjects, c.Partitions = len(sessions), len(subjects), len(sessions)+len(subjects)
	dead := map[[2]int]bool{}
	for _, t := range seen.Late {
		dead[[2]int{t.Session, t.Token}] = true
	}
	c.Revoked, c.LateTries, c.Expired = len(dead), len(seen.Late), len(seen.Expiring)
	c.EventsHeard, c.SearchedMB = r.stage.settled.events, int(r.stage.settled.searched>>20)
}

// Limits says what no drill proves, a sentence each.
func Limits() []string {
	return []string{
		"All nodes ran on one machine, with one clock and one disk: what only two machines can do to each other was not tried.",
		"What was not asked within these seconds was not judged; another seed asks other things at other moments.",
		"Whether a machine's disk keeps what it says it has synced is for its maker to prove.",
	}
}

// begin fills in what is known before anything runs.
func (r *run) begin() {
	r.result = result.Result{
		Schema: result.Schema, Scenario: r.scenario.Name, Title: r.scenario.Title, Seed: r.cfg.Seed, Started: time.Now().UTC(), Replay: r.replay(),
		Limits: append(append([]string{}, r.scenario.Limits...), Limits()...),
		Environment: result.Environment{Version: r.cfg.Version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(),
			Nodes: r.cfg.Nodes, Profile: profile, ElectMS: timeline.MS(electionTimeout), Clients: r.cfg.Clients, People: r.cfg.People,
			HoldMS: timeline.MS(r.longer()), BudgetMS: timeline.MS(r.cfg.Budget), Args: r.cfg.Args, Sabotage: r.cfg.Sabotage},
	}
}

// longer is how long a fault is held if not as the scenario says by itself, 0 if so: as was asked for, or as a suite has it.
func (r *run) longer() time.Duration {
	if usual, known := Named(r.scenario.Name); r.cfg.Hold == 0 && known && usual.Hold != r.scenario.Hold {
		return r.scenario.Hold
	}
	return r.cfg.Hold
}

// replay is the command that repeats the drill.
func (r *run) replay() string {
	defaults := DefaultConfig()
	command := fmt.Sprintf("sessnode drill %s --seed %d", r.scenario.Name, r.cfg.Seed)
	for _, f := range []struct {
		name         string
		value, usual any
	}{
		{"nodes", r.cfg.Nodes, defaults.Nodes}, {"clients", r.cfg.Clients, defaults.Clients}, {"people", r.cfg.People, defaults.People},
		{"hold", r.longer(), defaults.Hold}, {"budget", r.cfg.Budget, defaults.Budget}, {"sabotage", r.cfg.Sabotage, ""},
	} {
		if f.value != f.usual {
			command += fmt.Sprintf(" --%s %v", f.name, f.value)
		}
	}
	return command
}

func uintText(n uint64) string { return strconv.FormatUint(n, 10) }

// thousands writes a number for people: 11,604.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// seconds writes a duration for people.
func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
