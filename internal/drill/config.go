package drill

import (
	"errors"
	"fmt"
	"time"

	"github.com/sessnode/sessnode/internal/people"
)

// Config says what is drilled and how hard. DefaultConfig fills in all but Binary, App and Seed.
type Config struct {
	Binary  string     // the sessnode to run: this program
	App     people.App // the login app
	Version string     // of the software, for the report
	Args    []string   // what was typed, for the report

	Seed    uint64
	Nodes   int           // 3 or 5; default 3
	Clients int           // with known histories; default 16
	People  int           // on the login app; default 20
	Hold    time.Duration // how long a fault lasts at least; 0: as the scenario says
	Budget  time.Duration // the longest time without an acknowledged write that passes; default DefaultBudget

	Target *Target // the live cluster that is drilled; nil: one of the drill's own

	LogStore string // what the nodes keep their logs in, `bolt` or `wal`; empty: the default of `serve`
	Sabotage string // breaks the nodes on purpose; needs a Binary with the build tag `sabotage`
	Keep     bool   // leave the folder with data and logs behind
	Observer Observer
}

// DefaultBudget is fifteen times the election time-out of the profile that drills run with (200 ms): a follower notices within one
// to two, an election takes one more, and the rest is for a machine that does other things as well.
const DefaultBudget = 3 * time.Second

// DefaultConfig returns a Config that lacks Binary, App and Seed.
func DefaultConfig() Config {
	return Config{Nodes: 3, Clients: 16, People: 20, Budget: DefaultBudget, Observer: Silent{}}
}

// Validate reports every fault at once.
func (c Config) Validate() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(c.Target == nil && c.Nodes != 3 && c.Nodes != 5, "--nodes is %d, allowed are 3 and 5", c.Nodes)
	fault(c.Clients < 4 || c.Clients > 256, "--clients is %d, allowed are 4 to 256", c.Clients)
	fault(c.People < 1 || c.People > 20, "--people is %d, allowed are 1 to 20", c.People)
	fault(c.Hold < 0 || c.Hold > 10*time.Minute, "--hold is %v, allowed is up to 10m", c.Hold)
	fault(c.Budget < 100*time.Millisecond || c.Budget > 10*time.Minute, "--budget is %v, allowed is 100ms to 10m", c.Budget)
	fault(c.LogStore != "" && c.LogStore != "bolt" && c.LogStore != "wal", "--log-store is %q, allowed are bolt and wal", c.LogStore)
	if t := c.Target; t != nil {
		fault(t.Limit < 30*time.Second || t.Limit > time.Hour, "--max-duration is %v, allowed is 30s to 1h", t.Limit)
		fault(c.Hold >= t.Limit, "--hold is %v, allowed is less than --max-duration (%v)", c.Hold, t.Limit)
	}
	return errors.Join(faults...)
}
