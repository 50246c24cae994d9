package archtest

import (
	"bytes"
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

// Limits of style.md: past them there is a second idea inside.
const (
	maxFileLines     = 400
	maxFunctionLines = 60
)

// longFiles may be longer, each for the reason given.
var longFiles = map[string]string{
	"go.sum":               "written by go",
	"LICENSE":              "the licence's own text",
	"httpapi/openapi.yaml": "one contract in one file, as its readers' tools expect",

	"docs/reference/cli.md":                 "written by sessnode reference",
	"docs/performance/all-peers/peers.json": "written by scripts/bench-peers.sh",
	"docs/performance/all-peers/peers.md":   "written by scripts/bench-peers.sh",
}

// longFunctions may be longer, each for the reason given. The name is FILE:FUNCTION.
var longFunctions = map[string]string{}

func TestFilesHaveOneIdea(t *testing.T) {
	files(t, func(path string, content []byte) {
		lines := bytes.Count(content, []byte("\n"))
		if lines > maxFileLines && longFiles[path] == "" && !strings.Contains(path, "testdata/") {
			t.Errorf("%s has %d lines, more than %d: look for the second idea inside it", path, lines, maxFileLines)
		}
	})
}

func TestFunctionsAreShort(t *testing.T) {
	folders, set := source(t)
	for _, list := range folders {
		for _, f := range list {
			for _, d := range f.ast.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				lines := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1
				if lines > maxFunctionLines && longFunctions[f.path+":"+fn.Name.Name] == "" {
					t.Errorf("%s: %s has %d lines, more than %d", set.Position(fn.Pos()), fn.Name.Name, lines, maxFunctionLines)
				}
			}
		}
	}
}

func TestNoFolderWithoutAnIdea(t *testing.T) {
	folders, _ := source(t)
	for dir, list := range folders {
		switch name := list[0].ast.Name.Name; name {
		case "util", "utils", "common", "helpers", "helper", "types", "models", "misc":
			t.Errorf("%s: package %s says nothing about what lives there", dir, name)
		}
	}
}

// foreign is what only one machine knows, or what must not be named. The parts are joined here so that this file does not
// find itself.
var foreign = regexp.MustCompile(strings.Join([]string{
	"/wo" + `rk/`, "/ro" + `ot/`, "/ho" + `me/[a-z]`, "proxy\\.go" + `lang\.org`, "sum\\.go" + `lang\.org`, "registry\\.np" + `mjs`, "pypi\\." + `org`,
	"deb\\.deb" + `ian\.org`, `BEGIN [A-Z ]*PRIV` + `ATE KEY`,
}, "|"))

func TestNothingOfOneMachine(t *testing.T) {
	files(t, func(path string, content []byte) {
		if bytes.IndexByte(content[:min(len(content), 8000)], 0) >= 0 {
			return // binary
		}
		for i, line := range bytes.Split(content, []byte("\n")) {
			if m := foreign.Find(line); m != nil {
				t.Errorf("%s:%d: %q belongs to one machine", path, i+1, m)
			}
		}
	})
}

// rejected are the words that the glossary replaced, where they would name a thing of the product in a route, key or flag.
var rejected = regexp.MustCompile(`(?i)\b(master|slave|tenant)\b`)

func TestGlossaryIsLaw(t *testing.T) {
	files(t, func(path string, content []byte) {
		if path == "internal/archtest/files_test.go" || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".md") && !strings.HasSuffix(path, ".yaml") {
			return
		}
		for i, line := range bytes.Split(content, []byte("\n")) {
			if m := rejected.Find(line); m != nil {
				t.Errorf("%s:%d: %q is not in the glossary", path, i+1, m)
			}
		}
	})
}
