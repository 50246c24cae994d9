package gorillastore_test

import (
	"encoding/gob"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/gorillastore"
	"github.com/sessnode/sessnode/sessnodetest"
)

func TestStoreDownIs503WithTheCookieKept(t *testing.T) {
	a := run(t, gorillastore.Options{SubjectFrom: "user"}, usual())
	b := a.browser()
	b.get("/login?user=ada")
	token := b.token()
	down := func(path string, passes int, outcome sessnodetest.Outcome) {
		t.Helper()
		a.store.FailNext(passes, 0)
		a.store.FailNext(1, outcome)
		got := b.get(path)
		if got.status != 503 || got.header.Get("Retry-After") == "" || got.cookie() != "" || !strings.HasPrefix(got.body, "The session store cannot answer") {
			t.Errorf("GET %s = %d %v %q, want 503 with Retry-After and no cookie", path, got.status, got.header, got.body)
		}
	}
	for _, path := range []string{"/none", "/put?k=a&v=1", "/login?user=bob", "/end"} {
		down(path, 0, sessnodetest.Unavailable) // the load
	}
	for _, outcome := range []sessnodetest.Outcome{sessnodetest.Unavailable, sessnodetest.UnknownBefore} {
		for _, path := range []string{"/put?k=a&v=1", "/end", "/unset?k=user", "/login?user=bob"} { // what is sent after the load
			down(path, 1, outcome)
		}
	}
	if b.token() != token {
		t.Error("the cookie changed")
	}
	b.want("/get?k=user", 200, "ada")
}

// TestAnErrorThatIsOverlookedSignsNobodyOut: `session, _ := store.Get(r, name)` is what many applications write.
func TestAnErrorThatIsOverlookedSignsNobodyOut(t *testing.T) {
	a := run(t, gorillastore.Options{}, usual())
	b := a.browser()
	b.get("/put?k=a&v=1")
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: b.token()})
	a.store.FailNext(1, sessnodetest.Unavailable)
	session, _ := a.sessions.Get(r, "session")
	if session == nil || !session.IsNew {
		t.Fatalf("Get while the store is down = %v, want a new session", session)
	}
	session.Values["a"] = "2"
	w := httptest.NewRecorder()
	if err := session.Save(r, w); !errors.Is(err, sessnode.ErrUnavailable) || len(w.Result().Cookies()) != 0 {
		t.Errorf("Save = %v with cookies %v, want ErrUnavailable and none", err, w.Result().Cookies())
	}
	b.want("/get?k=a", 200, "1")
}

func TestBadCookiesAreAnonymousAndNotAskedAbout(t *testing.T) {
	a := run(t, gorillastore.Options{}, usual())
	for cookie, asks := range map[string]string{"": "", "short": "", strings.Repeat("x", 300): "", strings.Repeat("x", 43): "GET", "../../etc/passwd": "GET"} {
		b := a.browser()
		b.plant(cookie)
		a.calls.take()
		b.want("/get?k=a", 200, "")
		if got := a.calls.take(); got != asks {
			t.Errorf("cookie %q made the requests %q, want %q", cookie, got, asks)
		}
		b.get("/put?k=a&v=1")
		if b.token() == cookie {
			t.Errorf("cookie %q became a session", cookie)
		}
		b.want("/get?k=a", 200, "1")
	}
}

type (
	key  int
	book struct{ Title string }
)

func TestValuesAndKeysOfAnyTypeComeBack(t *testing.T) {
	gob.Register(key(0))
	gob.Register(&book{})
	gob.Register(time.Time{})
	values := map[any]any{
		"text": "ada", "int": 1, "float": 1.0, "bytes": []byte("b"), "book": &book{"Emma"}, "time": time.Unix(1, 2).UTC(), "nil": nil, "list": []any{"a", 1},
		key(7): "by a type", 7: "by an int", "": "by nothing", "a\x00b": "by a control", "_key.x": "by a prefix", "_flashes.": "by another",
	}
	pages := usual()
	pages["/fill"] = func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) {
		for k, v := range values {
			s.Values[k] = v
		}
	}
	pages["/show"] = func(w http.ResponseWriter, _ *http.Request, s *sessions.Session) {
		for k, want := range values {
			got, there := s.Values[k]
			if fmt.Sprintf("%T %v", got, got) != fmt.Sprintf("%T %v", want, want) || !there {
				fmt.Fprintf(w, "%#v is %T %v, want %T %v\n", k, got, got, want, want)
			}
		}
	}
	a := run(t, gorillastore.Options{}, pages)
	b := a.browser()
	b.get("/fill")
	b.want("/show", 200, "")
	a.calls.take()
	b.get("/fill")
	if got := a.calls.take(); got != "GET" {
		t.Errorf("the same values again made the requests %q, want GET", got)
	}
}

func TestWhatCannotBeStoredIsA500WithoutInnards(t *testing.T) {
	type unregistered struct{ A int }
	pages := usual()
	for path, entry := range map[string][2]any{
		"/func": {"v", func() {}}, "/type": {"v", unregistered{1}}, "/key": {unregistered{1}, "v"}, "/big": {"v", strings.Repeat("x", 1<<20)},
		"/long": {strings.Repeat("x", 200), "v"}, "/subject": {"user", 1.5}, "/flash": {"_flash", []any{func() {}}},
	} {
		pages[path] = func(w http.ResponseWriter, _ *http.Request, s *sessions.Session) {
			s.Values[entry[0]] = entry[1]
			fmt.Fprint(w, "page")
		}
	}
	a := run(t, gorillastore.Options{SubjectFrom: "user"}, pages)
	b := a.browser()
	b.get("/put?k=a&v=1")
	for _, path := range []string{"/func", "/type", "/key", "/big", "/long", "/subject", "/flash"} {
		got := b.get(path)
		if got.status != 500 || got.body != "This went wrong on our side. You have not been signed out.\n" || got.cookie() != "" {
			t.Errorf("GET %s = %d %q %q, want 500 and one line", path, got.status, got.body, got.cookie())
		}
	}
	b.want("/get?k=a", 200, "1")
}

func TestWhatOtherClientsWroteIsLeftAlone(t *testing.T) {
	a := run(t, gorillastore.Options{}, usual())
	b := a.browser()
	b.get("/put?k=a&v=1")
	foreign := map[string]sessnode.Value{
		"msgpack": {Codec: sessnode.Msgpack, Data: []byte{0xc0}},
		"spaced":  {Codec: sessnode.JSON, Data: []byte(`{"b": [1, 2.50], "a": {}}`)},
	}
	if _, err := a.client.Patch(t.Context(), sessnode.Token(b.token()), sessnode.Edit{Set: foreign}); err != nil {
		t.Fatal(err)
	}
	b.get("/put?k=a&v=2")
	b.get("/unset?k=a")
	for name, want := range foreign {
		if got := a.stored(b.token()).Attrs[name]; got.Codec != want.Codec || string(got.Data) != string(want.Data) {
			t.Errorf("attribute %s became %v %q", name, got.Codec, got.Data)
		}
	}
}
