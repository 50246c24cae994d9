package handbook_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode/internal/handbook"
)

var update = flag.Bool("update", false, "write the pages")

const root = "../.."

// written says which page is written by what, and from which file.
var written = []struct {
	page, source string
	write        func([]byte) (string, error)
}{
	{"api.md", "httpapi/openapi.yaml", handbook.API},
	{"api-bodies.md", "httpapi/openapi.yaml", handbook.Bodies},
	{"errors.md", "errors.go", handbook.Errors},
}

func TestPagesSayWhatTheSourceSays(t *testing.T) {
	for _, w := range written {
		source, err := os.ReadFile(filepath.Join(root, w.source))
		if err != nil {
			t.Fatal(err)
		}
		want, err := w.write(source)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(root, "docs", "reference", w.page)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is old: run go test ./internal/handbook -update (-want +got)\n%s", path, diff)
		}
	}
}

func TestAHoleInTheSourceIsAnError(t *testing.T) {
	openapi, err := os.ReadFile(filepath.Join(root, "httpapi/openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(root, "errors.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, hole := range []struct {
		write    func([]byte) (string, error)
		text     []byte
		old, new string
	}{
		{handbook.API, openapi, "x-role: app", "x-role: nobody"},
		{handbook.API, openapi, "#/components/responses/Session\"", "#/components/responses/Sesion\""},
		{handbook.API, openapi, "#/components/parameters/Token\"", "#/components/parameters/Tokn\""},
		{handbook.Bodies, openapi, "#/components/schemas/Device\"", "#/components/schemas/Devic\""},
		{handbook.Bodies, openapi, "components:", "- components:"},
		{handbook.Errors, source, "// ErrGone means", "// ErrGone is"},
		{handbook.Errors, source, "errors.New(\"session not found\")", "errors.New(\"no such session\")"},
		{handbook.Errors, source, "// limit: ", "// limit "},
	} {
		broken := strings.ReplaceAll(string(hole.text), hole.old, hole.new)
		if broken == string(hole.text) {
			t.Errorf("%q is not in the source any more", hole.old)
		}
		if _, err := hole.write([]byte(broken)); err == nil {
			t.Errorf("%q instead of %q passes", hole.new, hole.old)
		}
	}
}
