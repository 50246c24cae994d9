//go:build e2e

// Package examples tries the login apps of examples/ as a browser without a screen would: over HTTP, in front of three real nodes.
package examples

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/ports"
)

const (
	cookieName = "sessnode" // the same in all examples, so that they share one login
	startLimit = 60 * time.Second
)

// example is one of the apps. Each has /login (a form with username and password), /logout, /whoami and /healthz.
type example struct {
	name    string
	command []string // from the root of the checkout; {python} is the interpreter, {port} the port to listen on
}

// all are the examples that share the app "web" and the cookie's name.
var all = []example{
	{"flask", []string{"{python}", "examples/flask/app.py"}},
	{"flask-session", []string{"{python}", "examples/flask-session/app.py"}},
	{"pyramid", []string{"{python}", "examples/pyramid/app.py"}},
	{"go-login", []string{"go", "run", "./examples/go-login", "-addr", "127.0.0.1:{port}", "-cookie", cookieName}},
	{"django", []string{"{python}", "examples/django/manage.py", "runserver", "--noreload", "{port}"}},
}

// stage is three nodes, and what starts examples in front of them.
type stage struct {
	*harness.Cluster
	t            *testing.T
	root, python string
	urls         string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	root, err := harness.ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	script := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "python.sh"))
	python, err := script.Output()
	if err != nil {
		t.Fatalf("scripts/python.sh: %v", err)
	}
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
	s := &stage{Cluster: cluster, t: t, root: root, python: strings.TrimSpace(string(python))}
	var urls []string
	for _, n := range cluster.Nodes {
		urls = append(urls, n.URL())
	}
	s.urls = strings.Join(urls, ",")
	return s
}

// serve starts an example and returns its address. Its output goes to the test's when the test fails.
func (s *stage) serve(e example) string {
	s.t.Helper()
	free, _, err := ports.Take(1)
	if err != nil {
		s.t.Fatal(err)
	}
	port := fmt.Sprint(free[0])
	var args []string
	for _, word := range e.command {
		args = append(args, strings.NewReplacer("{python}", s.python, "{port}", port).Replace(word))
	}
	said, err := os.Create(filepath.Join(s.t.TempDir(), "app.log"))
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.root, said, said
	cmd.Env = append(os.Environ(), "SESSNODE_URL="+s.urls, "SESSNODE_APP=web", "SESSNODE_KEY=", "PORT="+port, "PYTHONDONTWRITEBYTECODE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if text, _ := os.ReadFile(said.Name()); s.t.Failed() {
			s.t.Logf("%s said:\n%s", e.name, text)
		}
		_ = said.Close()
	})
	address := "http://127.0.0.1:" + port
	err = harness.Await(s.t.Context(), startLimit, e.name+" answers", func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/healthz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return address
}

// node returns a client of one node alone.
func (s *stage) node(n *harness.Node) *client.Client {
	s.t.Helper()
	c, err := client.New(n.URL(), client.WithApp("web"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}

// browser keeps cookies and follows redirects. Cookies know no ports, so the examples share them.
type browser struct {
	t      *testing.T
	client *http.Client
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

func (b *browser) send(req *http.Request) (int, string) {
	b.t.Helper()
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (b *browser) get(address string) (int, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send(req)
}

var hidden = regexp.MustCompile(`<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]+)"`)

// submits posts a form to path, with what the page `from` has hidden in its form (a CSRF token).
func (b *browser) submits(app, from, path string, form url.Values) (int, string) {
	b.t.Helper()
	_, page := b.get(app + from)
	for _, field := range hidden.FindAllStringSubmatch(page, -1) {
		if !form.Has(field[1]) {
			form.Set(field[1], field[2])
		}
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, app+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Referer", app+from)
	return b.send(req)
}

func (b *browser) signsIn(app, name, password string) (int, string) {
	b.t.Helper()
	return b.submits(app, "/login", "/login", url.Values{"username": {name}, "password": {password}})
}

// is checks whom an app takes the browser for.
func (b *browser) is(app, who string) {
	b.t.Helper()
	want := http.StatusOK
	if who == "nobody" {
		want = http.StatusUnauthorized
	}
	status, text := b.get(app + "/whoami")
	if status != want || strings.TrimSpace(text) != who {
		b.t.Errorf("whoami at %s = %d %q, want %d %q", app, status, text, want, who)
	}
}

// token is what the browser's cookie holds, "" for no cookie.
func (b *browser) token(app string) string {
	b.t.Helper()
	address, err := url.Parse(app)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(address) {
		if c.Name == cookieName {
			return c.Value
		}
	}
	return ""
}
