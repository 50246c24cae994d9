package sessionhttp_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/sessionhttp"
	"github.com/sessnode/sessnode/sessnodetest"
)

// TestCommitComesBeforeTheFirstByte, whatever way it leaves.
func TestCommitComesBeforeTheFirstByte(t *testing.T) {
	ways := map[string]func(http.ResponseWriter) error{
		"WriteHeader": func(w http.ResponseWriter) error { w.WriteHeader(201); return nil },
		"Write":       func(w http.ResponseWriter) error { _, err := w.Write([]byte("x")); return err },
		"Write none":  func(w http.ResponseWriter) error { _, err := w.Write(nil); return err },
		"Flusher":     func(w http.ResponseWriter) error { w.(http.Flusher).Flush(); return nil },
		"Controller":  func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() },
		"ReadFrom": func(w http.ResponseWriter) error {
			_, err := io.Copy(w, io.LimitReader(strings.NewReader("xyz"), 2))
			return err
		},
		"ServeContent": func(w http.ResponseWriter) error {
			http.ServeContent(w, httptest.NewRequest("GET", "/", nil), "x.txt", time.Time{}, strings.NewReader("x"))
			return nil
		},
		"return": func(http.ResponseWriter) error { return nil },
	}
	for name, first := range ways {
		t.Run(name, func(t *testing.T) {
			a := run(t, sessionhttp.Options{}, routes{
				"/": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
					s.Set("a", 1)
					if err := first(w); err != nil && !errors.Is(err, sessnode.ErrUnavailable) {
						t.Error(err)
					}
				},
			})
			b := a.browser()
			b.get("/")
			if b.cookie() == "" || string(a.stored(b.cookie()).Attrs["a"].Data) != "1" {
				t.Error("the response left without the cookie, or the session was not stored")
			}
			fresh := a.browser()
			a.store.FailNext(1, sessnodetest.Unavailable)
			if got := fresh.get("/"); got.status != 503 || got.setsCookie() {
				t.Errorf("while the store is down: %d %v, want 503 and no cookie", got.status, got.header)
			}
		})
	}
}

// TestStreamGoesOn: the first part arrives before the second is written, and what is set in between is stored in the end.
func TestStreamGoesOn(t *testing.T) {
	proceed := make(chan struct{})
	a := run(t, sessionhttp.Options{}, routes{
		"/login": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Login("ada") },
		"/stream": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			control := http.NewResponseController(w)
			if err := control.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Error(err)
			}
			if err := control.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Error(err)
			}
			if err := control.EnableFullDuplex(); err != nil {
				t.Error(err)
			}
			s.Set("a", 1)
			_, _ = fmt.Fprintln(w, "one")
			if err := control.Flush(); err != nil {
				t.Error(err)
			}
			<-proceed
			s.Set("b", 2)
			_, _ = fmt.Fprintln(w, "two")
		},
		"/late": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			_, _ = fmt.Fprintln(w, "one")
			s.Set("c", 3)
			s.Login("grace")
		},
		"/late-logout": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			_, _ = fmt.Fprintln(w, "one")
			s.Logout()
		},
	})
	b := a.browser()
	b.get("/login")
	res, err := b.http.Get(b.base + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body := bufio.NewReader(res.Body)
	if line, err := body.ReadString('\n'); line != "one\n" || err != nil {
		t.Fatalf("first part = %q, %v", line, err)
	}
	if _, early := a.stored(b.cookie()).Attrs["b"]; early {
		t.Error("b is stored already")
	}
	close(proceed)
	if rest, err := io.ReadAll(body); string(rest) != "two\n" || err != nil {
		t.Errorf("second part = %q, %v", rest, err)
	}
	if got := a.stored(b.cookie()).Attrs; string(got["a"].Data) != "1" || string(got["b"].Data) != "2" {
		t.Errorf("attributes = %v, want a and b", got)
	}
	token := b.cookie()
	for _, who := range []*browser{b, a.browser()} {
		if got := who.get("/late"); got.setsCookie() || got.body != "one\n" {
			t.Errorf("a login after the first byte = %v, want the response as it is", got)
		}
	}
	if got := a.stored(token); got.Subject != "ada" || got.Attrs["c"].Data != nil || !strings.Contains(a.log.String(), "after the first byte") {
		t.Errorf("a login after the first byte: %+v, want nothing done, and a word in the log", got)
	}
	if apps, err := a.sessions.App(t.Context()); err != nil || apps.Sessions != 1 {
		t.Errorf("the app has %d sessions, %v, want none that nobody has the token of", apps.Sessions, err)
	}
	if b.get("/late-logout"); a.reason(token) != "gone revoked" {
		t.Errorf("after a late logout the token is %q, want it revoked", a.reason(token))
	}
}

// TestLoadThatFailsAfterTheFirstByteCutsTheResponse: half a page must not look whole.
func TestLoadThatFailsAfterTheFirstByteCutsTheResponse(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			_, _ = w.Write([]byte("half"))
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write([]byte(s.Subject()))
		},
	})
	b := a.browser().with(strings.Repeat("x", 43))
	a.store.FailNext(1, sessnodetest.Unavailable)
	res, err := b.http.Get(b.base + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("the response ended well: %q", body)
	}
}

// TestSwitchingProtocolsCommits: 101 is no informational status, and WebSocket libraries write it before they hijack.
func TestSwitchingProtocolsCommits(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("a", 1)
			w.Header().Set("Upgrade", "x")
			w.Header().Set("Connection", "Upgrade")
			w.WriteHeader(http.StatusSwitchingProtocols)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.Close()
		},
	})
	b := a.browser()
	if got := b.get("/"); got.status != 101 || b.cookie() == "" {
		t.Errorf("response = %d %v, want 101 with the cookie", got.status, got.header)
	}
}

func TestHijackCommitsFirst(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("a", 1)
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\nSet-Cookie: %s\r\n\r\n", w.Header().Get("Set-Cookie"))
			_ = rw.Flush()
			s.Set("b", 2)
		},
	})
	b := a.browser()
	if got := b.get("/"); got.status != 101 || b.cookie() == "" {
		t.Fatalf("hijacked response = %d %v, want 101 with the cookie", got.status, got.header)
	}
	waitFor(t, func() bool { return len(a.stored(b.cookie()).Attrs) == 2 })
	a.store.FailNext(1, sessnodetest.Unavailable)
	if got := b.get("/"); got.status != 503 {
		t.Errorf("hijacking while the store is down = %d, want 503", got.status)
	}
}

// TestInformationalHeadersCommitNothing: an early hint is no response yet.
func TestInformationalHeadersCommitNothing(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("a", 1)
			w.Header().Set("Link", "</x.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusProcessing)
			s.Set("b", 2)
			w.WriteHeader(http.StatusAccepted)
		},
	})
	var hints []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hints = append(hints, fmt.Sprint(code, h.Get("Set-Cookie")))
		return nil
	}})
	b := a.browser()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, b.base+"/", nil)
	res, err := b.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if fmt.Sprint(hints) != "[103 102]" || res.StatusCode != 202 || len(res.Cookies()) != 1 {
		t.Errorf("hints %v, then %d with cookies %v, want 103 and 102 without, then 202 with one", hints, res.StatusCode, res.Cookies())
	}
	if got := a.stored(b.cookie()).Attrs; len(got) != 2 {
		t.Errorf("attributes = %v, want those from before and after the hints", got)
	}
}

// TestFilesAreServedByTheWriterBelow: io.Copy still finds its way to sendfile.
func TestFilesAreServedByTheWriterBelow(t *testing.T) {
	path := t.TempDir() + "/file"
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	below := &readerFrom{ResponseRecorder: httptest.NewRecorder()}
	m, err := sessionhttp.New(sessnodetest.New(t).Client("web"), sessionhttp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) })).
		ServeHTTP(below, httptest.NewRequest("GET", "/", nil))
	if !below.used || below.Body.String() != "content" {
		t.Errorf("ReadFrom used = %v, body %q, want true and the file", below.used, below.Body)
	}
}

type readerFrom struct {
	*httptest.ResponseRecorder
	used bool
}

func (w *readerFrom) ReadFrom(src io.Reader) (int64, error) {
	w.used = true
	return io.Copy(w.ResponseRecorder, src)
}

// TestWhatTheWriterBelowCannotDoIsSaid, not pretended.
func TestWhatTheWriterBelowCannotDoIsSaid(t *testing.T) {
	m, err := sessionhttp.New(sessnodetest.New(t).Client("web"), sessionhttp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	type bare struct{ http.ResponseWriter }
	rec := httptest.NewRecorder()
	m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_, _, hijack := control.Hijack()
		for what, err := range map[string]error{"Flush": control.Flush(), "Hijack": hijack, "SetReadDeadline": control.SetReadDeadline(time.Time{})} {
			if err == nil {
				t.Errorf("%s = nil, want an error", what)
			}
		}
		w.WriteHeader(204)
	})).ServeHTTP(bare{rec}, httptest.NewRequest("GET", "/", nil))
	if rec.Code != 204 {
		t.Errorf("status = %d, want 204", rec.Code)
	}
}

// TestTimeoutHandlerInside: the handler goes on in a goroutine of its own while its response is given up.
func TestTimeoutHandlerInside(t *testing.T) {
	store := sessnodetest.New(t)
	m, err := sessionhttp.New(store.Client("web"), sessionhttp.Options{Log: logTo(&lines{})})
	if err != nil {
		t.Fatal(err)
	}
	release, done := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		sessionhttp.From(r).Login("ada")
		<-release
		sessionhttp.From(r).Set("a", 1)
	})
	w := httptest.NewRecorder()
	m.Wrap(http.TimeoutHandler(slow, time.Millisecond, "too slow")).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	close(release)
	<-done
	if w.Code != 503 || len(w.Result().Cookies()) != 0 || w.Body.String() != "too slow" {
		t.Errorf("response = %d %v %q, want the timeout's and no login", w.Code, w.Header(), w.Body)
	}
	w = httptest.NewRecorder()
	r := httptest.NewRequest("GET", "http://localhost/", nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: strings.Repeat("x", 43)})
	store.FailNext(1, sessnodetest.Unavailable)
	getter := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = sessionhttp.From(r).Subject() })
	m.Wrap(http.TimeoutHandler(getter, time.Minute, "too slow")).ServeHTTP(w, r)
	if w.Code != 503 || !strings.HasPrefix(w.Body.String(), "The session store") {
		t.Errorf("a getter that fails in the timeout's goroutine = %d %q, want the store's 503", w.Code, w.Body)
	}
}
