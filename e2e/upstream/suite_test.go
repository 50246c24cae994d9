//go:build e2e

package upstream

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// suiteFile describes a suite. What else lies in its folder is the hook, and is copied into the unpacked source at the same place.
const suiteFile = "suite.json"

// suite is what a suite.json says. It names a Python sdist or a Go module; README.md has the fields with examples.
type suite struct {
	Title  string `json:"title"`
	Sdist  string `json:"sdist"`  // Python: name==version
	SHA256 string `json:"sha256"` // of the sdist
	Module string `json:"module"` // Go: path@version
	Sum    string `json:"sum"`    // of the module, as in go.sum

	As string `json:"as"` // Go: another path for the copy, where the adapter needs the module itself

	Requires []string          `json:"requires"` // Python: what the tests need besides, pinned
	Env      map[string]string `json:"env"`
	Command  []string          `json:"command"`  // Python, in the unpacked source: {python} is the interpreter, --junitxml is added
	Packages []string          `json:"packages"` // Go: folders of the module, "." for its root
	Run      string            `json:"run"`      // Go: which tests, as `go test -run`; empty = all

	Stubs         map[string]string `json:"stubs"`    // Go: module path -> folder of the hook that stands in for it
	Replaces      map[string]string `json:"replaces"` // file of the source that the hook replaces -> why; never a test
	Vendored      *vendored         `json:"vendored"`
	NotApplicable map[string]string `json:"not_applicable"` // test -> reason

	name, dir string
}

// vendored are test files that the published source lacks, kept in the suite's folder as their project wrote them.
type vendored struct {
	Source  string            `json:"source"` // where from, with version or commit
	Licence string            `json:"licence"`
	Files   map[string]string `json:"files"` // path -> SHA-256
}

// path is that of the module's copy.
func (s suite) path() string {
	path, _, _ := strings.Cut(s.Module, "@")
	return cmp.Or(s.As, path)
}

// upstream is what the suite was made from, for people.
func (s suite) upstream() string {
	if s.Module != "" {
		return strings.Replace(s.Module, "@", " ", 1)
	}
	return strings.Replace(s.Sdist, "==", " ", 1)
}

// installed is what pip installs for a Python suite. Requires may name the sdist's own distribution in another version, for tests that
// later sdists no longer carry: that version is the one under test.
func (s suite) installed() []string {
	name, _, _ := strings.Cut(s.Sdist, "==")
	for _, r := range s.Requires {
		if other, _, _ := strings.Cut(r, "=="); other == name {
			return s.Requires
		}
	}
	return append([]string{s.Sdist}, s.Requires...)
}

// suites reads every suite.json below this folder, in order of name.
func suites(t *testing.T) []suite {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("*", suiteFile))
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d suites, %v", len(files), err)
	}
	var all []suite
	for _, file := range files {
		s, err := readSuite(file)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, s)
	}
	return all
}

func readSuite(file string) (suite, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return suite{}, err
	}
	dec := json.NewDecoder(strings.NewReader(string(content)))
	dec.DisallowUnknownFields()
	var s suite
	if err := dec.Decode(&s); err != nil {
		return suite{}, err
	}
	s.name = filepath.Base(filepath.Dir(file))
	if s.dir, err = filepath.Abs(filepath.Dir(file)); err != nil {
		return suite{}, err
	}
	return s, s.validate()
}

// validate reports what a suite leaves open: nothing is fetched that is not pinned, nothing left out without a reason.
func (s suite) validate() error {
	python := s.Sdist != "" && s.SHA256 != "" && len(s.Command) > 0
	goModule := s.Module != "" && s.Sum != "" && len(s.Packages) > 0
	if s.Title == "" || python == goModule {
		return fmt.Errorf("needs a title, and either sdist, sha256 and command or module, sum and packages")
	}
	if python && !strings.Contains(s.Sdist, "==") || goModule && !strings.Contains(s.Module, "@") {
		return fmt.Errorf("%s%s has no version", s.Sdist, s.Module)
	}
	for _, r := range s.Requires {
		if !strings.Contains(r, "==") {
			return fmt.Errorf("requires %q without a version", r)
		}
	}
	for _, reasons := range []map[string]string{s.NotApplicable, s.Replaces} {
		for what, why := range reasons {
			if strings.TrimSpace(why) == "" {
				return fmt.Errorf("%s has no reason", what)
			}
		}
	}
	for file := range s.Replaces {
		if isTest(file) {
			return fmt.Errorf("%s is a test: the hook may not replace it", file)
		}
	}
	return s.checkVendored()
}

// checkVendored makes sure that vendored tests are what their project wrote.
func (s suite) checkVendored() error {
	if s.Vendored == nil {
		return nil
	}
	if s.Vendored.Source == "" || s.Vendored.Licence == "" || len(s.Vendored.Files) == 0 {
		return fmt.Errorf("vendored needs source, licence and files")
	}
	for file, want := range s.Vendored.Files {
		content, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(file)))
		if err != nil {
			return err
		}
		if got := digest(content); got != want {
			return fmt.Errorf("vendored file %s has SHA-256 %s, want %s", file, got, want)
		}
	}
	return nil
}

// isTest reports whether a file holds tests, by its name.
func isTest(file string) bool {
	base := filepath.Base(file)
	return strings.HasSuffix(base, "_test.go") || strings.HasPrefix(base, "test_") && strings.HasSuffix(base, ".py") ||
		strings.HasSuffix(base, "_test.py") || base == "tests.py"
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
