//go:build e2e

package compose

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// browser is one person's, at the proxy.
type browser struct {
	t    *testing.T
	home *url.URL
	http *http.Client
}

func (s *site) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	home, err := url.Parse(s.url("proxy"))
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{s.t, home, &http.Client{Jar: jar, Timeout: limit}}
}

// answer is what a click led to.
type answer struct {
	status int
	body   string
	by     string // the app server
}

func (b *browser) do(res *http.Response, err error) answer {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{res.StatusCode, strings.TrimSpace(string(body)), res.Header.Get("Served-By")}
}

func (b *browser) click(path string) answer {
	b.t.Helper()
	return b.do(b.http.Get(b.home.JoinPath(path).String()))
}

func (b *browser) send(path string, form url.Values) answer {
	b.t.Helper()
	return b.do(b.http.PostForm(b.home.JoinPath(path).String(), form))
}

// stays clicks n times, fails unless ada is signed in each time, and counts who served.
func (b *browser) stays(n int) map[string]int {
	b.t.Helper()
	by := map[string]int{}
	last := ""
	for i := range n {
		got := b.click("/whoami")
		if got.status != http.StatusOK || got.body != "ada" {
			b.t.Fatalf("click %d by %s = %d %q, want ada", i, got.by, got.status, got.body)
		}
		if by[got.by]++; got.by == last {
			by["the same again"]++
		}
		last = got.by
	}
	return by
}

// logIn signs ada in at the proxy and takes away an app server, then a node.
func (s *site) logIn() {
	b := s.browser()
	s.becomes("the app is there", func() error {
		if got := b.click("/healthz"); got.status != http.StatusOK {
			return fmt.Errorf("it answers %d", got.status)
		}
		return nil
	})
	if got := b.click("/whoami"); got.status != http.StatusUnauthorized {
		s.t.Errorf("before the login = %d %q, want %d", got.status, got.body, http.StatusUnauthorized)
	}
	if got := b.send("/login", url.Values{"username": {"ada"}, "password": {"demo"}}); got.status != http.StatusOK {
		s.t.Fatalf("the login = %d %q", got.status, got.body)
	}
	if by := b.stays(10); by["app1:8480"] != 5 || by["app2:8480"] != 5 || by["the same again"] != 0 {
		s.t.Errorf("ten clicks were served by %v, want the two in turn", by)
	}

	s.compose("--profile", "examples", "kill", "app1")
	if by := b.stays(6); by["app2:8480"] != 6 {
		s.t.Errorf("without app1, six clicks were served by %v, want app2", by)
	}
	s.compose("--profile", "examples", "kill", "n1")
	b.stays(6)
	s.compose("--profile", "examples", "up", "-d")
	s.whole()
	s.becomes("both app servers are there again", func() error {
		if by := b.stays(4); by["app1:8480"] != 2 {
			return fmt.Errorf("four clicks were served by %v", by)
		}
		return nil
	})

	if said := s.script("run", "session", "list", "--app", "login", "--subject", "ada"); !strings.Contains(said, "ada") {
		s.t.Errorf("compose.sh run session list does not know ada: %s", said)
	}

	before := b.http.Jar.Cookies(b.home)
	if len(before) == 0 {
		s.t.Fatal("the browser has no cookie")
	}
	if got := b.send("/logout", nil); got.status != http.StatusOK {
		s.t.Errorf("the logout = %d %q", got.status, got.body)
	}
	thief := s.browser()
	thief.http.Jar.SetCookies(b.home, before)
	for range 4 { // both app servers, all nodes
		if got := thief.click("/whoami"); got.status != http.StatusUnauthorized {
			s.t.Errorf("the cookie from before the logout = %d %q by %s, want %d", got.status, got.body, got.by, http.StatusUnauthorized)
		}
	}
}
