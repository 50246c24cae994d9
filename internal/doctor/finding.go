package doctor

import (
	"context"
	"fmt"
	"sync"
)

// Level is how bad a finding is.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn" // it works, and may surprise somebody later
	Fail Level = "FAIL" // the node does not start, or not with the others
)

// Finding is what one check came to, and its JSON form.
type Finding struct {
	Check string `json:"check" doc:"what was looked at"`
	Level Level  `json:"level" doc:"ok, warn or FAIL"`
	What  string `json:"what" doc:"what was found, in a sentence"`
	Cure  string `json:"cure,omitempty" doc:"what helps; empty where nothing has to be done"`
}

// Report is all findings, and its JSON form.
type Report struct {
	Healthy  bool      `json:"healthy" doc:"whether nothing is FAIL"`
	Summary  string    `json:"summary" doc:"the verdict in a sentence"`
	Findings []Finding `json:"findings" doc:"each check, in the order of the subjects"`
}

// check looks at one subject. It returns at least one finding, or none where the subject does not apply.
type check func(ctx context.Context) []Finding

// run does all checks at the same time and returns their findings in the order of the checks. It waits for all of them.
func run(ctx context.Context, checks []check) []Finding {
	results := make([][]Finding, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() { results[i] = c(ctx) }) // ends with ctx
	}
	wg.Wait()
	var all []Finding
	for _, found := range results {
		all = append(all, found...)
	}
	return all
}

// report sums the findings up.
func report(all []Finding) Report {
	bad, odd := 0, 0
	for _, f := range all {
		switch f.Level {
		case Fail:
			bad++
		case Warn:
			odd++
		}
	}
	r := Report{Healthy: bad == 0, Findings: all}
	switch {
	case bad > 0 && odd > 0:
		r.Summary = fmt.Sprintf("%s must be mended, and %s", count(bad, "thing"), count(odd, "warning"))
	case bad > 0:
		r.Summary = fmt.Sprintf("%s must be mended", count(bad, "thing"))
	case odd > 0:
		r.Summary = fmt.Sprintf("Nothing is in the way, with %s", count(odd, "warning"))
	default:
		r.Summary = fmt.Sprintf("All is well: %s", count(len(all), "check"))
	}
	return r
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func ok(check, format string, args ...any) Finding {
	return Finding{Check: check, Level: OK, What: fmt.Sprintf(format, args...)}
}

func warn(check, cure, format string, args ...any) Finding {
	return Finding{Check: check, Level: Warn, What: fmt.Sprintf(format, args...), Cure: cure}
}

func fail(check, cure, format string, args ...any) Finding {
	return Finding{Check: check, Level: Fail, What: fmt.Sprintf(format, args...), Cure: cure}
}
