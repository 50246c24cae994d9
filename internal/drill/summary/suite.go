package summary

import (
	"fmt"
	"strings"

	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/term"
)

// Suite returns the summary of several drills: the verdict of all, a line for each, and for each that did not pass why.
func Suite(all []result.Result, left Left, screen term.Screen) []string {
	passed, tookMS := 0, 0.0
	drills := make([]result.Result, len(all))
	for i := range all {
		drills[i] = result.Plain(all[i])
		tookMS += all[i].TookMS
		if all[i].Verdict == result.Pass {
			passed++
		}
	}
	v := result.Overall(all)
	lines := verdict(v, fmt.Sprintf("%d of %d drills passed, %s", passed, len(all), term.Duration(result.Duration(tookMS))), screen)
	if len(all) > 0 && drills[0].Environment.Sabotage != "" {
		lines = append(lines, screen.Warn("broken on purpose: "+drills[0].Environment.Sabotage))
	}
	if len(all) > 0 {
		lines = append(lines, table(drills, screen)...)
	}
	for i := range drills {
		lines = append(lines, because(&drills[i], screen)...)
	}
	if v != result.Pass {
		lines = append(lines, "")
	}
	return fit(append(lines, where(left, screen)...), screen)
}

// table has a row for each drill, and the totals. On a narrow screen it goes without what says least.
func table(all []result.Result, screen term.Screen) []string {
	headers := []string{"  DRILL", "VERDICT", "LOST", "GHOSTS", "OUT", "GAP", "HELD", "ACKED"}
	if screen.Width < roomy {
		headers = headers[:6]
	}
	t := term.NewTable(headers...).Right(2, 3, 4, 5, 6, 7).Keep(1)
	acked, held, asked := 0, 0, 0
	for i := range all {
		r := &all[i]
		t.Row("  "+r.Scenario, sign(r.Verdict, screen)+" "+paint(r.Verdict, string(r.Verdict), screen), got(r, "lost-writes"), got(r, "ghosts"),
			got(r, "signed-out"), got(r, "longest-gap"), fmt.Sprintf("%d/%d", r.Held(), len(r.Checks)), number(r.Counts.Acked))
		acked, held, asked = acked+r.Counts.Acked, held+r.Held(), asked+len(r.Checks)
	}
	t.Totals("  "+plural(len(all), "drill", "drills"), "", "", "", "", "", fmt.Sprintf("%d/%d", held, asked), number(acked))
	narrow := screen
	narrow.TTY = true // in a pipe too, columns give way before lines break
	return t.Lines(narrow)
}

func got(r *result.Result, name string) string {
	if c, ok := r.Find(name); ok {
		return c.Got
	}
	return "–"
}

// because says why a drill did not pass, and how to play it again.
func because(r *result.Result, screen term.Screen) []string {
	if r.Verdict == result.Pass {
		return nil
	}
	lines := []string{"", screen.Bold(r.Scenario) + "  " + paint(r.Verdict, string(r.Verdict), screen)}
	var wrong []result.Check
	for _, c := range r.Checks {
		if c.Verdict != result.Pass {
			wrong = append(wrong, c)
		}
	}
	lines = append(lines, checks(wrong, screen)...)
	lines = append(lines, doubts(r.Doubts, screen)...)
	for _, line := range command(r.Replay, screen.Width-hang) {
		lines = append(lines, strings.Repeat(" ", hang)+line)
	}
	return lines
}

func number(n int) string { return term.Count(uint64(max(n, 0))) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}
