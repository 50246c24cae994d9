//go:build e2e

package operate

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sessnode/sessnode/internal/tlsfiles"
)

// TestTheAuthorityIsReplacedUnderLoad moves the nodes from one authority to another, without a restart for the files' sake, while
// people click: first both are trusted, then the nodes get certificates of the new one, then only that is trusted. Restarts in
// between make them shake hands anew.
func TestTheAuthorityIsReplacedUnderLoad(t *testing.T) {
	dir := t.TempDir()
	old, err := tlsfiles.NewAuthority(filepath.Join(dir, "old"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := tlsfiles.NewAuthority(filepath.Join(dir, "new"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"n1", "n2", "n3"}
	// issue puts a certificate of an authority where the node reads it.
	issue := func(a *tlsfiles.Authority, name string) {
		t.Helper()
		files, err := a.Node(name, nil, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, name+".key"), files.Key)
		put(t, filepath.Join(dir, name+".crt"), files.Cert)
	}
	trusted := filepath.Join(dir, "ca.crt")
	for _, name := range names {
		issue(old, name)
	}
	put(t, trusted, filepath.Join(dir, "old", "ca.crt"))
	s := newSite(t, func(name string) []string {
		return []string{"--peer-cert-file", filepath.Join(dir, name+".crt"), "--peer-key-file", filepath.Join(dir, name+".key"), "--peer-ca-file", trusted}
	})
	stop := s.people()
	defer stop()

	put(t, trusted, filepath.Join(dir, "old", "ca.crt"), filepath.Join(dir, "new", "ca.crt"))
	for _, name := range names {
		issue(fresh, name)
		s.restart(name)
	}
	put(t, trusted, filepath.Join(dir, "new", "ca.crt"))
	for _, name := range names {
		s.restart(name)
	}
}

// restart stops a node and starts it again, and waits until the cluster is whole.
func (s *site) restart(name string) {
	s.t.Helper()
	n := s.node(name)
	if err := n.Stop(); err != nil {
		s.t.Fatal(err)
	}
	if err := n.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.becomes("all are ready again after the restart of "+name, func(p picture) bool { return p.Health == "healthy" && p.Voters == 3 })
}

// put makes a file of others, in one step.
func put(t *testing.T, path string, sources ...string) {
	t.Helper()
	var all []byte
	for _, source := range sources {
		raw, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw...)
	}
	if err := os.WriteFile(path+".new", all, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
