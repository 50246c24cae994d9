package scsstore_test

import (
	"encoding/gob"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/scsstore"
)

// paused adds a page that loads the session, says that it has, and changes a key after it was let go.
func paused(pages map[string]handler) (loaded, letGo chan struct{}) {
	loaded, letGo = make(chan struct{}), make(chan struct{})
	pages["/slow"] = func(w http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
		s.Put(r.Context(), "slow", s.GetString(r.Context(), "a"))
		loaded <- struct{}{}
		<-letGo
		_, _ = w.Write([]byte("done"))
	}
	return loaded, letGo
}

// while runs other while b's request for /slow is under way, and returns what came of that.
func while(b *browser, loaded, letGo chan struct{}, other func()) page {
	result := make(chan page)
	go func() { result <- b.get("/slow") }() // ends with the request, which letGo ends
	<-loaded
	other()
	letGo <- struct{}{}
	return <-result
}

func TestParallelRequestsThatChangeDifferentKeysBothKeepTheirChange(t *testing.T) {
	pages := usual()
	loaded, letGo := paused(pages)
	a := run(t, scsstore.Options{}, pages)
	b := a.browser()
	b.get("/put?k=a&v=1")
	while(b, loaded, letGo, func() { b.get("/put?k=b&v=2") })
	b.want("/get?k=a", 200, "1")
	b.want("/get?k=b", 200, "2")
	b.want("/get?k=slow", 200, "1")
}

func TestManyParallelRequestsLoseNothing(t *testing.T) {
	a := run(t, scsstore.Options{}, usual())
	b := a.browser()
	b.get("/put?k=a&v=1")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { b.get(fmt.Sprintf("/put?k=k%d&v=%d", i, i)) })
	}
	all.Wait()
	for i := range 20 {
		b.want(fmt.Sprintf("/get?k=k%d", i), 200, fmt.Sprint(i))
	}
}

// TestASessionThatEndedIsNotBroughtBack: nor is its cookie, which would replace that of a newer login.
func TestASessionThatEndedIsNotBroughtBack(t *testing.T) {
	for name, end := range map[string]func(a *app, b *browser, token string){
		"logout":            func(_ *app, b *browser, _ string) { b.get("/logout") },
		"login":             func(_ *app, b *browser, _ string) { b.get("/login?user=ada") },
		"revoked elsewhere": func(a *app, _ *browser, token string) { _ = a.client.Revoke(t.Context(), sessnode.Token(token)) },
		"expired":           func(a *app, _ *browser, _ string) { a.store.Advance(25 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			pages := usual()
			loaded, letGo := paused(pages)
			a := run(t, scsstore.Options{SubjectFrom: "user"}, pages)
			b := a.browser()
			b.get("/put?k=a&v=1")
			old, now := b.token(), ""
			got := while(b, loaded, letGo, func() { end(a, b, old); now = b.token() })
			if got.status != 200 || got.body != "done" || got.header.Get("Set-Cookie") != "" {
				t.Errorf("the late page = %d %q with cookie %q, want the page without a cookie", got.status, got.body, got.header.Get("Set-Cookie"))
			}
			if reason := a.reason(old); reason == "" {
				t.Error("the old session lives")
			}
			if b.token() != now {
				t.Error("the late page changed the browser's cookie")
			}
			if name == "login" {
				b.want("/get?k=user", 200, "ada")
			}
		})
	}
}

// TestClearDropsEverythingAndBringsNothingBack though it also drops what the store needs to compare.
func TestClearDropsEverythingAndBringsNothingBack(t *testing.T) {
	pages := usual()
	pages["/anew"] = func(_ http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
		_ = s.Clear(r.Context())
		s.Put(r.Context(), "b", "2")
	}
	a := run(t, scsstore.Options{}, pages)
	b := a.browser()
	b.get("/put?k=a&v=1")
	token := b.token()
	b.get("/anew")
	if attrs := a.stored(token).Attrs; len(attrs) != 1 || string(attrs["b"].Data) != `"2"` {
		t.Errorf("after Clear and Put the store has %v, want b alone", attrs)
	}
	b.get("/clear")
	if attrs := a.stored(token).Attrs; len(attrs) != 0 {
		t.Errorf("after Clear the store has %v", attrs)
	}
	store := scsstore.New(a.client, scsstore.Options{})
	blob, _ := scs.GobCodec{}.Encode(time.Now().Add(time.Hour), map[string]any{"a": "1"})
	if err := a.client.Revoke(t.Context(), sessnode.Token(token)); err != nil {
		t.Fatal(err)
	}
	if err := store.Commit(token, blob, time.Now().Add(time.Hour)); !errors.Is(err, sessnode.ErrNotFound) {
		t.Errorf("Commit on a revoked session that was not looked at = %v, want ErrNotFound", err)
	}
}

func TestMergeSessionTakesOverAndComparesWithTheRightOne(t *testing.T) {
	pages := usual()
	pages["/merge"] = func(w http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
		if err := s.MergeSession(r.Context(), r.FormValue("from")); err != nil {
			scsstore.ErrorFunc(w, r, err)
		}
	}
	a := run(t, scsstore.Options{}, pages)
	other, b := a.browser(), a.browser()
	other.get("/put?k=a&v=other")
	other.get("/put?k=b&v=2")
	b.get("/put?k=a&v=1")
	b.get("/put?k=c&v=3")
	b.want("/merge?from="+other.token(), 200, "")
	attrs := a.stored(b.token()).Attrs
	if len(attrs) != 3 || string(attrs["a"].Data) != `"other"` || string(attrs["b"].Data) != `"2"` || string(attrs["c"].Data) != `"3"` {
		t.Errorf("after MergeSession the store has %v", attrs)
	}
	if a.reason(other.token()) != sessnode.ReasonRevoked {
		t.Error("the other session lives")
	}
}

// TestOnlyChangesAreSent counts the requests of pages.
func TestOnlyChangesAreSent(t *testing.T) {
	pages := usual()
	pages["/same"] = func(_ http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
		m := map[string]any{}
		for i := range 20 { // gob writes a map in any order
			m[fmt.Sprint(i)] = int64(i)
		}
		s.Put(r.Context(), "map", m)
	}
	pages["/nothing"] = func(http.ResponseWriter, *http.Request, *scs.SessionManager) {}
	pages["/taken-back"] = func(_ http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
		s.Put(r.Context(), "x", 1)
		s.Remove(r.Context(), "x")
	}
	a := run(t, scsstore.Options{}, pages)
	a.sessions.IdleTimeout = 20 * time.Minute
	b := a.browser()
	for _, step := range []struct{ path, calls string }{
		{"/nothing", ""}, {"/taken-back", "GET"}, {"/put?k=a&v=1", "GET POST"}, {"/put?k=a&v=1", "GET GET"}, {"/nothing", "GET GET"},
		{"/put?k=a&v=2", "GET PATCH"}, {"/same", "GET PATCH"}, {"/same", "GET GET"}, {"/same", "GET GET"}, {"/same", "GET GET"},
	} {
		a.calls.take()
		b.get(step.path)
		if got := a.calls.take(); got != step.calls {
			t.Errorf("GET %s made the requests %q, want %q", step.path, got, step.calls)
		}
	}
	if attrs := a.stored(b.token()).Attrs; len(attrs) != 2 {
		t.Errorf("the store has %v", attrs)
	}
}

func TestWhatOtherClientsWroteIsLeftAlone(t *testing.T) {
	pages := usual()
	a := run(t, scsstore.Options{}, pages)
	b := a.browser()
	b.get("/put?k=a&v=1")
	foreign := map[string]sessnode.Value{
		"msgpack": {Codec: sessnode.Msgpack, Data: []byte{0xc0}},
		"null":    {Codec: sessnode.JSON, Data: []byte("null")},
		"spaced":  {Codec: sessnode.JSON, Data: []byte(`{"b": [1, 2.50], "a": {}}`)},
	}
	if _, err := a.client.Patch(t.Context(), sessnode.Token(b.token()), sessnode.Edit{Set: foreign}); err != nil {
		t.Fatal(err)
	}
	b.get("/put?k=a&v=2")
	b.get("/login?user=ada")
	for name, want := range foreign {
		got := a.stored(b.token()).Attrs[name]
		if got.Codec != want.Codec || string(got.Data) != string(want.Data) && name != "spaced" {
			t.Errorf("attribute %s became %v %q", name, got.Codec, got.Data)
		}
	}
	for name := range a.stored(b.token()).Attrs {
		if strings.HasPrefix(name, scsstore.BaselinePrefix) {
			t.Errorf("attribute %q reached the store", name)
		}
	}
}

func TestTypesComeBackThroughScs(t *testing.T) {
	gob.Register(time.Time{})
	when := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	pages := usual()
	pages["/fill"] = func(_ http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
		for k, v := range map[string]any{"int": 1, "int64": int64(2), "float": 1.0, "bool": true, "bytes": []byte("b"), "time": when, "nil": nil} {
			s.Put(r.Context(), k, v)
		}
	}
	pages["/show"] = func(w http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
		ctx := r.Context()
		fmt.Fprint(w, s.GetInt(ctx, "int"), s.GetInt64(ctx, "int64"), s.GetFloat(ctx, "float"), s.GetBool(ctx, "bool"), string(s.GetBytes(ctx, "bytes")),
			s.GetTime(ctx, "time").Equal(when), s.Exists(ctx, "nil"), s.Exists(ctx, "none"))
	}
	a := run(t, scsstore.Options{}, pages)
	b := a.browser()
	b.get("/fill")
	b.want("/show", 200, fmt.Sprint(1, int64(2), 1.0, true, "b", true, true, false))
	a.calls.take()
	b.get("/fill")
	if got := a.calls.take(); got != "GET GET" {
		t.Errorf("the same values again made the requests %q, want two reads", got)
	}
}
