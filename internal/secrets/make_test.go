package secrets

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/tlsfiles"
)

func three(dir string) Wanted {
	return Wanted{Dir: dir, Nodes: []Node{{Name: "n1", Hosts: []string{"10.0.0.1"}}, {Name: "n2"}, {Name: "n3"}}, Apps: []string{"web"}}
}

func mustMake(t *testing.T, w Wanted, now time.Time) (made []string) {
	t.Helper()
	files, err := Make(w, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Made {
			made = append(made, strings.TrimPrefix(f.Path, w.Dir+"/"))
		}
	}
	return made
}

// all reads every file of a folder, and fails where others than its owner could read a secret.
func all(t *testing.T, dir string) map[string]string {
	t.Helper()
	content := map[string]string{}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 && !strings.HasSuffix(path, ".crt") && path != dir {
			t.Errorf("%s has mode %v, want its owner's alone", path, info.Mode())
		}
		if info.Mode().IsRegular() {
			raw, err := os.ReadFile(path)
			content[strings.TrimPrefix(path, dir+"/")] = string(raw)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestWhatIsMadeIsWhatNodesRead(t *testing.T) {
	dir := t.TempDir()
	mustMake(t, three(dir), time.Now())
	nodes := filepath.Join(dir, "nodes")
	if key, err := config.ClusterKeys(filepath.Join(nodes, "cluster.key")); err != nil || len(key) != 1 {
		t.Errorf("ClusterKey = %d bytes, %v", len(key), err)
	}
	keys, err := config.APIKeys(filepath.Join(nodes, "api.keys"))
	if err != nil || len(keys) != 2 || keys[0].Role != "operator" || keys[1].Role != "app:web" {
		t.Errorf("APIKeys = %+v, %v, want the operator and web", keys, err)
	}
	for _, name := range []string{"n1", "n2", "n3"} {
		files := tlsfiles.Files{Cert: filepath.Join(nodes, name+".crt"), Key: filepath.Join(nodes, name+".key"), CA: filepath.Join(nodes, "ca.crt")}
		if _, err := tlsfiles.Open(files, slog.New(slog.DiscardHandler)); err != nil {
			t.Error(err)
		}
	}
	for name, text := range all(t, dir) {
		if isKey := strings.HasSuffix(name, ".key") && strings.Count(text, "\n") == 1; isKey {
			for other, where := range all(t, dir) {
				if other != name && strings.Contains(where, strings.TrimSpace(text)) {
					t.Errorf("%s is also in %s", name, other)
				}
			}
		}
	}
}

func TestNothingIsReplaced(t *testing.T) {
	dir := t.TempDir()
	mustMake(t, three(dir), time.Now())
	before := all(t, dir)
	if made := mustMake(t, three(dir), time.Now()); len(made) != 0 {
		t.Errorf("a second run made %v", made)
	}
	more := three(dir)
	more.Apps = append(more.Apps, "ops", "shop")
	if made := mustMake(t, more, time.Now()); !slices.Equal(made, []string{"apps/app-ops.key", "apps/shop.key", "nodes/api.keys"}) {
		t.Errorf("two more apps made %v", made)
	}
	after := all(t, dir)
	for name, text := range before {
		if !strings.HasPrefix(after[name], text) || name != "nodes/api.keys" && after[name] != text {
			t.Errorf("%s was changed", name)
		}
	}
}

// TestARunThatWasCutShortIsCompleted takes each file away in turn, as if it had not been written yet.
func TestARunThatWasCutShortIsCompleted(t *testing.T) {
	for _, lost := range []string{"nodes/cluster.key", "nodes/api.keys", "nodes/ca.crt", "nodes/n2.crt", "nodes/n3.key"} {
		dir := t.TempDir()
		mustMake(t, three(dir), time.Now())
		before := all(t, dir)
		if err := os.Remove(filepath.Join(dir, lost)); err != nil {
			t.Fatal(err)
		}
		mustMake(t, three(dir), time.Now())
		after := all(t, dir)
		for _, kept := range []string{"operator/ops.key", "operator/ca.key", "apps/web.key"} {
			if after[kept] != before[kept] {
				t.Errorf("without %s, %s was replaced", lost, kept)
			}
		}
		if lost == "nodes/api.keys" && after[lost] != before[lost] {
			t.Error("api.keys does not have the hashes of the keys that were there")
		}
		if made := mustMake(t, three(dir), time.Now()); len(made) != 0 {
			t.Errorf("without %s, a third run made %v", lost, made)
		}
	}
}

func TestCertificatesAreRenewedBeforeTheyEnd(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	mustMake(t, three(dir), now)
	if made := mustMake(t, three(dir), now.Add(tlsfiles.NodeLife-RenewBefore-time.Hour)); len(made) != 0 {
		t.Errorf("early, %v was made anew", made)
	}
	late := now.Add(tlsfiles.NodeLife - RenewBefore + time.Hour)
	if made := mustMake(t, three(dir), late); len(made) != 6 || slices.Contains(made, "nodes/ca.crt") {
		t.Errorf("late, %v was made anew, want three pairs", made)
	}
}

func TestTheAuthoritysKeyMayBeElsewhereUntilItIsNeeded(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	mustMake(t, three(dir), now)
	for _, name := range []string{"ca.key", "ca.crt", "ops.key"} {
		if err := os.Remove(filepath.Join(dir, "operator", name)); err != nil {
			t.Fatal(err)
		}
	}
	if made := mustMake(t, three(dir), now); len(made) != 0 {
		t.Errorf("with the operator's keys elsewhere, %v was made", made)
	}
	more := three(dir)
	more.Nodes = append(more.Nodes, Node{Name: "n4"})
	if _, err := Make(more, now); !errors.Is(err, ErrAuthority) {
		t.Errorf("Make with another node = %v, want ErrAuthority: a second authority would be trusted by nobody", err)
	}
}

func TestNamesThatWouldHideAnotherFileAreRefused(t *testing.T) {
	for _, name := range []string{"cluster", "ca", "", "../n1", "a/b"} {
		if _, err := Make(Wanted{Dir: t.TempDir(), Nodes: []Node{{Name: name}}}, time.Now()); !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("a node called %q = %v, want ErrInvalid", name, err)
		}
	}
	if _, err := Make(Wanted{Dir: t.TempDir(), Apps: []string{"../x"}}, time.Now()); !errors.Is(err, sessnode.ErrInvalid) {
		t.Errorf("an app called ../x = %v, want ErrInvalid", err)
	}
}
