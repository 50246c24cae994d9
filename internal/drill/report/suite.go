package report

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/sessnode/sessnode/internal/drill/result"
)

// Folder is the name of the directory of a drill's report within that of its suite: that of the scenario. It never leads out of it.
func Folder(r result.Result) string {
	name := strings.Map(func(c rune) rune {
		if c < unicode.MaxASCII && (unicode.IsLetter(c) || unicode.IsDigit(c)) || c == '-' || c == '_' {
			return c
		}
		return '-'
	}, r.Scenario)
	if name == "" {
		return "drill"
	}
	return name[:min(len(name), 80)]
}

// WriteSuite writes the page of a suite (PageFile) and its table for documents (TableFile) into a directory, which is made where it is missing. It leads to the reports of the
// drills, which Write has put into the Folder of each.
func WriteSuite(dir string, all []result.Result) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var html bytes.Buffer
	if err := WriteSuitePage(&html, all); err != nil {
		return err
	}
	var table bytes.Buffer
	if err := WriteMarkdown(&table, all); err != nil {
		return err
	}
	return errors.Join(replace(filepath.Join(dir, PageFile), html.Bytes()), replace(filepath.Join(dir, TableFile), table.Bytes()))
}

// suitePage is what the template of a suite is filled with.
type suitePage struct {
	frame
	Verdict     result.Verdict
	Sentence    string
	Drills      []suiteRow
	Passed      int
	TookMS      float64
	Acked       int
	Environment *result.Environment
	Started     string
}

type suiteRow struct {
	*result.Result
	Link   string
	Wrong  string // the checks that did not hold, or why it is in doubt
	Mini   template.HTML
	Length string // the longest gap
}

// WriteSuitePage writes the page of a suite.
func WriteSuitePage(w io.Writer, all []result.Result) error {
	p := suitePage{Verdict: result.Overall(all)}
	for i := range all {
		r := result.Plain(all[i])
		p.Drills = append(p.Drills, suiteRow{Result: &r, Link: Folder(r) + "/" + PageFile, Wrong: wrong(&r), Mini: mini(&r), Length: longest(&r)})
		p.TookMS, p.Acked = p.TookMS+r.TookMS, p.Acked+r.Counts.Acked
		if r.Verdict == result.Pass {
			p.Passed++
		}
		if i == 0 {
			p.Environment, p.Started = &r.Environment, r.Started.Format("2006-01-02 15:04:05 MST")
		}
	}
	p.Sentence = suiteSentence(all, p.Passed)
	return render(w, "suite.html", p.Verdict, &p, &p.frame)
}

func suiteSentence(all []result.Result, passed int) string {
	if len(all) == 0 {
		return "No drill was played: this is no pass."
	}
	if passed == len(all) {
		return "All " + plural(len(all), "drill passed.", "drills passed.")
	}
	failed := 0
	for i := range all {
		if all[i].Verdict == result.Fail {
			failed++
		}
	}
	text := fmt.Sprintf("%d of %s passed", passed, plural(len(all), "drill", "drills"))
	if failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	if doubt := len(all) - passed - failed; doubt > 0 {
		text += fmt.Sprintf(", %d could not be judged whole", doubt)
	}
	return text + "."
}

// wrong names the checks of a drill that did not hold, and why it is in doubt.
func wrong(r *result.Result) string {
	var parts []string
	for _, c := range r.Checks {
		if c.Verdict != result.Pass {
			parts = append(parts, c.Title+": "+c.Got)
		}
	}
	return strings.Join(append(parts, r.Doubts...), "; ")
}

// mini is the availability strip of a drill, small.
func mini(r *result.Result) template.HTML {
	const height, most = 26, 190
	var c canvas
	a := axis{end: max(endOf(r), 1)}
	strip(&c, columnsOf(r, most), a, 0, height)
	edges(&c, r, a, 0, height)
	return c.done("plot", "availability over "+took(a.end)+"; longest time without a write: "+longest(r), height)
}
