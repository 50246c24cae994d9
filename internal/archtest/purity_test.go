package archtest

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// clocks are the functions of package time that ask or wait for the machine's clock.
var clocks = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Sleep"}

// TestStateMachineReadsNoClock holds what the imports cannot: fsm may use time.Duration, but never the machine's time.
// Cluster time comes with the log.
func TestStateMachineReadsNoClock(t *testing.T) {
	folders, set := source(t)
	if len(folders["fsm"]) == 0 {
		t.Fatal("found no file of fsm: the search itself is broken")
	}
	for _, f := range append(slices.Clone(folders["fsm"]), folders["."]...) {
		for pos, what := range impurities(f.ast) {
			t.Errorf("%s: %s: replicas would differ", set.Position(pos), what)
		}
	}
}

// impurities finds clocks and goroutines.
func impurities(f *ast.File) map[token.Pos]string {
	found := map[token.Pos]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found[n.Pos()] = "a goroutine"
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clocks, n.Sel.Name) {
				found[n.Pos()] = "time." + n.Sel.Name
			}
		}
		return true
	})
	return found
}

// mayReveal are the folders in which a token becomes text: where it is hashed, sent in its header or handed to the caller
// (cmd/sessnode: what session create and rotate print).
var mayReveal = []string{".", "httpapi", "client", "client/sessionhttp", "client/gorillastore", "cmd/sessnode", "internal/bench", "internal/bench/wire",
	"internal/drill/load", "internal/drill/leak"}

// TestTokensAreRevealedAtTheEdgesOnly keeps tokens out of logs and errors: a Token prints as a placeholder, and Reveal, the
// only way to its text, is not called where there is nothing to send. The search of whole runs for tokens is in e2e.
func TestTokensAreRevealedAtTheEdgesOnly(t *testing.T) {
	folders, set := source(t)
	for dir, list := range folders {
		if testSupport(dir) {
			continue // plays the client, and writes request bodies
		}
		for _, f := range list {
			for pos, what := range revelations(f.ast, slices.Contains(mayReveal, path.Clean(dir))) {
				t.Errorf("%s: %s", set.Position(pos), what)
			}
		}
	}
}

// testSupport reports whether a folder is never part of the binary (TestBinaryCarriesNoTestLibraries).
func testSupport(dir string) bool {
	return dir == "e2e" || strings.HasPrefix(dir, "e2e/") || slices.Contains([]string{"cluster/clustertest", "internal/conformance", "sessnodetest", "httpapi/apitest"}, dir)
}

// revelations finds tokens that become text: anywhere, unless allowed, and in messages always.
func revelations(f *ast.File, allowed bool) map[token.Pos]string {
	found := map[token.Pos]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if ok && isReveal(call) && !allowed {
			found[n.Pos()] = "this package has no business with a token's text"
		}
		if ok && narrates(call) && slices.ContainsFunc(call.Args, holdsReveal) {
			found[n.Pos()] = "a token's text in a message"
		}
		return true
	})
	return found
}

func isReveal(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Reveal" && len(call.Args) == 0
}

func holdsReveal(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && isReveal(call) {
			found = true
		}
		return !found
	})
	return found
}

// narrates reports whether a call writes for people: a log line, an error, a formatted text.
func narrates(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && slices.Contains([]string{"Errorf", "Sprintf", "Printf", "Fprintf", "Print", "Println", "Fprintln", "Debug", "Info", "Warn", "Error",
		"DebugContext", "InfoContext", "WarnContext", "ErrorContext", "Log", "LogAttrs", "With", "String"}, sel.Sel.Name)
}
