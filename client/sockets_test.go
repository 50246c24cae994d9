package client_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// TestCallsSurviveTheDeathOfANode over real connections: a node goes down, with everything that is under way at it, and no
// caller hears of it.
func TestCallsSurviveTheDeathOfANode(t *testing.T) {
	var mu sync.Mutex
	made := map[string]int{} // effects by operation, as the cluster's exactly-once window would keep them
	var calls atomic.Int64
	half := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if op := r.Header.Get("Idempotency-Key"); op != "" {
			mu.Lock()
			made[op] = 1
			mu.Unlock()
		}
		if calls.Add(1) == 500 {
			close(half)
		}
		w.Header().Set("Session-Index", "1-5")
		w.Header().Set("Session-Generation", "1")
		_, _ = fmt.Fprint(w, `{"version":1,"attrs":{}}`)
	})
	dying, staying := httptest.NewServer(handler), httptest.NewServer(handler)
	defer staying.Close()
	c, err := client.New(dying.URL+","+staying.URL, client.WithApp("web"), client.WithTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const workers, rounds = 20, 25
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range rounds {
				if _, err := c.Read(t.Context(), token); err != nil {
					t.Errorf("Read = %v", err)
				}
				if _, err := c.Patch(t.Context(), token, sessnode.Edit{Unset: []string{"a"}}); err != nil {
					t.Errorf("Patch = %v", err)
				}
			}
		})
	}
	<-half
	dying.CloseClientConnections()
	dying.Close()
	wg.Wait()
	if len(made) != workers*rounds {
		t.Errorf("operations made = %d, want one for each of %d calls", len(made), workers*rounds)
	}
}

func TestConnectionsAreKept(t *testing.T) {
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Session-Index", "1-5")
		w.Header().Set("Session-Generation", "1")
		_, _ = fmt.Fprint(w, `{}`)
	}))
	server.Listener = &countingListener{server.Listener, &connections}
	server.Start()
	defer server.Close()
	c, err := client.New(server.URL, client.WithApp("web"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 50 {
		if _, err := c.Patch(t.Context(), token, sessnode.Edit{Unset: []string{"a"}}); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("connections of 50 calls in a row = %d, want 1", n)
	}
}

type countingListener struct {
	net.Listener
	accepted *atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.accepted.Add(1)
	}
	return conn, err
}
