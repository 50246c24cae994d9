package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// calls are one read, and changes of each kind.
var calls = map[string]func(*testing.T, *client.Client) error{
	"read": func(t *testing.T, c *client.Client) error { _, err := c.Read(t.Context(), token); return err },
	"patch": func(t *testing.T, c *client.Client) error {
		_, err := c.Patch(t.Context(), token, sessnode.Edit{})
		return err
	},
	"create": func(t *testing.T, c *client.Client) error {
		_, _, err := c.Create(t.Context(), client.Create{})
		return err
	},
	"rotate": func(t *testing.T, c *client.Client) error {
		_, _, err := c.Rotate(t.Context(), token, client.Rotation{})
		return err
	},
	"revoke": func(t *testing.T, c *client.Client) error { return c.Revoke(t.Context(), token) },
	"subject": func(t *testing.T, c *client.Client) error {
		_, err := c.RevokeSubject(t.Context(), "ada", sessnode.ID{})
		return err
	},
	"policy": func(t *testing.T, c *client.Client) error {
		_, err := c.PutPolicy(t.Context(), sessnode.DefaultPolicy())
		return err
	},
}

// TestOutcomeIsOneOfThree: whatever a node does, each call ends in the outcome that can be concluded, and no other.
func TestOutcomeIsOneOfThree(t *testing.T) {
	unavailable, unknown := sessnode.ErrUnavailable, sessnode.ErrUnknown
	for name, tc := range map[string]struct {
		plays        []script // one a try, then the last one for ever
		read, change error
	}{
		"down":                 {[]script{down}, unavailable, unavailable},
		"no leader":            {[]script{refuses(503, "unavailable", "no_leader")}, unavailable, unavailable},
		"cut":                  {[]script{cut}, unavailable, unknown},
		"hangs":                {[]script{hangs}, unavailable, unknown},
		"unknown":              {[]script{refuses(504, "unknown", "")}, unavailable, unknown},
		"panic":                {[]script{refuses(500, "unknown", "")}, unavailable, unknown},
		"cut, then no leader":  {[]script{cut, refuses(503, "unavailable", "")}, unavailable, unknown},
		"cut, then down":       {[]script{cut, down}, unavailable, unknown},
		"no leader, then cut":  {[]script{refuses(503, "unavailable", ""), cut}, unavailable, unknown},
		"cut, then not found":  {[]script{cut, refuses(404, "not_found", "")}, sessnode.ErrNotFound, sessnode.ErrNotFound},
		"cut, then disks full": {[]script{cut, refuses(507, "full", "disk")}, sessnode.ErrFull, unknown},
		"disks full":           {[]script{refuses(507, "full", "disk")}, sessnode.ErrFull, sessnode.ErrFull},
		"cut, then full":       {[]script{cut, refuses(507, "full", "")}, sessnode.ErrFull, sessnode.ErrFull},
		"proxy's 404":          {[]script{says(404, "text/html", "not found")}, unavailable, unknown},
		"proxy's 404 as JSON":  {[]script{says(404, "application/json", `{"code":"not_found"}`)}, unavailable, unknown},
		"proxy's problem":      {[]script{says(404, "application/problem+json", `{"status":404}`)}, unavailable, unknown},
		"problem of no node":   {[]script{says(404, "application/problem+json", `{"code":"not_found"}`)}, unavailable, unavailable},
		"proxy's 200":          {[]script{says(200, "text/html", "welcome")}, unavailable, unknown},
		"proxy's 304":          {[]script{says(304, "", "")}, unavailable, unknown},
		"proxy's 502":          {[]script{says(502, "text/html", "bad gateway")}, unavailable, unknown},
		"redirect":             {[]script{redirect}, unavailable, unknown},
		"body that makes none": {[]script{says(200, "application/json", "{", "Session-Index", "1-5", "Session-Generation", "1")}, unavailable, unknown},
		"code of the future":   {[]script{refuses(451, "sealed", "")}, unavailable, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for op, call := range calls {
					want := tc.change
					if op == "read" {
						want = tc.read
					}
					if op == "revoke" && name == "body that makes none" {
						want = nil // it needs no body
					}
					c, _ := connect(t, []script{inTurn(tc.plays...)}, client.WithTimeout(2*time.Second))
					if err := call(t, c); !onlyIs(err, want) {
						t.Errorf("%s = %v, want %v and nothing else", op, err, want)
					}
				}
			})
		})
	}
}

// TestWhatANodeSaidIsToldAtTheEnd: that one node has no leader explains more than that the others can not be reached.
func TestWhatANodeSaidIsToldAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := connect(t, []script{inTurn(refuses(503, "unavailable", "no_leader"), down)}, client.WithTimeout(2*time.Second))
		var e *sessnode.Error
		if _, err := c.Read(t.Context(), token); !errors.As(err, &e) || e.Reason != "no_leader" {
			t.Errorf("Read of a node without a leader that dies then = %v, want the reason no_leader", err)
		}
	})
}

// TestEveryCodeIsItsError: errors.Is works across the wire for the whole table.
func TestEveryCodeIsItsError(t *testing.T) {
	for _, row := range sessnode.Codes[1:] {
		synctest.Test(t, func(t *testing.T) {
			c, _ := connect(t, []script{refuses(row.Status, row.Name, "because")})
			_, err := c.Patch(t.Context(), token, sessnode.Edit{})
			var e *sessnode.Error
			if !onlyIs(err, row.Err) || !errors.As(err, &e) || e.Op != "patch" || e.App != "web" || e.Reason != "because" {
				t.Errorf("Patch answered with %s = %v, want %v of patch, with app and reason", row.Name, err, row.Err)
			}
		})
	}
}

func TestUnknownCreateStillReturnsItsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := connect(t, []script{cut})
		got, _, err := c.Create(t.Context(), client.Create{})
		if !errors.Is(err, sessnode.ErrUnknown) || !strings.Contains(f.seen()[0].body, got.Reveal()) || got == "" {
			t.Errorf("Create = %q, %v, want the token that was sent", got.Reveal(), err)
		}
		c, _ = connect(t, []script{down})
		if got, _, err := c.Create(t.Context(), client.Create{}); !errors.Is(err, sessnode.ErrUnavailable) || got != "" {
			t.Errorf("Create = %q, %v, want no token", got.Reveal(), err)
		}
	})
}

// TestMalformedTokenNamesNoSession: it is certain without asking, and never leaves for the network.
func TestMalformedTokenNamesNoSession(t *testing.T) {
	c, f := connect(t, []script{alive("1")})
	for _, bad := range []sessnode.Token{"", "a b", "a\r\nb", "é", sessnode.Token(strings.Repeat("x", 257))} {
		if _, err := c.Read(t.Context(), bad); !errors.Is(err, sessnode.ErrNotFound) {
			t.Errorf("Read(%q) = %v, want ErrNotFound", bad.Reveal(), err)
		}
		if err := c.Revoke(t.Context(), bad); err != nil {
			t.Errorf("Revoke(%q) = %v, want nil", bad.Reveal(), err)
		}
		if _, _, err := c.Create(t.Context(), client.Create{Token: bad}); bad != "" && !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("Create(%q) = %v, want ErrInvalid", bad.Reveal(), err)
		}
	}
	for _, s := range f.seen() {
		if s.method != http.MethodPost || strings.Contains(s.path, "session/") {
			t.Errorf("a malformed token went out: %+v", s)
		}
	}
}

func TestTransferIsNotRepeatedInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := connect(t, []script{cut, cut, cut})
		if err := c.Transfer(t.Context(), ""); !errors.Is(err, sessnode.ErrUnknown) || len(f.seen()) != 1 {
			t.Errorf("Transfer = %v after %d tries, want ErrUnknown after 1", err, len(f.seen()))
		}
		c, f = connect(t, []script{down, down, refuses(503, "unavailable", "")})
		if err := c.Transfer(t.Context(), ""); !errors.Is(err, sessnode.ErrUnavailable) || len(f.seen()) < 3 {
			t.Errorf("Transfer = %v after %d tries, want ErrUnavailable after all nodes", err, len(f.seen()))
		}
	})
}

func TestCallWithoutAnAppIsInvalid(t *testing.T) {
	c, f := connect(t, []script{alive("1")})
	for _, app := range []string{"", "Web", "../x", "a/b"} {
		if _, err := c.In(app).Read(t.Context(), token); !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("Read in app %q = %v, want ErrInvalid", app, err)
		}
	}
	if len(f.seen()) != 0 {
		t.Errorf("requests of an app without a name went out: %v", f.seen())
	}
}

func says(status int, contentType, body string, headers ...string) script {
	return func(*http.Request) (*http.Response, error) {
		return respond(status, contentType, body, headers...), nil
	}
}

func redirect(req *http.Request) (*http.Response, error) {
	if strings.Contains(req.URL.Path, "elsewhere") {
		panic("the redirect was followed")
	}
	return respond(307, "", "", "Location", "http://n1:1/elsewhere"), nil
}

// onlyIs reports whether err is want and none of the other sentinels.
func onlyIs(err, want error) bool {
	if want == nil {
		return err == nil
	}
	for _, row := range sessnode.Codes[1:] {
		if errors.Is(err, row.Err) != (row.Err == want) {
			return false
		}
	}
	return strings.Count(fmt.Sprint(err), "\n") == 0
}
