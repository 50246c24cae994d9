package sessionhttp_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/sessionhttp"
	"github.com/sessnode/sessnode/sessnodetest"
)

// visit sends a request of some shape to a handler that stores something, and returns the Set-Cookie line without the token.
func visit(t *testing.T, m *sessionhttp.Middleware, shape func(*http.Request)) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	shape(r)
	w := httptest.NewRecorder()
	m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { sessionhttp.From(r).Set("a", 1) })).ServeHTTP(w, r)
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || len(cookies[0].Value) != 43 {
		t.Fatalf("cookies = %v, want one token of 43 characters", cookies)
	}
	return strings.Replace(w.Header().Get("Set-Cookie"), cookies[0].Value, "TOKEN", 1)
}

// TestCookieIsAsStrictAsTheWayAllows: one exception, plain HTTP to a loopback name, announced once.
func TestCookieIsAsStrictAsTheWayAllows(t *testing.T) {
	const (
		strict = "__Host-session=TOKEN; Path=/; HttpOnly; Secure; SameSite=Lax"
		plain  = "session=TOKEN; Path=/; HttpOnly; SameSite=Lax"
	)
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	for _, tc := range []struct {
		name  string
		shape func(*http.Request)
		want  string
	}{
		{"a name", host("app.example"), strict},
		{"localhost", host("localhost:8080"), plain},
		{"LOCALHOST", host("LOCALHOST."), plain},
		{"below localhost", host("app.localhost:1"), plain},
		{"127.0.0.1", host("127.0.0.1:8080"), plain},
		{"127.9.9.9", host("127.9.9.9"), plain},
		{"::1", host("[::1]:8080"), plain},
		{"a name that begins alike", host("localhost.example"), strict},
		{"a name that ends alike", host("notlocalhost"), strict},
		{"an address that begins alike", host("127.0.0.1.example"), strict},
		{"a private address", host("10.0.0.1"), strict},
		{"none", host(""), strict},
		{"TLS on loopback", func(r *http.Request) { r.Host, r.TLS = "localhost", &tls.ConnectionState{} }, strict},
		{"TLS proxy", func(r *http.Request) { r.Host = "localhost"; r.Header.Set("X-Forwarded-Proto", "https") }, strict},
		{"TLS proxy, RFC 7239", func(r *http.Request) { r.Host = "localhost"; r.Header.Set("Forwarded", "for=1.2.3.4;Proto=HTTPS") }, strict},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, log := middleware(t, sessionhttp.Options{})
			for range 2 {
				if got := visit(t, m, tc.shape); got != tc.want {
					t.Errorf("Set-Cookie = %q, want %q", got, tc.want)
				}
			}
			if announced := strings.Count(log.String(), "plain HTTP on loopback"); announced != map[string]int{strict: 0, plain: 1}[tc.want] {
				t.Errorf("the exception was announced %d times", announced)
			}
		})
	}
}

func TestOptionsShapeTheCookie(t *testing.T) {
	local := func(r *http.Request) { r.Host = "localhost" }
	public := func(r *http.Request) { r.Host = "app.example" }
	for _, tc := range []struct {
		options sessionhttp.Options
		shape   func(*http.Request)
		want    string
	}{
		{sessionhttp.Options{CookieName: "web"}, public, "__Host-web=TOKEN; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{sessionhttp.Options{SameSite: http.SameSiteStrictMode}, public, "__Host-session=TOKEN; Path=/; HttpOnly; Secure; SameSite=Strict"},
		{sessionhttp.Options{SameSite: http.SameSiteNoneMode}, public, "__Host-session=TOKEN; Path=/; HttpOnly; Secure; SameSite=None"},
		{sessionhttp.Options{SameSite: http.SameSiteNoneMode}, local, "session=TOKEN; Path=/; HttpOnly; SameSite=Lax"},
		{sessionhttp.Options{Persistent: true}, public, "__Host-session=TOKEN; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax"},
		{sessionhttp.Options{AlwaysSecure: true}, local, "__Host-session=TOKEN; Path=/; HttpOnly; Secure; SameSite=Lax"},
	} {
		m, _ := middleware(t, tc.options)
		if got := visit(t, m, tc.shape); got != tc.want {
			t.Errorf("Set-Cookie with %+v = %q, want %q", tc.options, got, tc.want)
		}
	}
}

// TestCookieOfTheOtherNameIsNotTaken: over TLS nobody can pass off a cookie that a plain page, or another host, has set.
func TestCookieOfTheOtherNameIsNotTaken(t *testing.T) {
	store := sessnodetest.New(t)
	sessions := store.Client("web")
	planted, _, err := sessions.Create(t.Context(), client.Create{Subject: "mallory"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := sessionhttp.New(sessions, sessionhttp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"session": "", "__Secure-session": "", "__host-session": "", "__Host-session": "mallory"} {
		serve(m, name+"="+planted.Reveal(), func(s *sessionhttp.Session) {
			if got := s.Subject(); got != want {
				t.Errorf("subject by the cookie %s = %q, want %q", name, got, want)
			}
		})
	}
}

func TestVaryAndCacheControlAreKept(t *testing.T) {
	m, _ := middleware(t, sessionhttp.Options{})
	for have, want := range map[string]string{"": "Cookie", "Accept": "Accept|Cookie", "accept, cookie": "accept, cookie", "*": "*"} {
		w := httptest.NewRecorder()
		m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if have != "" {
				w.Header().Set("Vary", have)
			}
			w.Header().Set("Cache-Control", "public, max-age=60")
			_ = sessionhttp.From(r).Subject()
		})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if got := strings.Join(w.Header().Values("Vary"), "|"); got != want || w.Header().Get("Cache-Control") != "public, max-age=60" {
			t.Errorf("Vary %q became %q with Cache-Control %q, want %q and what the handler said", have, got, w.Header().Get("Cache-Control"), want)
		}
	}
}

// middleware is one over an empty store, and its log.
func middleware(t *testing.T, o sessionhttp.Options) (*sessionhttp.Middleware, *lines) {
	t.Helper()
	log := &lines{}
	o.Log = logTo(log)
	m, err := sessionhttp.New(sessnodetest.New(t).Client("web"), o)
	if err != nil {
		t.Fatal(err)
	}
	return m, log
}
