package httpapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sessnode/sessnode"
)

func TestABackupIsStreamedOrRefusedBeforeItBegins(t *testing.T) {
	b := newBench(t)
	node := httptest.NewServer(b.api)
	defer node.Close()
	get := func() (int, string, http.Header) {
		r, err := http.Get(node.URL + "/v1/cluster/backup")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(body), r.Header
	}
	for range 300 { // more than may be open at once: each gives its place back
		status, body, header := get()
		if status != 200 || body != "all sessions" || header.Get("Content-Type") != "application/vnd.sessnode.backup" || header.Get("Session-Index") != at.String() {
			t.Fatalf("GET backup = %d %q, %v", status, body, header)
		}
	}
	b.store.err = sessnode.Errorf(sessnode.CodeUnavailable, "", "no leader")
	for range 300 {
		if status, _, header := get(); status != 503 || header.Get("Content-Type") != "application/problem+json" {
			t.Fatalf("GET backup without a leader = %d, %v, want 503", status, header)
		}
	}
}
