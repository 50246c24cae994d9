package handbook

import (
	"go/ast"
	"iter"
	"strconv"
	"strings"
)

// commentsOf maps the names of constants and variables to their comments, each on one line.
func commentsOf(file *ast.File) map[string]string {
	comments := map[string]string{}
	each(file, func(v *ast.ValueSpec) {
		text := v.Doc.Text()
		if text == "" {
			text = v.Comment.Text()
		}
		comments[v.Names[0].Name] = strings.Join(strings.Fields(text), " ")
	})
	return comments
}

// constants yields the names that begin with a prefix, in their order, with the text that each is made of: its value, or the
// argument of the call that makes it.
func constants(file *ast.File, prefix string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		going := true
		each(file, func(v *ast.ValueSpec) {
			if !going || len(v.Values) != 1 || !strings.HasPrefix(v.Names[0].Name, prefix) {
				return
			}
			e := v.Values[0]
			if call, ok := e.(*ast.CallExpr); ok && len(call.Args) == 1 {
				e = call.Args[0]
			}
			if lit, ok := e.(*ast.BasicLit); ok {
				if text, err := strconv.Unquote(lit.Value); err == nil {
					going = yield(v.Names[0].Name, text)
				}
			}
		})
	}
}

// each visits the constants and variables of a file's top level.
func each(file *ast.File, visit func(*ast.ValueSpec)) {
	for _, d := range file.Decls {
		if gen, ok := d.(*ast.GenDecl); ok {
			for _, s := range gen.Specs {
				if v, ok := s.(*ast.ValueSpec); ok {
					visit(v)
				}
			}
		}
	}
}
