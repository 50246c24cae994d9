package login_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/examples/go-login/login"
	"github.com/sessnode/sessnode/sessnodetest"
)

// site is the app on a loopback port over a store in memory.
type site struct {
	t        *testing.T
	store    *sessnodetest.Server
	sessions *client.Client
	server   *httptest.Server
}

func open(t *testing.T, o login.Options) *site {
	t.Helper()
	s := &site{t: t, store: sessnodetest.New(t)}
	s.sessions = s.store.Client("login")
	o.Log = slog.New(slog.DiscardHandler)
	app, err := login.New(s.sessions, o)
	if err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewServer(app)
	t.Cleanup(s.server.Close)
	return s
}

// browser is a person at a browser: it keeps cookies and follows redirects.
type browser struct {
	*site
	http  *http.Client
	agent string
}

func (s *site) browser() *browser {
	jar, _ := cookiejar.New(nil) // without options it never fails
	return &browser{site: s, http: &http.Client{Jar: jar, Transport: s.server.Client().Transport}, agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
}

type page struct {
	status int
	path   string // where the redirects led
	header http.Header
	body   string
}

func (b *browser) do(method, path string, form url.Values, headers ...string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("User-Agent", b.agent)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	return page{res.StatusCode, res.Request.URL.Path, res.Header, string(body)}
}

func (b *browser) get(path string) page { b.t.Helper(); return b.do(http.MethodGet, path, nil) }

func (b *browser) post(path string, pairs ...string) page {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

func (b *browser) signIn(user, password string) page {
	b.t.Helper()
	return b.post("/login", "username", user, "password", password)
}

// is checks who the app takes the browser for.
func (b *browser) is(who string) {
	b.t.Helper()
	want := map[bool]int{true: 401, false: 200}[who == "nobody"]
	if got := b.get("/whoami"); got.status != want || got.body != who+"\n" {
		b.t.Errorf("whoami = %d %q, want %d %q", got.status, got.body, want, who)
	}
}

// shows checks where a browser got to and what it reads there.
func (p page) shows(t *testing.T, status int, path string, texts ...string) {
	t.Helper()
	if p.status != status || p.path != path {
		t.Errorf("page = %d %s, want %d %s", p.status, p.path, status, path)
	}
	for _, text := range texts {
		if !strings.Contains(p.body, text) {
			t.Errorf("%s does not show %q:\n%s", p.path, text, p.body)
		}
	}
}

func (b *browser) cookie() string {
	u, _ := url.Parse(b.server.URL)
	for _, c := range b.http.Jar.Cookies(u) {
		return c.Value
	}
	return ""
}

func TestLoginGreetingLogout(t *testing.T) {
	s := open(t, login.Options{})
	b := s.browser()
	b.get("/").shows(t, 200, "/login", "<h1>Sign in</h1>", "password <b>demo</b>")
	b.is("nobody")
	b.signIn("ada", "demo").shows(t, 200, "/", "Welcome back, ada!", "<dd>1</dd>", "Firefox on Linux", "This device")
	b.get("/").shows(t, 200, "/", "<dd>2</dd>")
	b.get("/login").shows(t, 200, "/", "<dd>3</dd>")
	b.is("ada")
	token := b.cookie()
	b.post("/logout").shows(t, 200, "/login", "Signed out")
	b.is("nobody")
	if got := b.get("/login"); strings.Contains(got.body, "Signed out") {
		t.Error("the message shows twice")
	}
	if _, err := s.sessions.Read(t.Context(), sessnode.Token(token)); sessnode.ReasonOf(err) != sessnode.ReasonRevoked {
		t.Errorf("the cookie from before = %v, want revoked", err)
	}
	replay := s.browser()
	u, _ := url.Parse(s.server.URL)
	replay.http.Jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: token}})
	replay.is("nobody")
	b.get("/healthz").shows(t, 200, "/healthz", "ok")
}

func TestWrongPasswordSaysSoAndNotWhichPart(t *testing.T) {
	b := open(t, login.Options{}).browser()
	name := b.signIn("eve", "demo")
	name.shows(t, 401, "/login", "Wrong name or password.", `value="eve"`, `role="alert"`)
	password := b.signIn("ada", "guess")
	if strings.ReplaceAll(name.body, "eve", "ada") != password.body || password.status != 401 || b.cookie() != "" {
		t.Error("a wrong name and a wrong password are answered differently, or set a cookie")
	}
	b.signIn("<script>", "").shows(t, 401, "/login", "&lt;script&gt;")
	b.is("nobody")
}

func TestLoginReplacesTheTokenAndCountsAnew(t *testing.T) {
	b := open(t, login.Options{}).browser()
	b.signIn("ada", "demo")
	first := b.cookie()
	b.get("/")
	b.signIn("grace", "demo").shows(t, 200, "/", "Welcome back, grace!", "<dd>1</dd>")
	if b.cookie() == first {
		t.Error("grace goes on with the token of ada")
	}
}

var ids = regexp.MustCompile(`name="id" value="([^"]+)"`)

func TestDevicesAreListedAndEnded(t *testing.T) {
	s := open(t, login.Options{})
	laptop, phone, library, grace := s.browser(), s.browser(), s.browser(), s.browser()
	phone.agent, library.agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "curl/8.0"
	library.signIn("ada", "demo")
	phone.signIn("ada", "demo")
	grace.signIn("grace", "demo")
	laptop.signIn("ada", "demo").shows(t, 200, "/", "Firefox on Linux", "Safari on iPhone", "curl", "Sign out everywhere else")

	others := ids.FindAllStringSubmatch(laptop.get("/").body, -1)
	if len(others) != 2 {
		t.Fatalf("found %d sessions to end, want those of the library and the phone", len(others))
	}
	grace.post("/devices/end", "id", others[0][1]).shows(t, 200, "/", "Welcome back, grace!", "signed out already")
	library.is("ada")
	laptop.post("/devices/end", "id", others[0][1]).shows(t, 200, "/", "That device is signed out")
	library.is("nobody")
	laptop.post("/devices/end", "id", "no id").shows(t, 200, "/", "signed out already")
	laptop.post("/devices/end-others").shows(t, 200, "/", "Signed out on 1 other device")
	phone.is("nobody")
	laptop.is("ada")
	grace.is("grace")
	s.browser().post("/devices/end-others").shows(t, 200, "/login")
}

// TestFormsOfOtherSitesAreRefused: what a page elsewhere makes the browser send changes nothing.
func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	b := open(t, login.Options{}).browser()
	b.signIn("ada", "demo")
	for _, path := range []string{"/logout", "/login", "/devices/end-others", "/devices/end"} {
		for _, header := range [][]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}} {
			if got := b.do(http.MethodPost, path, url.Values{"username": {"grace"}, "password": {"demo"}}, header...); got.status != 403 {
				t.Errorf("POST %s with %v = %d, want 403", path, header, got.status)
			}
		}
		b.do(http.MethodGet, path, nil, "Sec-Fetch-Site", "cross-site") // a link from elsewhere is harmless
	}
	b.is("ada")
}

// TestStoreDownSaysSoAndKeepsTheCookie, and the page that comes back by itself finds everything as it was.
func TestStoreDownSaysSoAndKeepsTheCookie(t *testing.T) {
	s := open(t, login.Options{})
	b := s.browser()
	b.signIn("ada", "demo")
	token := b.cookie()
	for _, tc := range []struct{ method, path, again, text string }{
		{http.MethodGet, "/", "/", "You are still signed in"},
		{http.MethodPost, "/logout", "/", "You are still signed in"},
		{http.MethodPost, "/devices/end-others", "/", "You are still signed in"},
		{http.MethodGet, "/login", "/login", "The store cannot answer"},
		{http.MethodPost, "/login", "/login", "The store cannot answer"},
	} {
		s.store.FailNext(1, sessnodetest.Unavailable)
		got := b.do(tc.method, tc.path, url.Values{"username": {"ada"}, "password": {"demo"}})
		got.shows(t, 503, tc.path, tc.text, `<meta http-equiv="refresh" content="2; url=`+tc.again+`">`)
		if got.header.Get("Retry-After") == "" || got.header.Get("Set-Cookie") != "" || b.cookie() != token {
			t.Errorf("%s %s while the store is down: headers %v, want Retry-After and the cookie left alone", tc.method, tc.path, got.header)
		}
		b.is("ada")
	}
	s.store.FailNext(1, sessnodetest.Unavailable)
	if got := b.get("/whoami"); got.status != 503 || got.body != "unavailable\n" {
		t.Errorf("whoami while the store is down = %d %q, want 503", got.status, got.body)
	}
	s.store.FailNext(1, sessnodetest.Unavailable)
	b.get("/healthz").shows(t, 200, "/healthz") // the app lives
	_ = b.get("/whoami")                        // takes the failure that was left
	visitor := s.browser()
	s.store.FailNext(1, sessnodetest.Unavailable)
	visitor.signIn("ada", "demo").shows(t, 503, "/login", "nothing has changed")
	if visitor.cookie() != "" {
		t.Error("a login that was not stored set a cookie")
	}
}

// TestUnknownOutcomeIsNotCalledOne way or the other: the page says that it is not known.
func TestUnknownOutcomeIsNotCalledOne(t *testing.T) {
	s := open(t, login.Options{})
	b := s.browser()
	s.store.FailNext(1, sessnodetest.UnknownAfter)
	b.signIn("ada", "demo").shows(t, 503, "/login", "did not say in time")
	b.is("nobody")
}

func TestPagesAreStrict(t *testing.T) {
	b := open(t, login.Options{}).browser()
	login := b.get("/login")
	if policy := login.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("Content-Security-Policy = %q", policy)
	}
	home := b.signIn("ada", "demo")
	for _, page := range []string{login.body, home.body} {
		for _, wrong := range []string{"<script", " style=", "onclick", "http://", "https://"} {
			if strings.Contains(page, wrong) {
				t.Errorf("a page has %q, which its policy forbids", wrong)
			}
		}
	}
	login = b.get("/style.css")
	if login.status != 200 || login.header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(login.body, "prefers-color-scheme: dark") {
		t.Errorf("style sheet = %d %v", login.status, login.header)
	}
}

func TestNamesAreInAnyScript(t *testing.T) {
	b := open(t, login.Options{Users: map[string]string{"김철수": "비밀"}, Title: "한국 도서관"}).browser()
	if got := b.get("/login"); strings.Contains(got.body, "<b>demo</b>") {
		t.Error("the login page tells of accounts that do not exist")
	}
	b.signIn("김철수", "비밀").shows(t, 200, "/", "Welcome back, 김철수!", "한국 도서관")
	b.is("김철수")
}

func TestOptionsThatMakeNoSenseAreToldAtOnce(t *testing.T) {
	sessions := sessnodetest.New(t).Client("login")
	_, err := login.New(sessions, login.Options{Users: map[string]string{"": "x", "eve": "", strings.Repeat("n", 300): "x"}})
	if err == nil || strings.Count(err.Error(), "a user needs") != 3 {
		t.Errorf("New = %v, want all three faults", err)
	}
	if _, err := login.New(sessions.In(""), login.Options{}); err == nil {
		t.Error("a client without an app is let through")
	}
}
