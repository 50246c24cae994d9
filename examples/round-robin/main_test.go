package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// app is an app server that says its name, the host that it was asked for and the body that it was sent.
func app(t *testing.T, name string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s", name, r.Host, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func ask(t *testing.T, proxy http.Handler, body string) (status int, answer, by string) {
	t.Helper()
	rec := httptest.NewRecorder()
	proxy.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "http://shop.example/", strings.NewReader(body)))
	return rec.Code, rec.Body.String(), rec.Header().Get(servedBy)
}

func TestEachRequestGoesToTheNextAppAndPastADeadOne(t *testing.T) {
	one, two := app(t, "one"), app(t, "two")
	proxy := newProxy([]string{one.Listener.Addr().String(), two.Listener.Addr().String()})
	last := ""
	for i := range 4 {
		status, answer, by := ask(t, proxy, "x")
		if status != http.StatusOK || by == last || !strings.HasSuffix(answer, " shop.example x") {
			t.Errorf("request %d = %d %q by %s after %s, want an answer of the other one, for shop.example", i, status, answer, by, last)
		}
		last = by
	}
	two.Close()
	for i := range 3 {
		if status, answer, _ := ask(t, proxy, "y"); status != http.StatusOK || answer != "one shop.example y" {
			t.Errorf("request %d after a death = %d %q, want one's answer", i, status, answer)
		}
	}
	one.Close()
	if status, _, _ := ask(t, proxy, "z"); status != http.StatusBadGateway {
		t.Errorf("with all dead = %d, want %d", status, http.StatusBadGateway)
	}
}

func TestRunStopsWithItsContextAndTellsWhatIsWrong(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- run(ctx, "127.0.0.1:0", []string{"127.0.0.1:1"}) }()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("run until its context ended = %v, want nil", err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, err := range map[string]error{"no app": run(t.Context(), "127.0.0.1:0", nil), "a taken port": run(t.Context(), taken.Addr().String(), []string{"x:1"})} {
		if err == nil {
			t.Errorf("run with %s = nil, want an error", name)
		}
	}
}
