package sessionhttp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/sessionhttp"
	"github.com/sessnode/sessnode/sessnodetest"
)

// TestCookiesThatCanHoldNoTokenCostNoRequest: the store is not asked about what a stranger made up, however large.
func TestCookiesThatCanHoldNoTokenCostNoRequest(t *testing.T) {
	a := run(t, sessionhttp.Options{}, members())
	for name, header := range map[string]string{
		"empty":            "session=",
		"short":            "session=abc",
		"oversized":        "session=" + strings.Repeat("x", sessnode.MaxTokenLength+1),
		"huge":             "session=" + strings.Repeat("x", 100<<10),
		"control":          "session=aaaaaaaaaaaaaaaaaaaaaaaaaaaa\x01aaaaaaaaaaaaaaaaa",
		"not ASCII":        "session=" + strings.Repeat("ü", 43),
		"spaces":           `session="` + strings.Repeat("a b", 15) + `"`,
		"another name":     "sessionid=" + strings.Repeat("x", 43),
		"other case":       "Session=" + strings.Repeat("x", 43),
		"prefixed":         "__Host-session=" + strings.Repeat("x", 43),
		"nothing but junk": ";;;=;=;,",
	} {
		r := httptest.NewRequest(http.MethodGet, a.server.URL+"/read", nil)
		r.Header.Set("Cookie", header)
		w := httptest.NewRecorder()
		calls := a.calls.n.Load()
		a.server.Config.Handler.ServeHTTP(w, r)
		if w.Code != 200 || w.Body.String() != " " || len(w.Result().Cookies()) != 0 || a.calls.n.Load() != calls {
			t.Errorf("a cookie that is %s = %d %q %v after %d requests, want an anonymous answer and none",
				name, w.Code, w.Body, w.Header(), a.calls.n.Load()-calls)
		}
	}
}

// TestTokenThatNobodyIssuedIsNeverAdopted (strict mode: a session begins with a token of our own).
func TestTokenThatNobodyIssuedIsNeverAdopted(t *testing.T) {
	a := run(t, sessionhttp.Options{}, members())
	chosen := strings.Repeat("x", 43)
	b := a.browser().with(chosen)
	b.get("/login/ada")
	if b.cookie() == chosen || b.cookie() == "" || a.reason(chosen) == "" {
		t.Error("the visitor's own token became a session")
	}
}

// FuzzCookie: whatever a browser sends, the answer is anonymous or belongs to a token that was issued, and no other session begins.
func FuzzCookie(f *testing.F) {
	for _, seed := range []string{"", "session=x", "__Host-session=" + strings.Repeat("x", 43), "__Host-session=TOKEN; __Host-session=TOKEN",
		"__Host-session=\"TOKEN\"", "a=b;__Host-session=TOKEN", "__Host-session=TOKEN\x00", "__Host-session=%54OKEN", "__Host-session=TOKENx"} {
		f.Add(seed)
	}
	store := sessnodetest.New(f)
	sessions := store.Client("web")
	issued, _, err := sessions.Create(f.Context(), client.Create{Subject: "ada"})
	if err != nil {
		f.Fatal(err)
	}
	m, err := sessionhttp.New(sessions, sessionhttp.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header string) {
		header = strings.ReplaceAll(header, "TOKEN", issued.Reveal())
		r := httptest.NewRequest(http.MethodGet, "https://app.example/", nil)
		r.Header["Cookie"] = []string{header}
		w := httptest.NewRecorder()
		m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprint(w, sessionhttp.From(r).Subject())
		})).ServeHTTP(w, r)
		if w.Code != 200 || w.Body.String() != "" && !strings.Contains(header, issued.Reveal()) {
			t.Errorf("a cookie header of %d bytes = %d %q", len(header), w.Code, w.Body)
		}
		for _, c := range w.Result().Cookies() {
			if c.Value != "" {
				t.Errorf("a cookie header of %d bytes brings a token", len(header))
			}
		}
	})
}

// TestNoTokenLeaves in a log line, an error, or what a session prints as.
func TestNoTokenLeaves(t *testing.T) {
	var printed []string
	pages := members()
	pages["/print"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		_ = s.Subject()
		info, _ := s.Info()
		printed = append(printed, fmt.Sprintf("%v %+v %+v", s, s, info))
		s.Login("bob")
		_, _ = s.LogoutOthers()
		a := s.Commit()
		printed = append(printed, fmt.Sprintf("%v %+v %v", s, s, a))
		s.Logout()
		printed = append(printed, fmt.Sprintf("%v %+v", s, s))
	}
	a := run(t, sessionhttp.Options{}, pages)
	b := a.browser()
	secrets := []string{}
	for i, path := range []string{"/visit", "/login/ada", "/rotate", "/read", "/logout", "/login/ada", "/print"} {
		a.store.FailNext(i%2, sessnodetest.UnknownAfter)
		b.get(path)
		b.get(path)
		if c := b.cookie(); c != "" {
			secrets = append(secrets, c)
		}
	}
	if len(secrets) < 4 || len(printed) < 3 || !strings.Contains(a.log.String(), "session not") {
		t.Fatal("the test shows nothing")
	}
	for _, secret := range secrets {
		if text := a.log.String() + strings.Join(printed, ""); strings.Contains(text, secret) {
			t.Errorf("a token shows: %s", text)
		}
	}
}
