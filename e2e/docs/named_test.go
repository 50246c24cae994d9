package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/e2e/docs"
	"github.com/sessnode/sessnode/internal/sabotage"
)

var (
	testName   = regexp.MustCompile(`\bTest[A-Z]\w+`)
	testFunc   = regexp.MustCompile(`(?m)^func (Test[A-Z]\w+)\(`)
	brokenName = regexp.MustCompile("broken builds? ((?:`[a-z-]+`(?:, | and )?)+)")
)

// TestEveryTestThatIsNamedExists keeps the proofs that pages point at from getting lost.
func TestEveryTestThatIsNamedExists(t *testing.T) {
	root, all := pages(t)
	files, err := docs.Files(root)
	if err != nil {
		t.Fatal(err)
	}
	exists := map[string]bool{}
	for _, path := range files {
		if !strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			continue // another program removed it meanwhile
		}
		for _, m := range testFunc.FindAllStringSubmatch(string(text), -1) {
			exists[m[1]] = true
		}
	}
	named := 0
	for _, page := range all {
		if !docs.Followed(page.Path) || page.Path == "docs/reference/upstream-suites.md" { // which names the tests of others
			continue
		}
		page.Prose(func(number int, line string) {
			for _, name := range testName.FindAllString(line, -1) {
				named++
				if !exists[name] {
					t.Errorf("%s:%d: there is no %s", page.Path, number, name)
				}
			}
		})
	}
	if named < 10 || len(exists) < 100 {
		t.Errorf("found %d names and %d tests only: the search itself is broken", named, len(exists))
	}
}

// TestEveryBrokenBuildIsNamed: the page of the promises says for each build that is broken on purpose which promise it breaks.
func TestEveryBrokenBuildIsNamed(t *testing.T) {
	_, all := pages(t)
	text := strings.Join(strings.Fields(strings.Join(all["docs/explanation/promises.md"].Lines, " ")), " ")
	found := strings.Join(brokenName.FindAllString(text, -1), " ")
	for _, fault := range sabotage.Faults() {
		if !strings.Contains(found, "`"+string(fault)+"`") {
			t.Errorf("promises.md names no promise that %s breaks", fault)
		}
	}
}
