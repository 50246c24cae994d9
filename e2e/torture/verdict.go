package torture

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Verdict is what one play of a trial comes to.
type Verdict int

// The verdicts. The zero value is Inconclusive, so that what was never judged is never kept.
const (
	Inconclusive  Verdict = iota // it could not be played to its end
	Kept                         // the promise held
	Broken                       // the promise did not hold
	NotApplicable                // the question makes no sense for this application, for a stated reason
)

// String returns the verdict in one or two words.
func (v Verdict) String() string {
	return [...]string{"inconclusive", "kept", "broken", "not applicable"}[v]
}

// Result is a verdict and a few words on it: what happened, or why it does not apply.
type Result struct {
	Verdict Verdict
	Note    string
}

// broken, kept and notApplicable make the results that trials return.
func broken(format string, args ...any) (Result, error) {
	return Result{Broken, fmt.Sprintf(format, args...)}, nil
}

func kept(note string) (Result, error) { return Result{Kept, note}, nil }

func notApplicable(reason string) (Result, error) { return Result{NotApplicable, reason}, nil }

// Tally is what all plays of one trial against one application came to. The zero value is ready for use.
type Tally struct {
	Plays int
	count map[Result]int
}

// Add counts one play. An error makes it inconclusive, whatever the result says.
func (t *Tally) Add(r Result, err error) {
	if err != nil {
		r = Result{Inconclusive, err.Error()}
	}
	if t.count == nil {
		t.count = map[Result]int{}
	}
	t.Plays++
	t.count[r]++
}

// Count returns how many plays had a verdict.
func (t *Tally) Count(v Verdict) int {
	n := 0
	for r, c := range t.count {
		if r.Verdict == v {
			n += c
		}
	}
	return n
}

// Notes returns the notes of a verdict, the most frequent first.
func (t *Tally) Notes(v Verdict) []string {
	results := slices.DeleteFunc(slices.Collect(maps.Keys(t.count)), func(r Result) bool { return r.Verdict != v || r.Note == "" })
	slices.SortFunc(results, func(a, b Result) int {
		if d := t.count[b] - t.count[a]; d != 0 {
			return d
		}
		return strings.Compare(a.Note, b.Note)
	})
	var notes []string
	for _, r := range results {
		notes = append(notes, r.Note)
	}
	return notes
}

// AllKept reports whether there were plays and every one was kept. What does not apply is not kept.
func (t *Tally) AllKept() bool { return t.Plays > 0 && t.Count(Kept) == t.Plays }

// String tells the tally in one line, for logs; nil says that there were no plays.
func (t *Tally) String() string {
	if t == nil {
		return "not played"
	}
	var parts []string
	for _, v := range []Verdict{Kept, Broken, NotApplicable, Inconclusive} {
		if n := t.Count(v); n > 0 {
			parts = append(parts, strings.TrimSuffix(fmt.Sprintf("%s %d of %d (%s)", v, n, t.Plays, strings.Join(t.Notes(v), "; ")), " ()"))
		}
	}
	return strings.Join(parts, ", ")
}
