//go:build e2e

package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
)

// limit bounds what an operator waits for.
const limit = 30 * time.Second

// site is three nodes and somebody who operates them.
type site struct {
	*harness.Cluster
	t           *testing.T
	binary, dir string
}

func newSite(t *testing.T) *site {
	t.Helper()
	binary, err := harness.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := harness.New(t.Context(), harness.Config{Binary: binary, Root: t.TempDir(), Nodes: 3, Profile: "fast", Plain: true})
	t.Cleanup(func() { _ = cluster.Close(context.Background()) })
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &site{cluster, t, binary, t.TempDir()}
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
	cmd.Env = append(os.Environ(), "SESSNODE_URL="+s.urls(), "SESSNODE_APP=web")
	var out, narration strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &narration
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		s.t.Fatalf("%v: %v", args, err)
	}
	return out.String(), narration.String(), cmd.ProcessState.ExitCode()
}

// must runs a verb that must succeed.
func (s *site) must(args ...string) string {
	s.t.Helper()
	out, narration, exit := s.run(args...)
	if exit != 0 {
		s.t.Fatalf("sessnode %s = %d\n%s%s", strings.Join(args, " "), exit, out, narration)
	}
	return out
}

// refused runs a verb that must be refused.
func (s *site) refused(exit int, why string, args ...string) {
	s.t.Helper()
	out, narration, got := s.run(args...)
	if got != exit || !strings.Contains(narration, why) {
		s.t.Errorf("sessnode %s = %d, want %d and %q\n%s%s", strings.Join(args, " "), got, exit, why, out, narration)
	}
}

func (s *site) backup(file string) (info struct{ Position string }) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.must("backup", "inspect", file, "-o", "json")), &info); err != nil {
		s.t.Fatal(err)
	}
	return info
}

func (s *site) write(path, text string) {
	s.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// rotate gives a session a new token, and returns that.
func (s *site) rotate(who person) person {
	s.t.Helper()
	c := s.client(s.urls())
	defer c.Close()
	token, got, err := c.Rotate(s.t.Context(), who.token, client.Rotation{Reauth: true})
	if err != nil {
		s.t.Fatal(err)
	}
	return person{got.ID, token}
}

func (s *site) killAll() {
	s.t.Helper()
	for _, n := range s.Nodes {
		if err := n.Kill(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// setAside moves everything that the nodes have away, and returns where to.
func (s *site) setAside() []string { return s.setAsideBut(-1) }

func (s *site) setAsideBut(but int) (old []string) {
	s.t.Helper()
	for i, n := range s.Nodes {
		if i != but {
			old = append(old, s.moved(n.Disk.Dir()))
		}
	}
	return old
}

// moved moves what is in a directory to another one.
func (s *site) moved(from string) (to string) {
	s.t.Helper()
	to, err := os.MkdirTemp(s.dir, "old")
	if err != nil {
		s.t.Fatal(err)
	}
	s.move(from, to)
	return to
}

func (s *site) move(from, to string) {
	s.t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil || len(entries) == 0 {
		s.t.Fatalf("%s has %d entries, %v", from, len(entries), err)
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			s.t.Fatal(err)
		}
	}
}

// clear ends the cluster and empties its directories.
func (s *site) clear() {
	s.t.Helper()
	s.killAll()
	s.setAside()
}

func (s *site) start(i int) {
	s.t.Helper()
	if err := s.Nodes[i].Start(); err != nil {
		s.t.Fatal(err)
	}
	if err := s.Nodes[i].AwaitReady(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// restore restores a backup at the first node; the others join. It returns what the verb said.
func (s *site) restore(file string, args ...string) string {
	s.t.Helper()
	n := s.Nodes[0]
	out, narration, exit := s.run(append([]string{"backup", "restore", file, "--data", n.Disk.Dir(), "--name", n.Name, "--node", n.NodeAddr}, args...)...)
	if exit != 0 {
		s.t.Fatalf("backup restore %v = %d\n%s%s", args, exit, out, narration)
	}
	s.refused(5, "not empty", "backup", "restore", file, "--data", n.Disk.Dir(), "--name", n.Name, "--sessions=revoke")
	for i := range s.Nodes {
		s.start(i)
	}
	s.threeVote()
	return narration
}

func (s *site) threeVote() {
	s.t.Helper()
	err := harness.Await(s.t.Context(), limit, "three voters", func(ctx context.Context) error {
		st, err := s.Nodes[0].Status(ctx)
		voters := 0
		for _, m := range st.Members {
			if m.Voter {
				voters++
			}
		}
		if err == nil && voters != 3 {
			err = fmt.Errorf("there are %d", voters)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// refuses starts the last node on a directory of an old life, beside the others of the new one: it must be turned away, be never ready, and
// say about a session that it cannot know.
func (s *site) refuses(old string) {
	s.t.Helper()
	n := s.Nodes[2]
	if err := n.Kill(); err != nil {
		s.t.Fatal(err)
	}
	present := s.moved(n.Disk.Dir())
	s.move(old, n.Disk.Dir())
	logged, err := os.ReadFile(n.LogFile)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := n.Start(); err != nil {
		s.t.Fatal(err)
	}
	err = harness.Await(s.t.Context(), limit, "the old life to be turned away", func(context.Context) error {
		now, err := os.ReadFile(n.LogFile)
		if err == nil && !strings.Contains(string(now[len(logged):]), "another cluster") {
			err = errors.New("its log does not say so")
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, exit := s.ready(n); exit == 0 {
		s.t.Errorf("a node of the old life is ready")
	}
	if err := s.read(n, person{token: sessnode.NewToken()}); !errors.Is(err, sessnode.ErrUnavailable) {
		s.t.Errorf("a node of the old life says %v about a session, want unavailable", err)
	}
	if err := n.Kill(); err != nil {
		s.t.Fatal(err)
	}
	s.moved(n.Disk.Dir())
	s.move(present, n.Disk.Dir())
	s.start(2)
}

func (s *site) ready(n *harness.Node) (string, int) {
	out, _, exit := s.run("check", "--url", n.URL())
	return out, exit
}
