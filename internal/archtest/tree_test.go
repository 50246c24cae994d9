package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/sessnode/sessnode"

// root returns the module's folder.
func root(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("go env GOMOD: %v", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out)))
}

// files calls each with the slash path and the content of every file of the tree that git would know: what .gitignore
// leaves out is no part of the house, nor is a file that another process removes while we read.
func files(t *testing.T, each func(path string, content []byte)) {
	t.Helper()
	top := root(t)
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = top
	out, err := cmd.Output()
	if err != nil { // a release archive has no .git: take the whole tree
		out = walk(t, top)
	}
	seen := 0
	for path := range strings.SplitSeq(string(out), "\x00") {
		content, err := os.ReadFile(filepath.Join(top, filepath.FromSlash(path)))
		if err != nil {
			continue
		}
		seen++
		each(path, content)
	}
	if seen < 10 {
		t.Fatalf("looked at %d files only: the search itself is broken", seen)
	}
}

func walk(t *testing.T, top string) []byte {
	t.Helper()
	var out []byte
	err := fs.WalkDir(os.DirFS(top), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			out = append(append(out, path...), 0)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// goFile is one parsed file.
type goFile struct {
	path string
	ast  *ast.File
}

// source parses every Go file by folder; tests are left out. A file that does not parse fails the test.
func source(t *testing.T) (map[string][]goFile, *token.FileSet) {
	t.Helper()
	set := token.NewFileSet()
	folders := map[string][]goFile{}
	files(t, func(path string, content []byte) {
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata/") {
			return
		}
		f, err := parser.ParseFile(set, path, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("%v", err)
			return
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		folders[dir] = append(folders[dir], goFile{path, f})
	})
	return folders, set
}
