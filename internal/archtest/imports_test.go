package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pkg is what the tests need of `go list -json`.
type pkg struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

// list asks go for packages and, with -deps, for all that they drag in. A package that is missing fails the test.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Standard"}, args...)...)
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatalf("go list %v found no package", args)
	}
	return all
}

// layer says what the packages of one folder may import of this module. A trailing slash means all below.
type layer struct {
	folder string
	may    []string
}

// layers is design section 3, "Imports point down only". The first row that covers a package counts.
var layers = []layer{
	{"internal/sabotage", nil},
	{"internal/frames", nil},
	{"internal/slab", nil},
	{"internal/nearest", nil},
	{"internal/keyring", []string{""}},
	{"internal/doctor", []string{"", "client", "internal/", "cluster/nodeport", "cluster/raftlog"}},
	{"internal/config", []string{"", "internal/keyring", "internal/nearest"}},
	{"internal/conformance", []string{"", "client", "internal/"}},
	{"internal/term", nil},
	{"internal/tlsfiles", nil},
	{"internal/drill/puppet", []string{"cluster", "cluster/", "internal/drill/faultnet"}},
	{"internal/drill", []string{"", "client", "client/", "internal/", "examples/"}},
	{"internal/local", []string{"", "client"}},
	{"internal/people", []string{"", "client", "examples/", "internal/local"}},
	{"internal/demo", []string{"", "client", "client/", "internal/", "examples/"}},
	{"internal/", []string{"", "client", "internal/"}},
	{"fsm", []string{"", "internal/sabotage", "internal/slab"}},
	{"cluster/clustertest", []string{"", "fsm", "cluster", "cluster/", "internal/"}},
	{"cluster/", []string{"", "fsm", "cluster/", "internal/"}},
	{"cluster", []string{"", "fsm", "cluster/", "internal/"}},
	{"httpapi/", []string{"", "httpapi", "httpapi/", "internal/"}},
	{"httpapi", []string{"", "httpapi/", "internal/"}},
	{"client/", []string{"", "client", "client/"}},
	{"client", []string{"", "internal/frames"}},
	{"examples/", []string{"", "client", "client/", "examples/"}},
	{"sessnodetest", []string{"", "fsm", "httpapi", "client", "internal/"}},
	{"cmd/", []string{"", "httpapi", "fsm", "cluster", "cluster/raftlog", "cluster/backup", "cluster/offline", "client", "internal/"}},
	{"e2e/faults", []string{"", "client", "cluster/raftlog", "e2e/", "internal/"}},
	{"e2e/bench/loop", []string{"httpapi/http1"}},
	{"e2e/bench/noop", []string{"", "httpapi", "httpapi/http1", "e2e/bench/loop"}},
	{"e2e/bench/spike", []string{"", "httpapi", "httpapi/http1", "e2e/bench/loop"}},
	{"e2e/", []string{"", "client", "client/", "e2e/", "examples/", "internal/"}},
	{"e2e", []string{"", "client", "e2e/", "internal/"}},
}

func covers(folder, path string) bool {
	if below, ok := strings.CutSuffix(folder, "/"); ok {
		return strings.HasPrefix(path, below+"/")
	}
	return path == folder
}

// inModule returns a package's folder in this module.
func inModule(p pkg) string { return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/") }

func TestImportsPointDown(t *testing.T) {
	for _, p := range list(t, "-tags=e2e", "./...") {
		from := inModule(p)
		row := slices.IndexFunc(layers, func(l layer) bool { return covers(l.folder, from) })
		if row < 0 && from != "" {
			t.Errorf("%s has no place in the house: give it a row in layers, and a sentence in docs/explanation/architecture.md", from)
			continue
		}
		for _, imported := range p.Imports {
			if imported != module && !strings.HasPrefix(imported, module+"/") {
				continue
			}
			to := strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
			if from == "" || !slices.ContainsFunc(layers[row].may, func(f string) bool { return covers(f, to) }) {
				t.Errorf("%q imports %q: imports point down only", from, to)
			}
		}
	}
}

// gorilla is what client/gorillastore may drag in besides: its methods return gorilla's own type.
var gorilla = []string{"github.com/gorilla/sessions", "github.com/gorilla/securecookie"}

func TestRootAndClientImportTheStandardLibraryOnly(t *testing.T) {
	for _, top := range append(list(t, "./client/..."), list(t, ".")...) {
		for _, p := range list(t, "-deps", top.ImportPath) {
			ours := p.ImportPath == module || slices.ContainsFunc([]string{"client", "client/", "internal/frames"}, func(f string) bool { return covers(f, inModule(p)) })
			allowed := inModule(top) == "client/gorillastore" && slices.Contains(gorilla, p.ImportPath)
			if !p.Standard && !ours && !allowed {
				t.Errorf("%s drags in %s", top.ImportPath, p.ImportPath)
			}
		}
	}
}

// impure is what would let two replicas differ: a clock is missing here because time.Duration is a unit, not a clock; the
// use of time.Now is caught by TestStateMachineReadsNoClock.
var impure = []string{"net", "os", "io/fs", "log", "math/rand", "crypto/rand", "hash/maphash", "runtime", "syscall", "unsafe", "github.com/hashicorp"}

func TestStateMachineIsPure(t *testing.T) {
	direct := list(t, "./fsm")[0]
	for _, imported := range direct.Imports {
		for _, bad := range impure {
			if imported == bad || strings.HasPrefix(imported, bad+"/") {
				t.Errorf("fsm imports %s: it must be a function of the log alone", imported)
			}
		}
	}
	for _, p := range list(t, "-deps", "./fsm") {
		if strings.HasPrefix(p.ImportPath, "github.com/hashicorp") || strings.HasPrefix(p.ImportPath, "net/") || p.ImportPath == "net" {
			t.Errorf("fsm drags in %s", p.ImportPath)
		}
	}
}

func TestHTTPAPIKnowsNoCluster(t *testing.T) {
	for _, p := range list(t, "-deps", "./httpapi") {
		for _, bad := range []string{module + "/cluster", module + "/fsm", "github.com/hashicorp", "github.com/getkin"} {
			if strings.HasPrefix(p.ImportPath, bad) {
				t.Errorf("httpapi drags in %s", p.ImportPath)
			}
		}
	}
}

// TestBinaryCarriesNoTestLibraries keeps what only tests need out of what operators run.
func TestBinaryCarriesNoTestLibraries(t *testing.T) {
	for _, p := range list(t, "-deps", "./cmd/sessnode") {
		if strings.HasPrefix(p.ImportPath, module) && slices.Contains(p.Imports, "testing") { // hashicorp/raft imports it too
			t.Errorf("%s is in the binary and imports testing", p.ImportPath)
		}
		for _, bad := range []string{"github.com/getkin", "pgregory.net/rapid", "go.uber.org/goleak", "github.com/chromedp", "github.com/santhosh-tekuri",
			"github.com/cockroachdb/datadriven", "github.com/rogpeppe/go-internal", "github.com/google/go-cmp", "github.com/gorilla/sessions", "github.com/alexedwards", module + "/internal/conformance", module + "/cluster/clustertest", module + "/sessnodetest", module + "/httpapi/apitest", module + "/e2e"} {
			if p.ImportPath == bad || strings.HasPrefix(p.ImportPath, bad+"/") {
				t.Errorf("sessnode drags in %s", p.ImportPath)
			}
		}
	}
}
