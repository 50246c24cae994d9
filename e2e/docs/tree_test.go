package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/e2e/docs"
	"github.com/sessnode/sessnode/e2e/harness"
)

const maxReadme = 120 // lines: a page, not a book

func pages(t *testing.T) (root string, byPath map[string]docs.Page) {
	t.Helper()
	root, err := harness.ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := docs.Pages(root)
	if err != nil {
		t.Fatal(err)
	}
	byPath = map[string]docs.Page{}
	for _, p := range all {
		byPath[p.Path] = p
	}
	if len(byPath) < 10 {
		t.Fatalf("found %d pages only: the search itself is broken", len(byPath))
	}
	return root, byPath
}

func TestEveryRelativeLinkLeadsSomewhere(t *testing.T) {
	root, all := pages(t)
	links := 0
	for _, page := range all {
		for _, link := range page.Links() {
			links++
			if link.Target == "" {
				t.Errorf("%s:%d: a link leads out of the tree", page.Path, link.Line)
				continue
			}
			if _, err := os.Stat(filepath.Join(root, link.Target)); err != nil {
				t.Errorf("%s:%d: %s does not exist", page.Path, link.Line, link.Target)
				continue
			}
			if target, isPage := all[link.Target]; isPage && link.Fragment != "" && !target.Anchors()[link.Fragment] {
				t.Errorf("%s:%d: %s has no heading %q", page.Path, link.Line, link.Target, link.Fragment)
			}
		}
	}
	if links < 10 {
		t.Errorf("found %d links only: the search itself is broken", links)
	}
}

func TestEveryPageIsReachable(t *testing.T) {
	_, all := pages(t)
	seen := map[string]bool{}
	next := []string{"README.md", "docs/README.md"}
	for len(next) > 0 {
		path := next[0]
		next = next[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		for _, link := range all[path].Links() {
			next = append(next, link.Target)
			if !strings.HasSuffix(link.Target, ".md") { // a link to a folder leads to the pages in it
				for other := range all {
					if strings.HasPrefix(other, link.Target+"/") {
						next = append(next, other)
					}
				}
			}
		}
	}
	for path := range all {
		if strings.HasPrefix(path, "docs/") && !seen[path] {
			t.Errorf("%s cannot be reached from README.md or docs/README.md", path)
		}
	}
}

func TestReadmeIsAPage(t *testing.T) {
	_, all := pages(t)
	if lines := len(all["README.md"].Lines) - 1; lines > maxReadme {
		t.Errorf("README.md has %d lines, want at most %d", lines, maxReadme)
	}
}

// shown are the languages of blocks that are looked at, not run.
var shown = []string{"text", "json", "yaml", "http"}

// indented are the pages with code that is written by indentation, each for the reason given.
var indented = map[string]string{
	"docs/reference/cli.md":               "written by the program; TestExamplesAreUnderstood holds its examples",
	"docs/performance/peers.md":           "written by scripts/bench-peers.sh: what it started",
	"docs/performance/all-peers/peers.md": "written by scripts/bench-peers.sh: what it started",
}

// command is a line that stands for a command; what the program prints has dots or indentation where it names one.
var command = regexp.MustCompile(`(?m)^(\$ |\./|(sudo |time )?(sessnode|curl|go|git|docker|openssl|export) )[^·\n]*$`)

// TestNoCommandHidesFromBeingRun keeps code out of the forms that are not run.
func TestNoCommandHidesFromBeingRun(t *testing.T) {
	_, all := pages(t)
	blocks := 0
	for _, page := range all {
		if !docs.Followed(page.Path) {
			continue
		}
		for _, b := range page.Blocks {
			blocks++
			switch {
			case slices.Contains([]string{"sh", "console", "go", "python"}, b.Lang):
			case !slices.Contains(shown, b.Lang):
				t.Errorf("%s: a block in %q: write sh, console, go, python, %s", b.At(), b.Lang, strings.Join(shown, ", "))
			case command.MatchString(b.Text) && b.Marker.Verb == "":
				t.Errorf("%s: %q hides in a block that is not run", b.At(), command.FindString(b.Text))
			}
		}
		for _, number := range page.Indented() {
			if indented[page.Path] != "" {
				break
			}
			t.Errorf("%s:%d: indented code: use a fence with a language", page.Path, number)
		}
	}
	if blocks < 5 {
		t.Errorf("found %d blocks only: the search itself is broken", blocks)
	}
}
