package sessionhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/sessionhttp"
	"github.com/sessnode/sessnode/sessnodetest"
)

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	c, err := client.New("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = sessionhttp.New(c, sessionhttp.Options{CookieName: "a b", SameSite: 9, Idle: -time.Second, Lifetime: -time.Minute, SubjectFrom: "_flash.x"})
	for _, want := range []string{"CookieName", "SameSite", "Idle is -1s", "Lifetime is -1m0s", "SubjectFrom", "names no app"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v, want it to tell of %s", err, want)
		}
	}
	for _, name := range []string{"__Host-x", "__secure-x", "a;b", "a=b", "ü"} {
		if err := (sessionhttp.Options{CookieName: name}).Validate(); err == nil {
			t.Errorf("a cookie may be called %q", name)
		}
	}
	if err := (sessionhttp.Options{}).Validate(); err != nil {
		t.Errorf("the zero options = %v, want nil", err)
	}
}

// TestErrorHandlerIsTheApplicationsOwn: it gets the error and the headers that matter, and cannot make a 200 by keeping silent.
func TestErrorHandlerIsTheApplicationsOwn(t *testing.T) {
	silent := false
	a := run(t, sessionhttp.Options{OnError: func(w http.ResponseWriter, r *http.Request, err error) {
		if silent {
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(sessionhttp.Status(err))
		_, _ = io.WriteString(w, "<p>patience: "+sessnode.CodeOf(err).String())
	}}, members())
	b := a.browser().with(strings.Repeat("x", 43))
	a.store.FailNext(2, sessnodetest.Unavailable)
	got := b.want("/read", 503, "<p>patience: unavailable")
	if got.header.Get("Content-Type") != "text/html" || got.header.Get("Retry-After") != "1" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers = %v", got.header)
	}
	silent = true
	b.want("/read", 503, "")
}

func TestStatusTellsWhoCanMendIt(t *testing.T) {
	for err, want := range map[error]int{
		sessnode.ErrUnavailable: 503, sessnode.ErrUnknown: 503, sessnode.ErrFull: 503, sessnode.ErrLimit: 409,
		sessnode.ErrTooLarge: 500, sessnode.ErrUnauthorized: 500, sessnode.ErrForbidden: 500, io.EOF: 500,
	} {
		if got := sessionhttp.Status(&sessnode.Error{Err: err}); got != want {
			t.Errorf("Status(%v) = %d, want %d", err, got, want)
		}
	}
}

func TestHeadersFromOutsideSurviveA503(t *testing.T) {
	store := sessnodetest.New(t)
	m, err := sessionhttp.New(store.Client("web"), sessionhttp.Options{Log: logTo(&lines{})})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	w.Header().Set("Strict-Transport-Security", "max-age=1")
	w.Header().Add("Set-Cookie", "outer=1")
	store.FailNext(1, sessnodetest.Unavailable)
	m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Del("Strict-Transport-Security")
		w.Header().Add("Set-Cookie", "inner=1")
		w.Header().Set("ETag", `"page"`)
		sessionhttp.From(r).Set("a", 1)
	})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	h := w.Result().Header
	if w.Code != 503 || h.Get("Strict-Transport-Security") == "" || strings.Join(h.Values("Set-Cookie"), ",") != "outer=1" || h.Get("ETag") != "" {
		t.Errorf("503 with headers %v, want those from outside the middleware alone", h)
	}
}

// TestLoginOutlivesTheBrowsersConnection: a request that was given up half way leaves no change in doubt.
func TestLoginOutlivesTheBrowsersConnection(t *testing.T) {
	m, log := middleware(t, sessionhttp.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	w := httptest.NewRecorder()
	m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sessionhttp.From(r).Login("ada")
		cancel()
	})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
	if w.Code != 200 || len(w.Result().Cookies()) != 1 {
		t.Errorf("a login whose browser went away = %d %v, want it made", w.Code, w.Header())
	}

	w = httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
	r.Header.Set("Cookie", "__Host-session="+strings.Repeat("x", 43))
	m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = sessionhttp.From(r).Subject() })).ServeHTTP(w, r)
	if w.Code != 503 || len(w.Result().Cookies()) != 0 || strings.Contains(log.String(), "not loaded") {
		t.Errorf("a read whose browser went away = %d %v, log %q, want 503 to nobody and no noise", w.Code, w.Header(), log)
	}
}

func TestDeviceComesFromTheProxyThatIsTrusted(t *testing.T) {
	store := sessnodetest.New(t)
	sessions := store.Client("web")
	m, err := sessionhttp.New(sessions, sessionhttp.Options{ClientIP: func(r *http.Request) string { return r.Header.Get("X-Real-IP") }})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Real-IP", "2001:db8::7")
	r.Header.Set("User-Agent", "Browser/\xff1")
	w := httptest.NewRecorder()
	m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { sessionhttp.From(r).Login("ada") })).ServeHTTP(w, r)
	list, err := sessions.SubjectSessions(t.Context(), "ada")
	if err != nil || len(list) != 1 || list[0].Device.IP != "2001:db8::7" || list[0].Device.UserAgent != "Browser/\uFFFD1" {
		t.Errorf("sessions = %+v, %v, want the address that the proxy told", list, err)
	}
}

func TestPanicsGoOnTheirWay(t *testing.T) {
	m, _ := middleware(t, sessionhttp.Options{})
	cause := errors.New("a mistake")
	defer func() {
		if got := recover(); got != cause {
			t.Errorf("recovered %v, want the handler's own panic", got)
		}
	}()
	serve(m, "", func(s *sessionhttp.Session) { s.Set("a", 1); panic(cause) })
}

func TestHandlerWithoutTheMiddlewareIsTold(t *testing.T) {
	defer func() {
		if got, _ := recover().(string); !strings.Contains(got, "Middleware.Wrap") {
			t.Errorf("From without Wrap panics with %q, want what to do", got)
		}
	}()
	sessionhttp.From(httptest.NewRequest(http.MethodGet, "/", nil))
}
