//go:build e2e

package docs_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sessnode/sessnode/e2e/docs"
	"github.com/sessnode/sessnode/e2e/harness"
)

var rewrite = flag.Bool("rewrite", false, "write what the commands of the pages print into the pages")

// skipped counts the blocks that a marker leaves out, by page, so that none is added by the way.
var skipped = map[string]int{
	"README.md":                            1,
	"docs/performance/flat.md":             1,
	"docs/performance/memory.md":           1,
	"docs/how-to/disk-full.md":             1,
	"docs/how-to/drill-a-live-cluster.md":  1,
	"docs/how-to/pyramid.md":               1,
	"docs/how-to/flask.md":                 1,
	"docs/how-to/rehearse-a-failover.md":   5,
	"docs/how-to/replace-a-node.md":        3,
	"docs/how-to/run-with-compose.md":      6,
	"CONTRIBUTING.md":                      3,
	"docs/comparison.md":                   1,
	"docs/explanation/beyond-one-group.md": 1,
	"docs/drills/README.md":                1,
	"docs/reference/upstream-suites.md":    1,
	"docs/performance/adapters.md":         1,
	"docs/performance/failover.md":         1,
	"docs/performance/peers.md":            1,
	"docs/performance/all-peers/peers.md":  1,
	"docs/performance/overload.md":         1,
	"docs/performance/steady.md":           1,
	"docs/performance/snapshots.md":        1,
	"docs/performance/throughput.md":       1,
	"docs/performance/where-time-goes.md":  2,
}

// endLimit is how long what a page started may take to be gone after Ctrl-C.
const endLimit = 10 * time.Second

func TestMain(m *testing.M) { os.Exit(docs.Main(m)) }

// TestPagesDoWhatTheySay follows every page that people are told to follow. -run TestPagesDoWhatTheySay/README.md chooses one.
func TestPagesDoWhatTheySay(t *testing.T) {
	root, err := harness.ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pages, err := docs.Pages(root)
	if err != nil {
		t.Fatal(err)
	}
	program := t.TempDir()
	if _, err := harness.Build(t.Context(), program); err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if docs.Followed(page.Path) && page.Runs() {
			t.Run(page.Path, func(t *testing.T) { follow(t, root, program, page) })
		}
	}
}

// follow reads one page from top to bottom.
func follow(t *testing.T, root, program string, page docs.Page) {
	folder, err := os.MkdirTemp("", "docs-") // short, as people's are: a socket's path has a limit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	place, err := docs.NewPlace(t.Context(), root, program, folder)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := place.Reader(t.Context(), page.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer leave(t, reader)
	var texts []string
	changed := false
	for _, b := range page.Blocks {
		text, err := reader.Read(t.Context(), b)
		if err != nil {
			t.Fatalf("%s: %v", b.At(), err)
		}
		same := text == b.Text || b.SameRun(text)
		if !same && !*rewrite {
			t.Errorf("%s: it prints something else now (-want +got; -rewrite writes it into the page)\n%s", b.At(), b.Difference(text))
		}
		if same && b.Shortened() {
			text = b.Text
		}
		texts, changed = append(texts, text), changed || !same
	}
	if *rewrite && changed { // the whole page, so that what it shows is one run
		if err := os.WriteFile(filepath.Join(root, page.Path), []byte(page.With(texts)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range reader.Skipped {
		t.Logf("%s is not run: %s", b.At(), b.Marker.Arg)
	}
	if got, want := len(reader.Skipped), skipped[page.Path]; got != want {
		t.Errorf("%s has %d blocks that are not run, want %d: say so in pages_test.go", page.Path, got, want)
	}
}

// leave ends what the page started, and holds it to its word that nothing stays.
func leave(t *testing.T, reader *docs.Reader) {
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	network, err := docs.OwnNetwork()
	if err != nil {
		t.Fatal(err)
	}
	err = harness.Await(t.Context(), endLimit, "nothing runs any more", func(context.Context) error {
		if left := docs.Residents(network); len(left) > 0 {
			return fmt.Errorf("left behind: %v", left)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for _, p := range docs.Residents(network) {
		_ = syscall.Kill(p.Pid, syscall.SIGKILL)
	}
}
