//go:build e2e

package operate

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/keyring"
)

// TestTheClusterKeyIsRotatedUnderLoad rotates the key with the command line, while people click: no node is restarted. Each node has its own copy of the file; the operator changes one and copies it.
func TestTheClusterKeyIsRotatedUnderLoad(t *testing.T) {
	dir := t.TempDir()
	mine, old := filepath.Join(dir, "mine.key"), filepath.Join(dir, "old.key")
	own := func(name string) string { return filepath.Join(dir, name+".key") }
	if err := (keyring.Ring{keyring.New()}).Create(mine); err != nil {
		t.Fatal(err)
	}
	put(t, old, mine)
	s := newSite(t, func(name string) []string {
		put(t, own(name), mine)
		return []string{"--cluster-key-file", own(name)}
	})
	names := []string{"n1", "n2", "n3"}
	spread := func(names ...string) {
		for _, name := range names {
			put(t, own(name), mine)
		}
	}
	term := s.term()
	stop := s.people()
	key := func(args ...string) []string {
		return append(append([]string{"key"}, args...), "--cluster-key-file", mine)
	}

	first := s.keyOf("n1")
	s.must(key("add")...)
	spread(names[:2]...)
	s.knows(names[:2], 2)
	s.refused(5, "n3 does not accept", key("use")...)
	spread(names[2:]...)
	s.agree(mine)

	s.must(key("use")...)
	spread(names[:1]...)
	s.refused(5, "still speaks", key("remove", "--yes")...)
	spread(names[1:]...)
	s.agree(mine)

	// A file that is cut short in the middle of it all harms nobody, and is told.
	if err := os.WriteFile(own("n2"), []byte("0123\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.complains("n2 cannot use its key file")
	put(t, own("n2"), mine)
	s.agree(mine)

	s.must(key("remove", "--yes")...)
	spread(names...)
	s.agree(mine)
	second := s.keyOf("n1")
	if second == first || second == "" {
		t.Errorf("the nodes speak %s, want another key than %s", second, first)
	}
	stop()
	t.Logf("the term was %d before and is %d after the rotation: the same where the machine was quick enough for the heartbeats", term, s.term())

	// A node that has the old key only is kept out; with the new one it comes in again.
	n3 := s.node("n3")
	if err := n3.Stop(); err != nil {
		t.Fatal(err)
	}
	put(t, own("n3"), old)
	if err := n3.Start(); err != nil {
		t.Fatal(err)
	}
	s.logs("n3", "the cluster key differs")
	if state := s.status().state("n3"); state == "ready" {
		t.Error("a node with the old key alone is ready")
	}
	if err := n3.Stop(); err != nil {
		t.Fatal(err)
	}
	put(t, own("n3"), mine)
	if err := n3.Start(); err != nil {
		t.Fatal(err)
	}
	s.becomes("the node with the new key is in again", func(p picture) bool { return p.Health == "healthy" && p.Voters == 3 })
}

// term is Raft's term, which grows with each change of leader.
func (s *site) term() uint64 {
	s.t.Helper()
	_, term, err := s.Leader(s.t.Context(), limit)
	if err != nil {
		s.t.Fatal(err)
	}
	return term
}

// told is what `key status -o json` says.
type told []struct {
	Name, File string
	Keys       []string
}

func (s *site) keys() (list told) {
	s.t.Helper()
	out, narration, _ := s.run("key", "status", "-o", "json")
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		s.t.Fatalf("key status -o json: %v\n%s%s", err, out, narration)
	}
	return list
}

// keyOf is the key that a node speaks.
func (s *site) keyOf(name string) string {
	for _, m := range s.keys() {
		if m.Name == name && len(m.Keys) > 0 {
			return m.Keys[0]
		}
	}
	return ""
}

// awaits waits until a check of what the members tell holds.
func (s *site) awaits(what string, check func() error) {
	s.t.Helper()
	if err := harness.Await(s.t.Context(), limit, what, func(context.Context) error { return check() }); err != nil {
		s.t.Fatal(err)
	}
}

// knows waits until these nodes have so many keys.
func (s *site) knows(names []string, count int) {
	s.t.Helper()
	s.awaits(fmt.Sprint(names, " have their keys"), func() error {
		list, have := s.keys(), 0
		for _, m := range list {
			if strings.Contains(strings.Join(names, " "), m.Name) && len(m.Keys) == count {
				have++
			}
		}
		if have != len(names) {
			return fmt.Errorf("they tell %v", list)
		}
		return nil
	})
}

// agree waits until `key status` says that all have the same keys, those of the operator's file.
func (s *site) agree(file string) {
	s.t.Helper()
	s.awaits("all have the keys of the file", func() error {
		if out, narration, exit := s.run("key", "status", "--cluster-key-file", file); exit != 0 {
			return fmt.Errorf("key status = %d: %s%s", exit, out, narration)
		}
		return nil
	})
}

// complains waits until `key status` complains.
func (s *site) complains(complaint string) {
	s.t.Helper()
	s.awaits(complaint, func() error {
		if out, narration, exit := s.run("key", "status"); exit != 1 || !strings.Contains(narration, complaint) {
			return fmt.Errorf("key status = %d: %s%s", exit, out, narration)
		}
		return nil
	})
}

// logs waits until a node's log has a text.
func (s *site) logs(name, text string) {
	s.t.Helper()
	s.awaits(name+" logs "+text, func() error {
		raw, err := os.ReadFile(s.node(name).LogFile)
		if err == nil && !strings.Contains(string(raw), text) {
			err = fmt.Errorf("it does not say so")
		}
		return err
	})
}
