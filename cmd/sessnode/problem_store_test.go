package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/sessnodetest"
)

// TestEveryErrorOfTheStoreIsExplained: no code and no reason is left with words that would fit anything.
func TestEveryErrorOfTheStoreIsExplained(t *testing.T) {
	seen := map[string]string{}
	for _, row := range sessnode.Codes[1:] {
		p := explain(&sessnode.Error{Op: "read", App: "web", Err: row.Err, Detail: "why\x1b[2J"})
		if p.exit != row.Exit || p.why == "" || p.try == "" || strings.Contains(p.why, "all that is known") || strings.Contains(p.what, "\x1b") {
			t.Errorf("%s = %+v, want exit code %d and words of its own", row.Name, p, row.Exit)
		}
		if other, twice := seen[p.why]; twice {
			t.Errorf("%s and %s are explained alike: %s", row.Name, other, p.why)
		}
		seen[p.why] = row.Name
	}
	for _, reason := range []string{sessnode.ReasonNoLeader, sessnode.ReasonOverload, sessnode.ReasonGeneration} {
		p := explain(&sessnode.Error{Op: "read", Err: sessnode.ErrUnavailable, Reason: reason})
		if _, twice := seen[p.why]; twice {
			t.Errorf("unavailable for the reason %s is explained like something else: %s", reason, p.why)
		}
	}
	for detail, want := range map[string]string{"no such host": "not known here", "no answer in time": "overloaded or paused", "connection refused": "nothing listens"} {
		if p := explain(&sessnode.Error{Op: "read", Err: sessnode.ErrUnavailable, Detail: "http://h:7480: " + detail}); !strings.Contains(p.why, want) {
			t.Errorf("unavailable because of %s is explained by %q", detail, p.why)
		}
	}
	p := explain(&sessnode.Error{Op: "read", Err: sessnode.ErrUnavailable, Reason: sessnode.ReasonOverload, RetryAfter: 1500 * time.Millisecond})
	if !strings.Contains(p.try, "the node asks to wait 1.5s") {
		t.Errorf("try = %q, want how long to wait", p.try)
	}
}

// TestTheWrongSchemeIsRecognised in both directions, and a port on which something else speaks HTTP.
func TestTheWrongSchemeIsRecognised(t *testing.T) {
	plain := sessnodetest.New(t)
	secret := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secret.Close)
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	for url, want := range map[string]string{
		strings.Replace(plain.URL(), "http:", "https:", 1): "nodes speak plain HTTP unless a proxy gives them TLS",
		strings.Replace(secret.URL, "https:", "http:", 1):  "nodes speak plain HTTP unless a proxy gives them TLS",
		secret.URL: "the certificate does not fit",
		other.URL:  "another program answers at that address",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel() // each waits for its whole time-out, which has to be long enough for a busy machine
			var out bytes.Buffer
			std := stdio{out: &out, err: &out, env: func(string) (string, bool) { return "", false }}
			exit := run(t.Context(), std, []string{"app", "list", "--url", url, "--timeout", "3s"})
			if exit != exitUnavailable || !strings.Contains(out.String(), "likely: "+want) {
				t.Errorf("app list at %s = %d, want it to say %q:\n%s", url, exit, want, out.String())
			}
		})
	}
}

// TestAnUnknownOutcomeSaysHowToFindOut: every change is sent, and its connection cut before the answer.
func TestAnUnknownOutcomeSaysHowToFindOut(t *testing.T) {
	w := newWorld(t)
	inFolder(t, map[string]string{"token.txt": w.token.Reveal()})
	target := must(url.Parse(w.store.URL()))(t)
	pass := httputil.NewSingleHostReverseProxy(target)
	cut := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			r.Host = target.Host
			pass.ServeHTTP(rw, r)
			return
		}
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err == nil {
			conn.Close()
		}
	}))
	defer cut.Close()
	for line, want := range map[string]string{
		"session create --subject bob":               "sessnode session list shows whether there is one",
		"session rotate --token-file token.txt":      "sessnode session list shows whether there is one",
		"session set --token-file token.txt color=1": "look before doing it again",
		"session revoke ADA":                         "look before doing it again",
		"subject revoke ada --yes":                   "look before doing it again",
		"app set web --idle 20m":                     "look before doing it again",
		"app drop web --yes":                         "look before doing it again",
	} {
		out, err, exit := w.run(t, line+" --timeout 300ms --url "+cut.URL)
		if exit != sessnode.CodeUnknown.Info().Exit || !strings.Contains(err, want) || anyToken.MatchString(out+err) {
			t.Errorf("sessnode %s = %d, want it to say %q and to show no token:\n%s%s", line, exit, want, out, err)
		}
	}
}
