//go:build e2e

// Package backup takes a cluster's backups while people sign in and out, destroys the cluster, and brings it back.
package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// TestABackupUnderLoadComesBackAtAllNodes: with keep every session of the backup lives at each node, and those that ended after it are
// what the verb warned of; with a journal they are gone, and with revoke all are. A node of the old life is refused.
func TestABackupUnderLoadComesBackAtAllNodes(t *testing.T) {
	s := newSite(t)
	file, journal := filepath.Join(s.dir, "b.ssnb"), filepath.Join(s.dir, "events.jsonl")
	kept, ended := s.signIn(20), s.signIn(5)
	rotated := s.signIn(1)[0]
	stop := s.load()
	s.must("backup", "create", file, "--url", s.Nodes[2].URL())
	stop()
	s.must("backup", "verify", file)
	info := s.backup(file)
	for _, who := range ended {
		s.must("session", "revoke", who.id.String())
	}
	fresh := s.rotate(rotated)
	late := s.signIn(1)[0]
	s.write(journal, s.must("events", "--app=", "--after", info.Position, "--for", "2s", "-o", "jsonl"))
	s.killAll()
	old := s.setAside()

	t.Run("keep", func(t *testing.T) {
		told := s.restore(file, "--sessions=keep", "--yes")
		if !strings.Contains(told, "WARNING") || !strings.Contains(told, "LOGGED OUT PEOPLE") {
			t.Errorf("restore with keep says %q, want a loud warning", told)
		}
		for _, n := range s.Nodes {
			s.lives(n, kept...)
			s.lives(n, ended...) // ghosts, as it was said
			s.gone(n, late)
		}
	})
	t.Run("keep with a journal", func(t *testing.T) {
		s.clear()
		told := s.restore(file, "--sessions=keep", "--journal", journal, "--journal-after", info.Position, "--yes")
		if strings.Contains(told, "GAP") {
			t.Errorf("restore says %q, want no gap", told)
		}
		for _, who := range ended {
			if !strings.Contains(told, who.id.String()) {
				t.Errorf("session %v ended since and is not named in %q", who.id, told)
			}
		}
		for _, n := range s.Nodes {
			s.lives(n, kept...)
			s.gone(n, append(ended, rotated, fresh, late)...)
		}
		s.dead(append(ended, rotated)...)
	})
	t.Run("an old life is refused", func(t *testing.T) { s.refuses(old[2]) })
	t.Run("revoke", func(t *testing.T) {
		s.clear()
		s.restore(file, "--sessions=revoke")
		for _, n := range s.Nodes {
			s.gone(n, append(kept, ended...)...)
		}
		s.dead(kept...)
		s.lives(s.Nodes[0], s.signIn(1)...)
	})
}

// TestASurvivorGoesOnWhenTheMajorityIsLost: everything that was acknowledged and that the survivor had is there, a node of the old life is
// refused, and new nodes join and vote.
func TestASurvivorGoesOnWhenTheMajorityIsLost(t *testing.T) {
	s := newSite(t)
	kept := s.signIn(10)
	ended := s.signIn(2)
	for _, who := range ended {
		s.must("session", "revoke", who.id.String())
	}
	if _, err := s.Agree(t.Context(), limit); err != nil { // the survivor has all of it
		t.Fatal(err)
	}
	survivor := s.Nodes[1].Disk.Dir()
	s.refused(4, "is in use", "recover", "--data", survivor, "--sessions=keep", "--yes-i-accept-data-loss")
	s.killAll()
	old := s.setAsideBut(1)
	var info struct {
		LastTerm, LastIndex, Sessions uint64
		Generation                    uint64
	}
	if err := json.Unmarshal([]byte(s.must("recover", "--inspect", "--data", survivor, "-o", "json")), &info); err != nil || info.Sessions != 10 {
		t.Fatalf("recover --inspect = %+v, %v, want 10 sessions", info, err)
	}
	s.refused(2, "not confirmed", "recover", "--data", survivor, "--sessions=keep")
	s.must("recover", "--data", survivor, "--sessions=keep", "--yes-i-accept-data-loss")
	s.start(1)
	for _, i := range []int{0, 2} {
		s.start(i)
	}
	s.threeVote()
	for _, n := range s.Nodes {
		s.lives(n, kept...)
		s.gone(n, ended...)
		st, err := n.Status(t.Context())
		if err != nil || st.Generation <= 1 {
			t.Errorf("%s is of generation %d, %v, want a later one than 1", n.Name, st.Generation, err)
		}
	}
	s.dead(ended...)
	s.refuses(old[1]) // of n1 and n3
}

// person is somebody's session.
type person struct {
	id    sessnode.ID
	token sessnode.Token
}

func (s *site) client(urls string) *client.Client {
	s.t.Helper()
	c, err := client.New(urls, client.WithApp("web"), client.WithTimeout(10*time.Second))
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// signIn makes sessions, each acknowledged.
func (s *site) signIn(n int) (list []person) {
	s.t.Helper()
	c := s.client(s.urls())
	defer c.Close()
	for i := range n {
		token, got, err := c.Create(s.t.Context(), client.Create{Subject: fmt.Sprintf("u%d", i)})
		if err != nil {
			s.t.Fatal(err)
		}
		list = append(list, person{got.ID, token})
	}
	return list
}

func (s *site) read(n *harness.Node, who person) error {
	c := s.client(n.URL())
	defer c.Close()
	_, err := c.Read(s.t.Context(), who.token)
	return err
}

func (s *site) lives(n *harness.Node, list ...person) {
	s.t.Helper()
	for _, who := range list {
		if err := s.read(n, who); err != nil {
			s.t.Errorf("session %v at %s: %v, want it alive", who.id, n.Name, err)
		}
	}
}

func (s *site) gone(n *harness.Node, list ...person) {
	s.t.Helper()
	for _, who := range list {
		if err := s.read(n, who); !errors.Is(err, sessnode.ErrNotFound) {
			s.t.Errorf("session %v at %s: %v, want that it is not found", who.id, n.Name, err)
		}
	}
}

// dead attacks: nobody's late create may bring a session back on its token.
func (s *site) dead(list ...person) {
	s.t.Helper()
	c := s.client(s.urls())
	defer c.Close()
	for _, who := range list {
		if _, _, err := c.Create(s.t.Context(), client.Create{Token: who.token}); !errors.Is(err, sessnode.ErrConflict) {
			s.t.Errorf("a create on the token of session %v = %v, want a conflict", who.id, err)
		}
	}
}

// load signs people in until it is stopped. It returns when it is well under way.
func (s *site) load() (stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan int, 1)
	underWay := make(chan struct{})
	go func() { // ends with ctx
		c := s.client(s.urls())
		defer c.Close()
		n := 0
		for ctx.Err() == nil {
			if _, _, err := c.Create(ctx, client.Create{Subject: "load"}); err == nil {
				if n++; n == 10 {
					close(underWay)
				}
			}
		}
		ended <- n
	}()
	select {
	case <-underWay:
	case <-time.After(limit):
		s.t.Error("nobody can sign in")
	}
	return func() {
		cancel()
		if n := <-ended; n <= 10 {
			s.t.Errorf("%d people signed in: none while the backup was taken", n)
		}
	}
}
