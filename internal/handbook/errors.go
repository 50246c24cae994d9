package handbook

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"

	"github.com/sessnode/sessnode"
)

// Errors writes docs/reference/errors.md: what each error means on every surface, from the table sessnode.Codes and the
// comments in the text of the root package's errors.go. It returns an error where a comment is missing.
func Errors(source []byte) (string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", source, parser.ParseComments)
	if err != nil {
		return "", err
	}
	comments := commentsOf(file)
	p := &page{}
	p.linef("# Errors\n")
	p.linef("<!-- Written from errors.go by `go test ./internal/handbook -update`; a test compares. -->\n")
	p.linef("One error has one name on every surface. In HTTP it is `code` in a body of `application/problem+json`, in Go a sentinel for\n" +
		"`errors.Is`, in Python a class of `sessnode.errors`, on the command line an exit code ([all exit codes](cli.md#exit-codes)).\n")
	p.linef("Two of them never mean that somebody is signed out: `unavailable` and `unknown`.\n")
	p.linef("| code | HTTP | exit | Go | Python |\n| --- | ---: | ---: | --- | --- |")
	for _, row := range sessnode.Codes[1:] {
		name, _, err := sentinel(file, comments, row)
		if err != nil {
			return "", err
		}
		p.linef("| [`%s`](#%s) | %d | %d | `sessnode.%s` | `%s` |", row.Name, row.Name, row.Status, row.Exit, name, row.Python)
	}
	p.linef("\n## What each lets you conclude\n")
	for _, row := range sessnode.Codes[1:] {
		_, text, err := sentinel(file, comments, row)
		if err != nil {
			return "", err
		}
		p.linef("### %s\n\n%s\n", row.Name, text)
	}
	p.reasons(file, comments)
	return p.text()
}

// reasons writes the table of what refines a code.
func (p *page) reasons(file *ast.File, comments map[string]string) {
	p.linef("## Reasons\n")
	p.linef("`reason` refines a code. One that a client does not know is to be treated like none.\n")
	p.linef("| reason | with | meaning |\n| --- | --- | --- |")
	for name, value := range constants(file, "Reason") {
		codes, meaning, found := strings.Cut(comments[name], ":")
		if !found {
			p.fail(fmt.Errorf("the comment of %s is not CODES: MEANING", name))
		}
		p.linef("| `%s` | %s | %s |", value, strings.TrimSpace(codes), strings.TrimSpace(meaning))
	}
}

// sentinel finds the Go name of a code's error, and what its comment says after "Name means".
func sentinel(file *ast.File, comments map[string]string, row sessnode.CodeInfo) (name, text string, err error) {
	for name, value := range constants(file, "Err") {
		if value != row.Err.Error() {
			continue
		}
		text, ok := strings.CutPrefix(comments[name], name+" means ")
		if !ok {
			return name, "", fmt.Errorf("the comment of %s does not begin with %q", name, name+" means")
		}
		return name, strings.ToUpper(text[:1]) + text[1:], nil
	}
	return "", "", fmt.Errorf("no sentinel says %q", row.Err)
}
