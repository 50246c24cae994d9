//go:build e2e

// Package moving moves a real Flask app from Redis to three real nodes while people are signed in, and while nodes die.
package moving

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/ports"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

const (
	people = 200
	limit  = 30 * time.Second
)

// TestNobodyIsLoggedOutByMoving: 200 people sign in at an app on Redis. Their sessions are exported, and imported while the leader is killed;
// then an import is interrupted and done again. Every old cookie opens the same session at the app on sessnode and at every node, a
// logout survives one more import, and no token is in the export, in a log, or in a node's data.
func TestNobodyIsLoggedOutByMoving(t *testing.T) {
	s := newMove(t)
	s.onRedis()
	file := s.export()
	lines := strings.SplitAfter(strings.TrimSpace(file), "\n")
	if len(lines) != people+1 {
		t.Fatalf("the export has %d lines, want a header and %d sessions", len(lines), people)
	}

	// The first half, and while the second is still to come the leader dies.
	half := strings.Join(lines[:people/2], "")
	out, code := s.importing(half, strings.Join(lines[people/2:], ""), func(*exec.Cmd) {
		leader, _, err := s.cluster.Leader(t.Context(), limit)
		if err == nil {
			err = leader.Kill()
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if want := fmt.Sprintf("made\t%d\t", people); code != 0 || !strings.Contains(out, want) {
		t.Fatalf("import over a failover = exit %d, want all of them made\n%s", code, out)
	}
	for _, n := range s.cluster.Nodes {
		if !n.Running() {
			if err := errors.Join(n.Start(), n.AwaitReady(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.everybodyIsIn()

	// One logs out; the file still has the session.
	if err := s.client(0).Revoke(t.Context(), s.cookies[7]); err != nil {
		t.Fatal(err)
	}
	out, code = s.importing(file, "", nil)
	if want := fmt.Sprintf("there\t%d\t", people-1); code != 0 || !strings.Contains(out, want) || !strings.Contains(out, "ended\t1\t") {
		t.Errorf("one more import = exit %d, want nothing made and one ended\n%s", code, out)
	}
	for i := range s.cluster.Nodes {
		if _, err := s.client(i).Read(t.Context(), s.cookies[7]); !errors.Is(err, sessnode.ErrNotFound) {
			t.Errorf("the session that was logged out, at node %d: %v, want ErrNotFound", i+1, err)
		}
	}
	s.noTokenIn(file)
}

// TestAnInterruptedImportGoesOn: Ctrl-C leaves what is there, and the same again makes the rest.
func TestAnInterruptedImportGoesOn(t *testing.T) {
	s := newMove(t)
	s.onRedis()
	file := s.export()
	lines := strings.SplitAfter(file, "\n")
	out, code := s.importing(strings.Join(lines[:people/2], ""), "", func(cmd *exec.Cmd) {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	})
	if code != 130 || !strings.Contains(out, "go on with --from-line ") {
		t.Fatalf("an interrupted import = exit %d, want 130 and where to go on\n%s", code, out)
	}
	if out, code = s.importing(file, "", nil); code != 0 || strings.Contains(out, "made\t0\t") || strings.Contains(out, "there\t0\t") {
		t.Errorf("the same again = exit %d, want some made and some there\n%s", code, out)
	}
	s.everybodyIsIn()
}

// TestDjangoMovesToo: from its database, by its own export.
func TestDjangoMovesToo(t *testing.T) {
	s := newMove(t)
	database := filepath.Join(s.dir, "old.sqlite3")
	s.site = "testdata/django_site.py"
	s.signIn("before", database)
	file := s.run("", s.site, "export", database)
	if out, code := s.importing(file, "", nil); code != 0 || !strings.Contains(out, fmt.Sprintf("made\t%d\t", people)) {
		t.Fatalf("import = exit %d, want all of them made\n%s", code, out)
	}
	s.everybodyIsIn()
	s.noTokenIn(file)
}

// move is an app on its old store, and three nodes.
type move struct {
	t       *testing.T
	dir     string
	data    string // of the nodes, and their logs
	binary  string
	python  string
	site    string // the app, before and after
	port    int    // of Redis
	cluster *harness.Cluster
	urls    []string
	cookies []sessnode.Token
	list    string // "COOKIE NAME" lines
}

func newMove(t *testing.T) *move {
	t.Helper()
	s := &move{t: t, site: "testdata/site.py", dir: t.TempDir(), data: t.TempDir()}
	root, err := harness.ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	python, err := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "python.sh")).Output()
	if err != nil {
		t.Fatal("no Python for the app: ", err)
	}
	s.python = strings.TrimSpace(string(python))
	if s.binary, err = harness.Build(t.Context(), s.dir); err != nil {
		t.Fatal(err)
	}
	s.cluster, err = harness.New(t.Context(), harness.Config{Binary: s.binary, Root: s.data, Nodes: 3, Profile: "default", Plain: true})
	t.Cleanup(func() { _ = s.cluster.Close(context.Background()) })
	if err == nil {
		err = s.cluster.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range s.cluster.Nodes {
		s.urls = append(s.urls, n.URL())
	}
	return s
}

// onRedis starts a Redis and signs people in at the app that keeps its sessions there.
func (s *move) onRedis() {
	s.t.Helper()
	s.startRedis()
	s.signIn("before", strconv.Itoa(s.port))
}

func (s *move) startRedis() {
	s.t.Helper()
	free, _, err := ports.Take(1)
	if err != nil {
		s.t.Fatal(err)
	}
	s.port = free[0]
	redis, err := harness.StartProcess("redis-server", []string{"--bind", "127.0.0.1", "--port", strconv.Itoa(s.port), "--save", "", "--dir", s.dir}, filepath.Join(s.dir, "redis.log"))
	if err != nil {
		s.t.Fatal("redis-server of Debian's package redis-server: ", err)
	}
	s.t.Cleanup(func() { _ = redis.Kill() })
	err = harness.Await(s.t.Context(), limit, "Redis answers", func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)))
		if err == nil {
			_ = conn.Close()
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// run runs a Python program, and returns what it prints.
func (s *move) run(in string, args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.python, args...)
	cmd.Env = append(os.Environ(), "SESSNODE_URL="+strings.Join(s.urls, ","), "SESSNODE_APP=web")
	cmd.Stdin = strings.NewReader(in)
	var narration bytes.Buffer
	cmd.Stderr = &narration
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("%v: %v\n%s", args[:2], err, narration.String())
	}
	return string(out)
}

func (s *move) signIn(before ...string) {
	s.t.Helper()
	s.list = s.run("", append(append([]string{s.site}, before...), strconv.Itoa(people))...)
	for line := range strings.Lines(s.list) {
		cookie, _, _ := strings.Cut(line, " ")
		s.cookies = append(s.cookies, sessnode.Token(cookie))
	}
	if len(s.cookies) != people {
		s.t.Fatalf("%d people signed in, want %d", len(s.cookies), people)
	}
}

func (s *move) export() string {
	s.t.Helper()
	return s.run("", "-m", "sessnode.moving", "redis", "--from", "flask-session", "--url", fmt.Sprintf("redis://127.0.0.1:%d/0", s.port), "--app", "web")
}

// importing runs an import that gets first; once sessions of it are stored it does what is to be done meanwhile, and then the import gets the rest.
func (s *move) importing(first, rest string, meanwhile func(*exec.Cmd)) (printed string, code int) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.binary, "import", "-", "--app", "web", "--url", strings.Join(s.urls, ","))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = in.Write([]byte(first))
	if err == nil && meanwhile != nil {
		err = harness.Await(s.t.Context(), limit, "sessions are being imported", func(ctx context.Context) error {
			a, err := s.client(0).App(ctx)
			if err == nil && a.Sessions == 0 {
				err = errors.New("none is there yet")
			}
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
		meanwhile(cmd)
	}
	if err == nil && rest != "" {
		_, err = in.Write([]byte(rest))
	}
	if err != nil {
		s.t.Fatalf("the import does not read: %v\n%s", err, out.String())
	}
	if meanwhile == nil || rest != "" { // an interrupted one waits for more
		_ = in.Close()
	}
	_ = cmd.Wait()
	return out.String(), cmd.ProcessState.ExitCode()
}

// client asks one node alone.
func (s *move) client(node int) *client.Client {
	s.t.Helper()
	c, err := client.New(s.urls[node], client.WithApp("web"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}

// everybodyIsIn: each cookie is the same person as before, for the app and for every node.
func (s *move) everybodyIsIn() {
	s.t.Helper()
	var want strings.Builder
	for i := range s.cookies {
		fmt.Fprintf(&want, "200 p%d p%d\n", i, i)
	}
	if got := s.run(s.list, s.site, "after"); got != want.String() {
		s.t.Errorf("the app on sessnode knows the cookies as\n%.2000s\nwant\n%.200s...", got, want.String())
	}
	for node := range s.urls {
		c := s.client(node)
		for i, cookie := range s.cookies {
			if found, err := c.Read(s.t.Context(), cookie); err != nil || found.Subject != fmt.Sprintf("p%d", i) {
				s.t.Fatalf("cookie %d at node %d = %+v, %v", i, node+1, found, err)
			}
		}
	}
}

// noTokenIn searches the export, the logs and the data of all nodes. It finds what is planted.
func (s *move) noTokenIn(export string) {
	s.t.Helper()
	files := map[string][]byte{"the export": []byte(export), "planted": []byte("x" + s.cookies[0].Reveal())}
	err := filepath.WalkDir(s.data, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files[path], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(files) < 8 { // three logs, three nodes' data at least
		s.t.Fatalf("%d files were searched: the search itself is broken", len(files))
	}
	for name, content := range files {
		for i, cookie := range s.cookies {
			if found := bytes.Contains(content, []byte(cookie.Reveal())); found != (name == "planted" && i == 0) {
				s.t.Fatalf("token %d in %s: %v", i, name, found)
			}
		}
	}
}
