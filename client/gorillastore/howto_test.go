package gorillastore_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/sessnode/sessnode/client/gorillastore"
)

// TestHowToWorks runs the pages that docs/how-to/go-scs-and-gorilla.md shows.
func TestHowToWorks(t *testing.T) {
	a := run(t, gorillastore.Options{SubjectFrom: "user"}, nil)
	mux := http.NewServeMux()
	for path, page := range members(a.sessions, a.client) {
		mux.HandleFunc(path, page)
	}
	a.server = httptest.NewServer(mux)
	t.Cleanup(a.server.Close)
	ada, elsewhere := a.browser(), a.browser()
	for _, b := range []*browser{ada, elsewhere} {
		b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		res, err := b.http.PostForm(a.server.URL+"/login", url.Values{"name": {"ada"}})
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		b.want("/", 200, "hello ada [Welcome back]\n")
		b.want("/", 200, "hello ada []\n")
	}
	ada.get("/logout")
	ada.want("/", 200, "hello <nil> []\n")
	elsewhere.want("/everywhere", 200, "signed out at 1 places\n")
	elsewhere.want("/", 200, "hello <nil> []\n")
}
