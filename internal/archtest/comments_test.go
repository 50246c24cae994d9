package archtest

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

func TestEveryPackageHasAComment(t *testing.T) {
	folders, _ := source(t)
	for dir, list := range folders {
		commented := 0
		for _, f := range list {
			if f.ast.Doc != nil && f.ast.Name.Name != "main" && !strings.HasPrefix(f.ast.Doc.Text(), "Package "+f.ast.Name.Name+" ") {
				t.Errorf("%s: the package comment does not begin with %q", f.path, "Package "+f.ast.Name.Name)
			}
			if f.ast.Doc != nil {
				commented++
			}
		}
		if commented == 0 {
			t.Errorf("%s: no file says what the package is", dir)
		}
	}
}

func TestEveryExportedNameHasAComment(t *testing.T) {
	folders, set := source(t)
	names := 0
	for _, list := range folders {
		for _, f := range list {
			if f.ast.Name.Name == "main" {
				continue
			}
			for _, d := range f.ast.Decls {
				for _, name := range undocumented(d, &names) {
					t.Errorf("%s: %s is exported and has no comment", set.Position(name.Pos()), name.Name)
				}
			}
		}
	}
	if names < 50 {
		t.Errorf("looked at %d exported names only: the search itself is broken", names)
	}
}

// undocumented lists the exported names of a declaration that say nothing. A comment on a group of constants or variables
// speaks for its members, as does one behind the name on the same line.
func undocumented(d ast.Decl, seen *int) []*ast.Ident {
	var bare []*ast.Ident
	check := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		if !name.IsExported() {
			return
		}
		*seen++
		for _, c := range comments {
			if c.Text() != "" {
				return
			}
		}
		bare = append(bare, name)
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if receiver(d) == "" || ast.IsExported(receiver(d)) {
			check(d.Name, d.Doc)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				check(s.Name, d.Doc, s.Doc)
			case *ast.ValueSpec:
				for _, name := range s.Names {
					check(name, d.Doc, s.Doc, s.Comment)
				}
			}
		}
	}
	return bare
}

// receiver names the type of a method without its star and type parameters; "" for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return "?"
		}
	}
}

func TestNoInitAndNoMutablePackageState(t *testing.T) {
	folders, set := source(t)
	for dir, list := range folders {
		for _, f := range list {
			for _, d := range f.ast.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s: no init(): wiring belongs in cmd", set.Position(fn.Pos()))
				}
				if gen, ok := d.(*ast.GenDecl); ok && gen.Tok == token.VAR {
					for _, name := range mutable(gen) {
						t.Errorf("%s: %s in %s is a package variable that can change", set.Position(name.Pos()), name.Name, dir)
					}
				}
			}
		}
	}
}

// mutable lists variables that look like state: those without a value, and those made to be filled or counted up. Tables,
// sentinels, compiled patterns and interface assertions are values that nobody writes to.
func mutable(gen *ast.GenDecl) []*ast.Ident {
	var bad []*ast.Ident
	for _, s := range gen.Specs {
		v := s.(*ast.ValueSpec)
		for i, name := range v.Names {
			switch {
			case name.Name == "_":
			case len(v.Values) == 0 && !embedded(gen):
				bad = append(bad, name)
			case i < len(v.Values) && isMake(v.Values[i]):
				bad = append(bad, name)
			}
		}
	}
	return bad
}

// embedded reports whether the variable is filled by the compiler.
func embedded(gen *ast.GenDecl) bool {
	if gen.Doc == nil {
		return false
	}
	for _, c := range gen.Doc.List {
		if strings.HasPrefix(c.Text, "//go:embed ") {
			return true
		}
	}
	return false
}

func isMake(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	id, ok := call.Fun.(*ast.Ident)
	return ok && (id.Name == "make" || id.Name == "new")
}
