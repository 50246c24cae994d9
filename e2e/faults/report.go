package faults

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sessnode/sessnode/internal/drill/check"
)

// Violations that only a round can find.
const (
	Incomplete = "incomplete" // the round could not be run to its end: a fault did not land, a node did not come back
	TokenLeak  = "token-leak"
)

// Window is one fault as it happened.
type Window struct {
	Fault Fault
	Held  time.Duration // from its landing to its healing
	Took  time.Duration // until the cluster was whole again and enough was acknowledged
	Acked int64
}

// Report is what came of a round.
type Report struct {
	Seed       uint64
	Faults     []Fault
	Took       time.Duration
	Windows    []Window
	Operations int
	Acked      int
	InDoubt    int
	Followers  int // percent of the acknowledged tries that went through a follower
	Shared     int // requests over shared connections, at the processes that ran in the end
	Sessions   int
	Expired    int
	Attacked   int // late tries with dead tokens
	Events     int // heard by somebody who followed all of them
	Tokens     int
	Searched   int64 // bytes
	Violations []check.Violation
}

// most is how many violations of one checker are kept.
const most = 5

func (r *Report) add(vs ...check.Violation) {
	counts := check.Names(r.Violations)
	for _, v := range vs {
		if counts[v.Check]++; counts[v.Check] <= most {
			r.Violations = append(r.Violations, v)
		}
	}
}

// Save writes the violations with all their evidence to a file.
func (r *Report) Save(path string) error {
	var b strings.Builder
	fmt.Fprintln(&b, r.String())
	for _, v := range r.Violations {
		fmt.Fprintf(&b, "\n%v\n    %s\n", v, strings.Join(v.Trace, "\n    "))
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}

// String is the report for a person: what was done, then what was wrong.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %v in %v: %d operations (%d acknowledged, %d in doubt, %d %% through followers, at least %d requests over shared connections), %d sessions, "+
		"%d expired, %d late tries, %d events, %d tokens in %d MB searched", r.Seed, r.Faults, r.Took.Round(time.Millisecond), r.Operations,
		r.Acked, r.InDoubt, r.Followers, r.Shared, r.Sessions, r.Expired, r.Attacked, r.Events, r.Tokens, r.Searched>>20)
	for _, w := range r.Windows {
		fmt.Fprintf(&b, "\n    %-18s held %-8v window %-8v %5d acknowledged", w.Fault, w.Held.Round(time.Millisecond),
			w.Took.Round(time.Millisecond), w.Acked)
	}
	for _, v := range r.Violations {
		fmt.Fprintf(&b, "\n    VIOLATION %v", v)
	}
	return b.String()
}
