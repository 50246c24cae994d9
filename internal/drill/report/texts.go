package report

import (
	"fmt"
	"strings"

	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/term"
)

// took writes milliseconds for people: "1.38 s".
func took(ms float64) string { return term.Duration(result.Duration(ms)) }

// moment writes a point in time since the start: "12.43 s".
func moment(ms float64) string { return fmt.Sprintf("%.2f s", ms/1000) }

// clock labels an axis: "0 s", "5 s", "2 min", "2.5 min".
func clock(ms float64) string {
	if ms >= 120000 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", ms/60000), ".0") + " min"
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", ms/1000), ".0") + " s"
}

func count(n int) string { return term.Count(uint64(max(n, 0))) }

// plural writes a number and its word: "1 node", "3 nodes".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// sign is the verdict as a sign, so that colour is never the only one.
func sign(v result.Verdict) string {
	switch v {
	case result.Pass:
		return "✓"
	case result.Fail:
		return "✗"
	}
	return "?"
}

// tone is the verdict as the name of a style.
func tone(v result.Verdict) string {
	switch v {
	case result.Pass:
		return "ok"
	case result.Fail:
		return "bad"
	}
	return "warn"
}

// word is what became of a check.
func word(v result.Verdict) string {
	switch v {
	case result.Pass:
		return "held"
	case result.Fail:
		return "broken"
	}
	return "not judged"
}

// verdictSentence says what a verdict means.
func verdictSentence(r *result.Result) string {
	switch r.Verdict {
	case result.Pass:
		return "Every promise that was checked held."
	case result.Fail:
		broken := 0
		for _, c := range r.Checks {
			if c.Verdict == result.Fail {
				broken++
			}
		}
		if broken == 1 {
			return "A promise was broken."
		}
		return plural(broken, "promise was broken.", "promises were broken.")
	}
	return "Nothing was seen to be broken, but not everything could be judged: this is no pass."
}

// found is what a check got, or a dash where the drill did not come to it.
func found(r *result.Result, name string) string {
	if c, ok := r.Find(name); ok {
		return c.Got
	}
	return "–"
}

// longest is the longest gap as it was judged, which leaves out the time in which there was no majority.
func longest(r *result.Result) string {
	if c, ok := r.Find("longest-gap"); ok {
		return c.Got
	}
	if r.Gap.Length() > 0 {
		return term.Duration(r.Gap.Length())
	}
	return "–"
}

// wanted is what a check wants, as people write it.
func wanted(want string) string {
	return strings.NewReplacer("<= ", "≤ ", ">= ", "≥ ").Replace(want)
}
