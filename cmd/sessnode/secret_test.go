package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/sessnodetest"
)

// TestNoVerbTakesATokenOnItsCommandLine: wherever one is typed it is refused or not understood, is not shown again, and never
// becomes part of a URL.
func TestNoVerbTakesATokenOnItsCommandLine(t *testing.T) {
	t.Chdir(t.TempDir()) // some verbs write files
	store := sessnodetest.New(t)
	proxy, seen := record(t, store.URL())
	token := sessnode.NewToken().Reveal()
	tried := 0
	for _, c := range tree(t) {
		if !c.Runnable() || c.Name() == "serve" || c.Name() == "bench" || c.Name() == "demo" {
			continue // those start nodes or load, and take no argument
		}
		path := strings.Fields(c.CommandPath())[1:]
		if len(path) > 0 && (path[0] == "completion" || path[0] == "help") {
			continue
		}
		named := len(path) > 0 && (path[0] == "subject" || path[0] == "node") // their argument is a name, which may be long
		for _, more := range [][]string{{token}, {token, "--yes"}, {"--token", token}, {"--token=" + token}, {"--except", token, "ada", "--yes"}, {"name=" + token}, {"--token-file", "/dev/null", token}, {"--output", token}, {"--idle", token}, {"--app", token}} {
			var out bytes.Buffer
			std := stdio{out: &out, err: &out, env: func(name string) (string, bool) { return proxy, name == "SESSNODE_URL" }}
			args := append(append([]string{}, path...), more...)
			if named {
				args = append(args, "--app", "web")
			}
			run(t.Context(), std, args)
			if shown := strings.Join(path, " ") == "config print"; strings.Contains(out.String(), token) && !named && !shown {
				t.Errorf("sessnode %s shows a token again:\n%s", strings.Join(args, " "), out.String())
			}
			tried++
		}
	}
	if tried < 150 {
		t.Errorf("tried %d command lines only: the search itself is broken", tried)
	}
	for _, line := range seen() {
		if strings.Contains(line, token) && !strings.Contains(line, "/subjects/") {
			t.Errorf("a token went into a URL: %s", line)
		}
	}
}

// TestNoVerbShowsAToken: but create and rotate, nothing prints one, also with -v, and also when the store fails.
func TestNoVerbShowsAToken(t *testing.T) {
	for _, failing := range []bool{false, true} {
		w := newWorld(t)
		inFolder(t, map[string]string{"token.txt": w.token.Reveal()})
		for _, line := range []string{
			"session get ADA -v", "session get --token-file token.txt -v -o json", "session get --token-file - -v -o wide < token.txt", "session set --token-file token.txt n=2 -v", "session list -v -o json",
			"session rotate --token-file none.txt -v", "why ADA -v", "subject sessions ada -v", "subject export ada -v", "app get -v", "status -v -o json", "top --once --interval 100ms -v -o json",
			"events --for 50ms --after oldest -v -o json", "config print -v", "session revoke --token-file token.txt -v",
		} {
			if failing {
				w.store.FailNext(1, sessnodetest.UnknownBefore)
				line += " --timeout 300ms" // shorter than the wait that the store asks for
				line = strings.ReplaceAll(line, " < token.txt --timeout 300ms", " --timeout 300ms < token.txt")
			}
			out, err, exit := w.run(t, line)
			if strings.Contains(out+err, w.token.Reveal()) {
				t.Errorf("sessnode %s shows the token:\n%s%s", line, out, err)
			}
			if !strings.Contains(line, "none.txt") && !strings.Contains(line, "config") && !strings.Contains(err, "curl ") {
				t.Errorf("sessnode %s = %d shows no request:\n%s", line, exit, err)
			}
		}
	}
}

// TestOnlyThatTokenIsShown: rotate prints the new token once, and neither the old one nor the new one in a request.
func TestOnlyThatTokenIsShown(t *testing.T) {
	w := newWorld(t)
	inFolder(t, map[string]string{"token.txt": w.token.Reveal()})
	for _, line := range []string{"session rotate --token-file token.txt -v -o json", "session create -v -o json"} {
		out, err, exit := w.run(t, line)
		fresh := anyToken.FindString(out)
		if exit != 0 || fresh == "" || fresh == w.token.Reveal() || strings.Contains(out+err, w.token.Reveal()) || strings.Contains(err, fresh) {
			t.Errorf("sessnode %s = %d\n%s%s", line, exit, out, err)
		}
	}
}

// TestTheAPIKeyIsNeverShown, wherever it comes from.
func TestTheAPIKeyIsNeverShown(t *testing.T) {
	const key = "hunter2-hunter2"
	inFolder(t, map[string]string{"api.key": key + "\n", "c.yaml": "url: sessnode://" + key + "@127.0.0.1:1/web\napp: web\n"})
	for _, line := range []string{
		"status --url sessnode://%s@127.0.0.1:1/web -v", "session list --url sessnode://%s@127.0.0.1:1/web --timeout 200ms -v", "session list --api-key-file api.key --url http://127.0.0.1:1 --timeout 200ms -v --app web",
		"session list --config c.yaml --timeout 200ms", "config print --config c.yaml", "config print --url sessnode://%s@h/web -o json", "session list --url redis://%s@h/web", "session list --url sessnode://%s@h:1:2/web", "session list --url http://%s@h/web",
		"events --url sessnode://%s@127.0.0.1:1/web --for 100ms --timeout 200ms", "check --url http://%s@h",
	} {
		var out bytes.Buffer
		if strings.Contains(line, "%s") {
			line = fmt.Sprintf(line, key)
		}
		run(t.Context(), stdio{out: &out, err: &out, env: func(string) (string, bool) { return "", false }}, strings.Fields(line))
		if strings.Contains(out.String(), key) || out.Len() == 0 {
			t.Errorf("sessnode %s shows the key, or nothing:\n%s", strings.ReplaceAll(line, key, "KEY"), strings.ReplaceAll(out.String(), key, "<<KEY>>"))
		}
	}
}

// record stands in front of a store and remembers what it was asked for.
func record(t *testing.T, to string) (address string, seen func() []string) {
	t.Helper()
	var mu sync.Mutex
	var lines []string
	target := must(url.Parse(to))(t)
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		lines = append(lines, r.Method+" "+r.URL.String())
		mu.Unlock()
		r.Host = target.Host
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return lines
	}
}

// must is for set-up that cannot fail.
func must[V any](v V, err error) func(*testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestATokenFileHoldsOneToken and nothing else; what it holds instead is not shown.
func TestATokenFileHoldsOneToken(t *testing.T) {
	w := newWorld(t)
	for content, want := range map[string]string{
		"":                             "there is nothing in it",
		" \n":                          "there is nothing in it",
		"hunter2 hunter2":              "more than one word",
		"hunter2\nhunter2":             "more than one word",
		strings.Repeat("hunter2", 99):  "more than one word, or characters",
		strings.Repeat("hunter2", 999): "more than 4096 bytes",
		"  hunter2hunter2hunter2hunter2hunter2 \n": "session not found",
	} {
		inFolder(t, map[string]string{"token.txt": content})
		out, err, exit := w.run(t, "session get --token-file token.txt")
		if exit == exitOK || !strings.Contains(err, want) || strings.Contains(out+err, "hunter2") {
			t.Errorf("a token file with %.20q = %d, want %q:\n%s", content, exit, want, err)
		}
	}
}

func TestAKeyOnTheCommandLineIsRemarkedOn(t *testing.T) {
	store := sessnodetest.New(t)
	host := strings.TrimPrefix(store.URL(), "http://")
	var out, err bytes.Buffer
	std := stdio{out: &out, err: &err, env: os.LookupEnv}
	if exit := run(t.Context(), std, []string{"app", "list", "--url", "sessnode://KEY@" + host}); exit != 0 || !strings.Contains(err.String(), "can see the key in --url") {
		t.Errorf("app list with a key in --url = %d, %q", exit, err.String())
	}
	if _, made, e := store.Client("web").Create(t.Context(), client.Create{}); e != nil || made.ID.IsZero() {
		t.Fatal(e)
	}
}
