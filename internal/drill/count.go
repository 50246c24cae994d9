package drill

import (
	"fmt"
	"strconv"
	"time"

	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/drill/load"
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

// longer is how long a fault is held if not as the scenario says by itself, 0 if so: as was asked for, or as a suite has it.
func (r *run) longer() time.Duration {
	if usual, known := Named(r.scenario.Name); r.cfg.Hold == 0 && known && usual.Hold != r.scenario.Hold {
		return r.scenario.Hold
	}
	return r.cfg.Hold
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
