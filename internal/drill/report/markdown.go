package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/term"
)

// WriteMarkdown writes the drills of a suite as a table for a document: what was done, what came of it, and what it cost. The verdict
// of all stands below it, and for each drill that did not pass why.
func WriteMarkdown(w io.Writer, all []result.Result) error {
	var b, why strings.Builder
	b.WriteString("| Scenario | Seed | Verdict | Acknowledged | Lost | Ghosts | Signed out | Longest gap | Detect | Elect | Redirect |\n" +
		"| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	acked, passed := 0, 0
	for i := range all {
		r := result.Plain(all[i])
		detect, elect, redirect := "–", "–", "–"
		if g := r.Gap; g.Split() {
			detect, elect, redirect = took(g.DetectMS), took(g.ElectMS), took(g.RedirectMS)
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", cell(r.Scenario), r.Seed, cell(string(r.Verdict)),
			term.Count(uint64(max(r.Counts.Acked, 0))), cell(found(&r, "lost-writes")), cell(found(&r, "ghosts")), cell(found(&r, "signed-out")),
			cell(longest(&r)), detect, elect, redirect)
		acked += r.Counts.Acked
		if r.Verdict == result.Pass {
			passed++
		} else {
			fmt.Fprintf(&why, "- %s, seed %d: %s\n", cell(r.Scenario), r.Seed, cell(wrong(&r)))
		}
	}
	fmt.Fprintf(&b, "\n**%s**: %d of %d drills passed, %s operations acknowledged.\n", result.Overall(all), passed, len(all), count(acked))
	if why.Len() > 0 {
		b.WriteString("\n" + why.String())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cell makes a text of foreign origin fit for a cell of a table: no markup, no end of the cell.
func cell(text string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`).
		Replace(term.Clean(text))
}
