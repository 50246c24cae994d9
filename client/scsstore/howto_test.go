package scsstore_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/sessnode/sessnode/client/scsstore"
)

// TestHowToWorks runs the pages that docs/how-to/go-scs-and-gorilla.md shows.
func TestHowToWorks(t *testing.T) {
	a := run(t, scsstore.Options{SubjectFrom: "userID"}, nil)
	mux := http.NewServeMux()
	for path, page := range members(a.sessions, a.client) {
		mux.HandleFunc(path, page)
	}
	server := httptest.NewServer(a.sessions.LoadAndSave(mux))
	t.Cleanup(server.Close)
	a.server = server
	ada, elsewhere := a.browser(), a.browser()
	for _, b := range []*browser{ada, elsewhere} {
		res, err := b.http.PostForm(server.URL+"/login", url.Values{"name": {"ada"}})
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		b.want("/", 200, "hello ada\n")
	}
	ada.get("/logout")
	ada.want("/", 200, "hello \n")
	elsewhere.want("/everywhere", 200, "signed out at 1 places\n")
	elsewhere.want("/", 200, "hello \n")
}

// jsonCodec is a codec as applications write one. Numbers come back as float64, as JSON has it.
type jsonCodec struct{}

func (jsonCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{"deadline": deadline, "values": values})
}

func (jsonCodec) Decode(b []byte) (time.Time, map[string]any, error) {
	var in struct {
		Deadline time.Time
		Values   map[string]any
	}
	err := json.Unmarshal(b, &in)
	return in.Deadline, in.Values, err
}

func TestACodecOfTheApplicationMergesToo(t *testing.T) {
	pages := usual()
	loaded, letGo := paused(pages)
	pages["/number"] = func(_ http.ResponseWriter, r *http.Request, s *scs.SessionManager) { s.Put(r.Context(), "n", 7) }
	a := run(t, scsstore.Options{}, pages)
	custom(a.sessions, a.client, jsonCodec{})
	b := a.browser()
	b.get("/put?k=a&v=1")
	while(b, loaded, letGo, func() { b.get("/put?k=b&v=2") })
	b.want("/get?k=b", 200, "2")
	b.want("/get?k=slow", 200, "1")
	b.get("/number")
	a.calls.take()
	b.get("/number")
	if got := a.calls.take(); got != "GET GET" {
		t.Errorf("the same number again made the requests %q, want two reads", got)
	}
}
