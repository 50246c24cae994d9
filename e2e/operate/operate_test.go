//go:build e2e

// Package operate runs a cluster as operators do: with the command line, while people are signed in.
package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// limit bounds what an operator waits for.
const limit = 30 * time.Second

// site is three nodes and somebody who operates them.
type site struct {
	*harness.Cluster
	t      *testing.T
	binary string
}

func newSite(t *testing.T, args func(name string) []string) *site {
	t.Helper()
	binary, err := harness.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := harness.New(t.Context(), harness.Config{Binary: binary, Root: t.TempDir(), Nodes: 3, Profile: "fast", Plain: true, Args: args})
	t.Cleanup(func() { _ = cluster.Close(context.Background()) })
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &site{cluster, t, binary}
}

func (s *site) urls() string {
	var urls []string
	for _, n := range s.Nodes {
		urls = append(urls, n.URL())
	}
	return strings.Join(urls, ",")
}

// run runs a verb and returns its output and exit code.
func (s *site) run(args ...string) (stdout, stderr string, exit int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.binary, args...)
	cmd.Env = append(os.Environ(), "SESSNODE_URL="+s.urls())
	var out, narration strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &narration
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		s.t.Fatalf("%v: %v", args, err)
	}
	return out.String(), narration.String(), cmd.ProcessState.ExitCode()
}

// The exit codes that say that something may be asked for again: it was not done, or whether it was is not known (docs/reference/cli.md).
const unavailable, unknown = 4, 7

// ask runs a verb, and again while it is unavailable: an election of the cluster's own may come between, and an operator asks again.
func (s *site) ask(args ...string) (stdout, stderr string, exit int) {
	s.t.Helper()
	for until := time.Now().Add(limit); ; {
		stdout, stderr, exit = s.run(args...)
		if exit != unavailable || time.Now().After(until) {
			return stdout, stderr, exit
		}
		s.t.Logf("once more: sessnode %s: %s", strings.Join(args, " "), stderr)
	}
}

// must runs a verb that must succeed.
func (s *site) must(args ...string) string {
	s.t.Helper()
	out, narration, exit := s.ask(args...)
	if exit != 0 {
		s.t.Fatalf("sessnode %s = %d\n%s%s", strings.Join(args, " "), exit, out, narration)
	}
	return out
}

// refused runs a verb that must be refused, in three lines that say why.
func (s *site) refused(exit int, why string, args ...string) {
	s.t.Helper()
	out, narration, got := s.ask(args...)
	if got != exit || !strings.Contains(narration, why) || strings.Count(narration, "\n") != 3 {
		s.t.Errorf("sessnode %s = %d, want %d and %q\n%s%s", strings.Join(args, " "), got, exit, why, out, narration)
	}
}

// picture is what `status -o json` says.
type picture struct {
	Health, Leader string
	Voters         int
	Nodes          []struct {
		ID, Name, State string
		Voter           bool
	}
}

func (s *site) status() (p picture) {
	s.t.Helper()
	out, narration, _ := s.run("status", "-o", "json")
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		s.t.Fatalf("status -o json: %v\n%s%s", err, out, narration)
	}
	return p
}

func (p picture) state(name string) string {
	for _, n := range p.Nodes {
		if n.Name == name {
			return n.State
		}
	}
	return "no member"
}

// becomes waits until the picture of the cluster is as it should be.
func (s *site) becomes(what string, is func(picture) bool) {
	s.t.Helper()
	var last picture
	err := harness.Await(s.t.Context(), limit, what, func(context.Context) error {
		if last = s.status(); !is(last) {
			return fmt.Errorf("it is %+v", last)
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// people are signed in, and change something all the time; who is signed out, or loses a change, fails the test.
func (s *site) people() (stop func()) {
	s.t.Helper()
	c, err := client.New(s.urls(), client.WithApp("web"), client.WithTimeout(10*time.Second))
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan string, 8)
	for i := range cap(ended) {
		token, _, err := c.Create(ctx, client.Create{Subject: fmt.Sprint("u", i)})
		if err != nil {
			s.t.Fatal(err)
		}
		go func() { // ends with ctx
			clicks := 0
			for ctx.Err() == nil {
				got, err := c.Patch(context.WithoutCancel(ctx), token, increment)
				if err != nil {
					ended <- fmt.Sprintf("click %d: %v", clicks, err)
					return
				}
				if clicks++; string(got.Values["clicks"].Data) != fmt.Sprint(clicks) {
					ended <- fmt.Sprintf("click %d counts as %s", clicks, got.Values["clicks"].Data)
					return
				}
			}
			ended <- ""
		}()
	}
	return func() {
		s.t.Helper()
		cancel()
		for range cap(ended) {
			if fault := <-ended; fault != "" {
				s.t.Error(fault)
			}
		}
		c.Close()
	}
}

// TestMembershipChangesUnderLoad hands over, drains, loses a disk, removes and leaves, while people click.
func TestMembershipChangesUnderLoad(t *testing.T) {
	s := newSite(t, nil)
	stop := s.people()
	leader := ""
	s.becomes("somebody leads", func(p picture) bool { leader = p.Leader; return leader != "" })
	var others []string
	for _, n := range s.Nodes {
		if n.Name != leader {
			others = append(others, n.Name)
		}
	}

	s.becomes("the named node leads", func(p picture) bool { // and another one may be elected right afterwards
		s.must("node", "transfer", others[0])
		return s.status().Leader == others[0]
	})
	s.must("node", "drain", others[0])
	s.becomes("the drained node does not lead", func(p picture) bool { return p.Leader != others[0] && p.state(others[0]) == "drained" })
	s.must("node", "undrain", others[0])
	s.becomes("all are ready", func(p picture) bool { return p.Health == "healthy" })

	// A disk is lost: the node comes back empty, on the same addresses, and takes its own place.
	lost := s.node(others[1])
	old := s.id(lost.Name)
	if err := lost.Kill(); err != nil {
		t.Fatal(err)
	}
	wipe(t, lost.Disk.Dir())
	if err := lost.Start(); err != nil {
		t.Fatal(err)
	}
	s.becomes("a node that lost its disk votes under another id", func(p picture) bool {
		return p.Health == "healthy" && p.Voters == 3 && len(p.Nodes) == 3 && s.idIn(p, lost.Name) != old
	})

	// One dies for good.
	s.refused(5, "is alive", "node", "remove", lost.Name, "--yes")
	if err := lost.Kill(); err != nil {
		t.Fatal(err)
	}
	s.becomes("it is seen to be dead", func(p picture) bool { return p.state(lost.Name) == "down" })
	s.refused(2, "--yes", "node", "remove", lost.Name)
	s.removed(lost.Name)
	s.becomes("two voters are left", func(p picture) bool { return p.Voters == 2 && s.idIn(p, lost.Name) == "" })

	// Another one leaves by itself, and is not let in again under its id.
	gone := s.node(others[0])
	s.must("node", "leave", gone.Name, "--yes")
	s.becomes("one voter is left", func(p picture) bool { return p.Voters == 1 && p.Leader == leader })
	s.refused(5, "only voter", "node", "leave", leader, "--yes")
	s.refused(2, "no node is called", "node", "drain", "nobody")
	s.refused(2, "no node is called", "node", "transfer", "nobody")
	stop()
}

// removed removes a node that status shows as down: the leader believes gossip, which notices a death a little later.
func (s *site) removed(name string) {
	s.t.Helper()
	inDoubt := false
	err := harness.Await(s.t.Context(), limit, "the removal of "+name, func(context.Context) error {
		_, narration, exit := s.ask("node", "remove", name, "--yes")
		switch {
		case exit == 0, inDoubt && strings.Contains(narration, "no node is called"):
			return nil
		case exit != unknown && !strings.Contains(narration, "is alive"):
			s.t.Fatalf("sessnode node remove %s = %d\n%s", name, exit, narration)
		}
		inDoubt = inDoubt || exit == unknown
		return errors.New(narration)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) node(name string) *harness.Node {
	for _, n := range s.Nodes {
		if n.Name == name {
			return n
		}
	}
	s.t.Fatalf("no node is called %s", name)
	return nil
}

func (s *site) id(name string) string { return s.idIn(s.status(), name) }

func (s *site) idIn(p picture, name string) string {
	for _, n := range p.Nodes {
		if n.Name == name {
			return n.ID
		}
	}
	return ""
}
