package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

func parse(t *testing.T, code string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "bad.go", "package bad\n"+code, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestTheRulesCatchWhatTheyForbid tests the tests: a rule that finds nothing in bad code holds nothing.
func TestTheRulesCatchWhatTheyForbid(t *testing.T) {
	for _, code := range []string{"var x = time.Now()", "func f() { go f() }", "func f() { <-time.After(1) }"} {
		if len(impurities(parse(t, code))) != 1 {
			t.Errorf("%q passes as pure", code)
		}
	}
	if got := impurities(parse(t, "var d = time.Second\nvar t time.Time")); len(got) != 0 {
		t.Errorf("durations are no clock, found %v", got)
	}

	if len(revelations(parse(t, "var x = token.Reveal()"), false)) != 1 {
		t.Error("a package without business with tokens may reveal one")
	}
	if len(revelations(parse(t, `func f() { log.Info("x", "y", "Bearer "+token.Reveal()) }`), true)) != 1 {
		t.Error("a revealed token may be logged")
	}
	if got := revelations(parse(t, `func f() { header.Set("Session-Token", token.Reveal()) }`), true); len(got) != 0 {
		t.Errorf("an edge may send a token, found %v", got)
	}

	bare, seen := 0, 0
	for _, d := range parse(t, "func A() {}\ntype B int\nfunc (b *B) C() {}\nconst D = 1\nfunc (h hidden) E() {}\n// F is.\nfunc F() {}").Decls {
		bare += len(undocumented(d, &seen))
	}
	if bare != 4 || seen != 5 {
		t.Errorf("found %d of %d exported names without comment, want 4 of 5", bare, seen)
	}

	state := 0
	for _, d := range parse(t, "var a int\nvar b = make(map[string]int)\nvar c = new(int)\nvar _ I = T{}\nvar d = []string{}\n//go:embed x\nvar e string").Decls {
		state += len(mutable(d.(*ast.GenDecl)))
	}
	if state != 3 {
		t.Errorf("found %d package variables that can change, want 3", state)
	}
}

func TestTheLayersCoverWhatTheyName(t *testing.T) {
	for _, test := range []struct {
		folder, path string
		want         bool
	}{
		{"cluster", "cluster", true}, {"cluster", "cluster/clock", false}, {"cluster/", "cluster/clock", true},
		{"cluster/", "cluster", false}, {"cluster/", "clusterx/y", false}, {"", "", true}, {"", "fsm", false},
	} {
		if got := covers(test.folder, test.path); got != test.want {
			t.Errorf("covers(%q, %q) = %v, want %v", test.folder, test.path, got, test.want)
		}
	}
}

func TestTheWordListsCatchWhatTheyForbid(t *testing.T) {
	for _, line := range []string{"see /wo" + "rk/x", "from pypi." + "org"} {
		if !foreign.MatchString(line) {
			t.Errorf("%q passes", line)
		}
	}
	if !rejected.MatchString("the mas" + "ter node") {
		t.Error("a rejected word passes")
	}
}
