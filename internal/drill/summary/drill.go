package summary

import (
	"fmt"
	"strings"

	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/term"
)

const (
	margin     = 2  // before the signs
	hang       = 4  // before what goes on in another line
	mostTitle  = 36 // columns
	leastGot   = 6
	roomy      = 72 // a screen from here on has room for what was seen beside what was got
	mostBroken = 3  // violations that are told; the report has all
	mostTrace  = 6  // lines of the trace of the first of them
)

// Left is what the drills have left behind; empty = nothing.
type Left struct {
	Report string   // the path of the page
	Others []string // names of other files beside it
}

// Drill returns the summary of one drill.
func Drill(r result.Result, left Left, screen term.Screen) []string {
	r = result.Plain(r)
	lines := verdict(r.Verdict, drillSentence(&r), screen)
	if r.Environment.Sabotage != "" {
		lines = append(lines, screen.Warn("broken on purpose: "+r.Environment.Sabotage))
	}
	lines = append(lines, checks(r.Checks, screen)...)
	lines = append(lines, doubts(r.Doubts, screen)...)
	lines = append(lines, broken(r.Violations, screen)...)
	lines = append(lines, where(left, screen)...)
	lines = append(lines, named("replay", command(r.Replay, screen.Width-nameWidth), screen)...)
	return fit(lines, screen)
}

// verdict is the first line, and a second where the sentence has no room in it.
func verdict(v result.Verdict, sentence string, screen term.Screen) []string {
	first := screen.Bold("VERDICT") + "  " + screen.Bold(paint(v, string(v), screen))
	if term.Width(first)+2+term.Width(sentence) <= screen.Width {
		return []string{first + "  " + sentence}
	}
	lines := []string{first}
	for _, part := range fold(sentence, screen.Width-nameWidth) {
		lines = append(lines, strings.Repeat(" ", nameWidth)+part)
	}
	return lines
}

func drillSentence(r *result.Result) string {
	return fmt.Sprintf("%s, seed %d: %d of %d checks held, %s", r.Scenario, r.Seed, r.Held(), len(r.Checks), term.Duration(result.Duration(r.TookMS)))
}

func paint(v result.Verdict, text string, screen term.Screen) string {
	switch v {
	case result.Pass:
		return screen.Green(text)
	case result.Fail:
		return screen.Red(text)
	}
	return screen.Yellow(text)
}

// sign is the verdict as a sign: colour is never the only one.
func sign(v result.Verdict, screen term.Screen) string {
	text := "?"
	switch v {
	case result.Pass:
		text = "✓"
	case result.Fail:
		text = "✗"
	}
	return paint(v, text, screen)
}

// checks are a line each: sign, title, what was got, what was seen. What has no room in its column goes on below.
func checks(all []result.Check, screen term.Screen) []string {
	title := 12
	for _, c := range all {
		title = max(title, min(term.Width(c.Title), mostTitle))
	}
	got := leastGot
	for _, c := range all {
		if c.Verdict != result.Pass {
			got = max(got, term.Width(amount(c)))
		}
	}
	var lines []string
	for _, c := range all {
		lines = append(lines, check(c, title, got, screen)...)
	}
	return lines
}

// check is one check in columns of a width.
func check(c result.Check, title, got int, screen term.Screen) []string {
	value := amount(c)
	tooWide := term.Width(value) > got
	if c.Verdict != result.Pass {
		value = paint(c.Verdict, value, screen)
	}
	left, right := fold(c.Title, title), []string{term.Pad(value, got)}
	seen, beside := screen.Width-hang-title-got-4, screen.Width >= roomy
	if !beside {
		seen = screen.Width - hang - 2
	}
	for i, part := range fold(c.Detail, seen) {
		if beside && i == 0 && !tooWide {
			right[0] += "  " + screen.Dim(part)
		} else if beside {
			right = append(right, strings.Repeat(" ", got+2)+screen.Dim(part))
		}
	}
	var lines []string
	for i := range max(len(left), len(right)) {
		line := strings.Repeat(" ", hang)
		if i == 0 {
			line = strings.Repeat(" ", margin) + sign(c.Verdict, screen) + " "
		}
		line += term.Pad(at(left, i), title) + "  " + at(right, i)
		lines = append(lines, line)
	}
	if !beside {
		for _, part := range fold(c.Detail, seen) {
			lines = append(lines, strings.Repeat(" ", hang+2)+screen.Dim(part))
		}
	}
	return lines
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// amount is what was got, and what was wanted where that says more.
func amount(c result.Check) string {
	switch {
	case strings.HasPrefix(c.Want, "<") || strings.HasPrefix(c.Want, ">"):
		if c.Verdict == result.Fail {
			return c.Got + ", want " + c.Want
		}
		return c.Got + " " + c.Want
	case c.Verdict == result.Fail && c.Want != "":
		return c.Got + ", want " + c.Want
	}
	return c.Got
}

func doubts(all []string, screen term.Screen) []string {
	var lines []string
	for _, d := range all {
		lines = append(lines, item(screen.Yellow("?"), "in doubt: "+d, screen)...)
	}
	return lines
}

// broken tells the first violations, and of the first of them a part of the operations that show it.
func broken(all []result.Violation, screen term.Screen) []string {
	if len(all) == 0 {
		return nil
	}
	lines := []string{"", screen.Bold("what is broken")}
	for i, v := range all {
		if i == mostBroken {
			lines = append(lines, strings.Repeat(" ", hang)+screen.Dim(fmt.Sprintf("and %d more in the report", len(all)-mostBroken)))
			break
		}
		lines = append(lines, item(screen.Red("✗"), v.Check+": "+v.Detail, screen)...)
		for j, t := range v.Trace {
			if i > 0 {
				break
			}
			if j == mostTrace {
				lines = append(lines, strings.Repeat(" ", hang+2)+screen.Dim(fmt.Sprintf("… %d more", len(v.Trace)-mostTrace)))
				break
			}
			lines = append(lines, term.Truncate(strings.Repeat(" ", hang+2)+screen.Dim(t), screen.Width))
		}
	}
	return append(lines, "")
}

// item is a sign and a text that goes on below.
func item(sign, text string, screen term.Screen) []string {
	head := strings.Repeat(" ", margin) + sign + " "
	var lines []string
	for _, part := range fold(text, screen.Width-hang) {
		lines = append(lines, head+part)
		head = strings.Repeat(" ", hang)
	}
	return lines
}
