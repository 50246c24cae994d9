package sessionhttp_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/sessnode/sessnode/client/sessionhttp"
	"github.com/sessnode/sessnode/sessnodetest"
)

func flashPages() routes {
	return routes{
		"/add/{text}": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Flash("ok", r.PathValue("text"))
		},
		"/show": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			for _, f := range s.Flashes() {
				_, _ = fmt.Fprintln(w, f.Kind, f.Text)
			}
		},
		"/both": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Flash("error", "now")
			for _, f := range append(s.Flashes(), s.Flashes()...) {
				_, _ = fmt.Fprintln(w, f.Kind, f.Text)
			}
		},
	}
}

func TestFlashShowsOnceInOrder(t *testing.T) {
	a := run(t, sessionhttp.Options{}, flashPages())
	b := a.browser()
	b.want("/show", 200, "")
	for _, text := range []string{"one", "two", "한국어"} {
		b.get("/add/" + text)
	}
	calls := a.calls.n.Load()
	b.want("/both", 200, "ok one\nok two\nok 한국어\nerror now")
	if n := a.calls.n.Load() - calls; n != 2 {
		t.Errorf("showing messages took %d requests to the store, want a read and a pop", n)
	}
	at := a.store.Position()
	b.want("/show", 200, "")
	if a.store.Position() != at {
		t.Error("asking for messages where there are none wrote to the store")
	}
}

// TestParallelRequestsShareTheMessages: each message is shown by exactly one of them, and none of those added in parallel is lost.
func TestParallelRequestsShareTheMessages(t *testing.T) {
	const n = 12
	a := run(t, sessionhttp.Options{}, flashPages())
	b := a.browser()
	b.get("/add/first")
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { b.get(fmt.Sprint("/add/", i)) })
	}
	wg.Wait()
	var mu sync.Mutex
	shown := map[string]int{}
	for range n {
		wg.Go(func() {
			lines := strings.Fields(strings.ReplaceAll(b.get("/show").body, "ok ", ""))
			mu.Lock()
			defer mu.Unlock()
			for _, line := range lines {
				shown[line]++
			}
		})
	}
	wg.Wait()
	for text, times := range shown {
		if times != 1 {
			t.Errorf("%q was shown %d times, want once", text, times)
		}
	}
	if len(shown) != n+1 {
		t.Errorf("%d messages were shown, want %d", len(shown), n+1)
	}
}

func TestMessagesWaitWhileTheStoreIsDown(t *testing.T) {
	a := run(t, sessionhttp.Options{}, flashPages())
	b := a.browser()
	b.get("/add/one")
	a.calls.onEach(func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/pop") {
			a.store.FailNext(1, sessnodetest.Unavailable)
		}
	})
	if got := b.get("/show"); got.status != 503 || strings.Contains(got.body, "one") || got.setsCookie() {
		t.Errorf("messages that cannot be taken = %d %q, want 503", got.status, got.body)
	}
	a.calls.onEach(nil)
	b.want("/show", 200, "ok one")
}
