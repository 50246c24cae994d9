//go:build e2e

package examples

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// TestALoginOutlivesTheLeader: sign in, kill the leader, still in; sign out, and the old cookie is dead at every node.
func TestALoginOutlivesTheLeader(t *testing.T) {
	s := newStage(t)
	for _, e := range all {
		t.Run(e.name, func(t *testing.T) {
			app := (&stage{s.Cluster, t, s.root, s.python, s.urls}).serve(e)
			ada := newBrowser(t)
			ada.is(app, "nobody")
			if status, _ := ada.signsIn(app, "ada", "guess"); status == http.StatusOK && ada.token(app) != "" {
				t.Errorf("a wrong password: status %d", status)
			}
			ada.is(app, "nobody")
			if status, page := ada.signsIn(app, "ada", "demo"); status != http.StatusOK || !strings.Contains(page, "ada") {
				t.Fatalf("signing in: %d\n%s", status, page)
			}
			ada.is(app, "ada")
			cookie := sessnode.Token(ada.token(app))

			leader, _, err := s.Leader(t.Context(), startLimit)
			if err != nil {
				t.Fatal(err)
			}
			if err := leader.Kill(); err != nil {
				t.Fatal(err)
			}
			ada.is(app, "ada")
			if err := leader.Start(); err != nil {
				t.Fatal(err)
			}
			if err := s.AwaitReady(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, n := range s.Nodes {
				if found, err := s.node(n).Read(t.Context(), cookie); err != nil || found.Subject != "ada" {
					t.Errorf("%s knows %q, %v, want ada", n.Name, found.Subject, err)
				}
			}

			ada.submits(app, "/", "/logout", url.Values{})
			ada.is(app, "nobody")
			for _, n := range s.Nodes {
				if _, err := s.node(n).Read(t.Context(), cookie); !errors.Is(err, sessnode.ErrNotFound) {
					t.Errorf("%s about the old cookie: %v, want not found", n.Name, err)
				}
			}
		})
	}
}

// TestTheExamplesShareOneLogin: who signs in at one of them is signed in at all of them, and signed out everywhere by any.
func TestTheExamplesShareOneLogin(t *testing.T) {
	s := newStage(t)
	apps := map[string]string{}
	for _, e := range all {
		apps[e.name] = s.serve(e)
	}
	for in, entry := range apps {
		for out, exit := range apps {
			ada := newBrowser(t)
			if status, page := ada.signsIn(entry, "ada", "demo"); status != http.StatusOK {
				t.Fatalf("signing in at %s: %d\n%s", in, status, page)
			}
			for _, app := range apps {
				ada.is(app, "ada")
			}
			ada.submits(exit, "/", "/logout", url.Values{})
			for name, app := range apps {
				if ada.is(app, "nobody"); t.Failed() {
					t.Fatalf("signed in at %s, signed out at %s: seen at %s", in, out, name)
				}
			}
		}
	}
}

// TestAnOutageSignsNobodyOut stops the majority: the app says so, the cookie stays, and the login is there again afterwards.
func TestAnOutageSignsNobodyOut(t *testing.T) {
	s := newStage(t)
	people := map[string]*browser{}
	for _, e := range all {
		app := s.serve(e)
		people[app] = newBrowser(t)
		if status, page := people[app].signsIn(app, "ada", "demo"); status != http.StatusOK {
			t.Fatalf("signing in at %s: %d\n%s", e.name, status, page)
		}
	}
	for _, n := range s.Nodes[:2] {
		if err := n.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	for app, ada := range people {
		before := ada.token(app)
		status, page := ada.get(app + "/")
		if status != http.StatusServiceUnavailable || strings.Contains(page, "Traceback") || ada.token(app) != before || before == "" {
			t.Errorf("%s during the outage: %d, cookie kept: %t\n%s", app, status, ada.token(app) == before, page)
		}
	}
	for _, n := range s.Nodes[:2] {
		if err := n.Start(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	for app, ada := range people {
		ada.is(app, "ada")
	}
}
