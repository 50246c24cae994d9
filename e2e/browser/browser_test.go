//go:build e2e

package browser

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/examples/go-login/login"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// stage is three nodes and the login app: once in front of all of them, and once in front of each alone.
type stage struct {
	*harness.Cluster
	app   string
	alone map[*harness.Node]string
}

func newStage(t *testing.T) *stage {
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
	s := &stage{Cluster: cluster, alone: map[*harness.Node]string{}}
	var urls []string
	for _, n := range cluster.Nodes {
		urls = append(urls, n.URL())
		s.alone[n] = serve(t, n.URL())
	}
	s.app = serve(t, strings.Join(urls, ","))
	return s
}

// serve runs the login app over the nodes of a URL.
func serve(t *testing.T, url string) string {
	t.Helper()
	sessions, err := client.New(url, client.WithApp("library"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sessions.Close)
	handler, err := login.New(sessions, login.Options{Title: "The library", Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func (p *person) sees(what, text, want string) {
	p.t.Helper()
	if !strings.Contains(text, want) {
		p.t.Errorf("%s %s and reads\n%s\nwant %q", p.name, what, text, want)
	}
}

// TestAPersonStaysSignedInWhenTheLeaderDies is the product's main job: a login, a dead leader, nobody notices; a logout, and no node
// lets the cookie in again.
func TestAPersonStaysSignedInWhenTheLeaderDies(t *testing.T) {
	s := newStage(t)
	ada := newPerson(t, "ada")
	ada.sees("signs in with a wrong password", ada.signsIn(s.app, "guess"), "Sign in")
	ada.sees("signs in", ada.signsIn(s.app, "demo"), "Welcome back, ada")
	ada.shows("home")
	cookies := ada.cookies(s.app)
	if len(cookies) != 1 || !cookies[0].HTTPOnly || string(cookies[0].SameSite) != "Lax" {
		t.Fatalf("the browser keeps %+v, want one cookie that scripts cannot read", cookies)
	}

	leader, _, err := s.Leader(t.Context(), patience)
	if err != nil {
		t.Fatal(err)
	}
	if err := leader.Kill(); err != nil {
		t.Fatal(err)
	}
	ada.sees("clicks right after the leader was killed", ada.opens(s.app+"/"), "Welcome back, ada")
	for _, n := range s.Others(leader) {
		ada.sees("clicks at an app server that knows "+n.Name+" alone", ada.opens(s.alone[n]+"/"), "Welcome back, ada")
	}
	if err := leader.Start(); err != nil {
		t.Fatal(err)
	}
	if err := leader.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}

	ada.opens(s.app + "/")
	ada.sees("signs out", ada.clicks("form[action='/logout'] button"), "Sign in")
	for n, url := range s.alone {
		ada.keeps(url, cookies[0])
		ada.sees("brings the old cookie to "+n.Name, ada.opens(url+"/"), "Sign in")
		if left := ada.cookies(url); len(left) > 0 && left[0].Value == cookies[0].Value {
			t.Errorf("at %s the browser still keeps the dead cookie", n.Name)
		}
	}
}

// TestAForgottenLoginIsEndedFromElsewhere: somebody forgot to sign out at the library, and does it from home.
func TestAForgottenLoginIsEndedFromElsewhere(t *testing.T) {
	s := newStage(t)
	library, home := newPerson(t, "ada"), newPerson(t, "ada")
	library.sees("signs in at the library", library.signsIn(s.app, "demo"), "Welcome back, ada")
	home.sees("signs in at home", home.signsIn(s.app, "demo"), "Welcome back, ada")
	home.shows("home-two-devices")
	home.view(390, 844)
	home.shows("home-two-devices-phone")
	home.sees("signs out everywhere else", home.clicks("form[action='/devices/end-others'] button"), "Welcome back, ada")
	library.sees("clicks at the library", library.opens(s.app+"/"), "Sign in")
	home.sees("clicks at home", home.opens(s.app+"/"), "Welcome back, ada")
}

// TestAnOutageSignsNobodyOut stops the majority: the page says so, the cookie stays, and it heals by itself.
func TestAnOutageSignsNobodyOut(t *testing.T) {
	s := newStage(t)
	ada := newPerson(t, "ada")
	ada.sees("signs in", ada.signsIn(s.app, "demo"), "Welcome back, ada")
	before := ada.cookies(s.app)
	for _, n := range s.Nodes[:2] {
		if err := n.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	ada.sees("clicks during the outage", ada.opens(s.app+"/"), "still signed in")
	ada.shows("outage")
	if after := ada.cookies(s.app); len(after) != 1 || after[0].Value != before[0].Value {
		t.Errorf("the outage changed the browser's cookie")
	}
	for _, n := range s.Nodes[:2] {
		if err := n.Start(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	ada.sees("clicks when it is over", ada.opens(s.app+"/"), "Welcome back, ada")
}

// TestPagesFitAPhone opens each page in a window of 390 pixels: nothing may stick out sideways, and buttons must be large enough for
// a finger (WCAG 2.2, 2.5.8).
func TestPagesFitAPhone(t *testing.T) {
	s := newStage(t)
	ada := newPerson(t, "ada")
	ada.view(390, 844)
	look := func(name string) {
		t.Helper()
		ada.shows("phone-" + name)
		if wide := ask[int](ada, `document.documentElement.scrollWidth`); wide > 390 {
			t.Errorf("%s is %d pixels wide in a window of 390", name, wide)
		}
		if small := ask[int](ada, `[...document.querySelectorAll("button, a.button, input:not([type=hidden])")].filter(e => e.getBoundingClientRect().height < 24).length`); small > 0 {
			t.Errorf("%s has %d things to tap that are less than 24 pixels high", name, small)
		}
	}
	ada.opens(s.app + "/login")
	look("login")
	ada.signsIn(s.app, "guess")
	look("wrong password")
	ada.signsIn(s.app, "demo")
	look("home")
}
