//go:build e2e

package upstream

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const pageFile = "docs/reference/upstream-suites.md"

const pageHead = `# Upstream test suites

The frameworks' own tests, unchanged, run against our adapters on three real nodes: a hook points the framework at the store, and nothing
else differs. A test that does not apply is listed with its reason; one that is listed and passes fails the run, as does one that fails
and is not listed. This page is written by the run, and compared with every later one:

<!-- run: skip it would run minutes of tests again; scripts/test.sh does -->
` + "```sh" + `
./scripts/test.sh upstream
go test -tags e2e -count=1 ./e2e/upstream -run 'TestUpstreamSuites/flask$' -write    # one suite, and its part of this page
` + "```" + `

| suite | upstream | passed | failed | not applicable |
| --- | --- | --- | --- | --- |
`

// page is the page's parts by suite.
type page struct{ rows, sections map[string]string }

// readPage takes the page apart again, so that the run of one suite changes only what is about it. It passes over the marks of a merge
// conflict: two suites that were written at once are both there.
func readPage(root string) page {
	p := page{map[string]string{}, map[string]string{}}
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(pageFile)))
	if err != nil {
		return p // none yet
	}
	section := ""
	for line := range strings.Lines(string(content)) {
		row, isRow := strings.CutPrefix(line, "| [")
		name, isHeading := strings.CutPrefix(line, "## ")
		switch {
		case strings.HasPrefix(line, "<<<<<<<"), strings.HasPrefix(line, "======="), strings.HasPrefix(line, ">>>>>>>"):
		case isRow:
			row, _, _ = strings.Cut(row, "]")
			p.rows[row] = strings.TrimSuffix(line, "\n")
		case isHeading:
			section = strings.TrimSpace(name)
			p.sections[section] = line
		case section != "":
			p.sections[section] += line
		}
	}
	for name, text := range p.sections {
		p.sections[name] = strings.TrimRight(text, "\n") + "\n"
	}
	return p
}

// text writes the page for the suites that there are; those of which nothing is known are left out.
func (p page) text(all []suite) string {
	var b strings.Builder
	b.WriteString(pageHead)
	for _, s := range all {
		if row := p.rows[s.name]; row != "" {
			fmt.Fprintln(&b, row)
		}
	}
	for _, s := range all {
		if section := p.sections[s.name]; section != "" {
			b.WriteString("\n" + section)
		}
	}
	return b.String()
}

// TestThePageHasEverySuite fails for a suite whose results nobody wrote down, and for a page changed by hand. With -write it puts the
// page's parts in order, after a merge.
func TestThePageHasEverySuite(t *testing.T) {
	root, all := moduleRoot(t), suites(t)
	p := readPage(root)
	for _, s := range all {
		if p.rows[s.name] == "" || p.sections[s.name] == "" {
			t.Errorf("%s does not have %s: run it with -write", pageFile, s.name)
		}
	}
	if *write {
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(pageFile)), []byte(p.text(all)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(pageFile)))
	if err != nil {
		t.Fatal(err)
	}
	if p.text(all) != string(content) {
		t.Errorf("%s is not as a run writes it: run with -write", pageFile)
	}
	for name := range p.rows {
		if !slices.ContainsFunc(all, func(s suite) bool { return s.name == name }) {
			t.Errorf("%s speaks of %s, which is no suite", pageFile, name)
		}
	}
}
