package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode/httpapi"
	"github.com/sessnode/sessnode/internal/frames"
)

// TestASharedConnectionNeedsAKey where requests do; each request over it needs its own all the same.
func TestASharedConnectionNeedsAKey(t *testing.T) {
	config := httpapi.DefaultConfig(newStub())
	withKeys(&config)
	api, err := httpapi.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server, ln := httpapi.NewServer(httpapi.DefaultServerConfig(), api), newPipes()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	for key, want := range map[string]string{"": "401", "Authorization: Bearer wrong\r\n": "401", "Authorization: Bearer key-of-web\r\n": "101"} {
		conn := ln.dial()
		go func() { _, _ = io.WriteString(conn, upgrade+key+"\r\n") }()
		in := bufio.NewReader(conn)
		res, err := http.ReadResponse(in, nil)
		if err != nil || !strings.HasPrefix(res.Status, want) {
			t.Errorf("with %q: %v, %v, want %s", key, res, err, want)
		}
		if want == "101" {
			_ = frames.NewWriter(conn, time.Minute).Add(1, []byte(get+"\r\n"))
			if _, answer, err := frames.NewReader(in, 1<<20).Next(); err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 401")) {
				t.Errorf("a request without a key got %q, %v", answer, err)
			}
		}
		_ = conn.Close()
	}
	if err := errors.Join(server.Shutdown(t.Context()), <-served); err != nil {
		t.Error(err)
	}
}

// TestAFrameMustComeInTime, as a request must on a connection of its own, however steadily its bytes drip.
func TestAFrameMustComeInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := serve(t, newStub(), nil)
		s := share(t, l.dial())
		began := time.Now()
		for _, b := range binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 60_000), 1) {
			if _, err := s.conn.Write([]byte{b}); err != nil {
				break
			}
			time.Sleep(4 * time.Second)
		}
		for time.Since(began) < 2*time.Minute && !s.isOver() {
			_, _ = s.conn.Write([]byte("x"))
			time.Sleep(4 * time.Second)
		}
		if took := time.Since(began); took < 15*time.Second || took > 30*time.Second {
			t.Errorf("a part of a frame held the connection for %v, want the 15 s of a request and the 10 s in which it is looked at", took)
		}
	})
}

// TestWhatLiesUnreadForLongIsNotDone: it might be a change whose operation id is forgotten by then.
func TestWhatLiesUnreadForLongIsNotDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStub()
		var asked atomic.Int32
		store.hook = func(context.Context) { asked.Add(1); time.Sleep(29 * time.Second) }
		l, _ := serve(t, store, func(c *httpapi.ServerConfig) { c.MaxConnections = 1 }) // so one is worked on at a time
		s := share(t, l.dial())
		for i := range uint32(6) {
			s.send(1+i, strings.Replace(get, "\r\n", "\r\nSession-Timeout: 30\r\n", 1)+"\r\n")
		}
		time.Sleep(5 * time.Minute)
		if n := asked.Load(); n != 3 || !s.isOver() {
			t.Errorf("%d requests were carried out, and the connection has ended: %v; want the three of the first minute", n, s.isOver())
		}
	})
}

// TestASharedConnectionMayBeIdleForAsLongAsAnyOther, but is not idle while a request is under way.
func TestASharedConnectionMayBeIdleForAsLongAsAnyOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStub()
		store.hook = func(context.Context) { time.Sleep(4 * time.Minute) }
		l, _ := serve(t, store, nil)
		s := share(t, l.dial())
		s.send(1, strings.Replace(get, "\r\n", "\r\nSession-Timeout: 30\r\n", 1)+"\r\n")
		time.Sleep(3 * time.Minute)
		if s.isOver() {
			t.Fatal("it was closed under a request")
		}
		time.Sleep(2 * time.Minute)
		if s.status(1) == "" {
			t.Fatal("the request was not answered")
		}
		time.Sleep(3 * time.Minute)
		if !s.isOver() {
			t.Error("it is open after three minutes without a request")
		}
	})
}

// TestAServerThatShutsDownAsksSharedConnectionsToGo: what is under way is answered first, and who does not go by itself is closed.
func TestAServerThatShutsDownAsksSharedConnectionsToGo(t *testing.T) {
	for _, patient := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			store := newStub()
			entered, leave := make(chan struct{}), make(chan struct{})
			store.hook = func(context.Context) { close(entered); <-leave }
			l, server := serve(t, store, nil)
			idle, busy := share(t, l.dial()), share(t, l.dial())
			busy.send(1, get+"\r\n")
			<-entered
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			began, stopped := time.Now(), make(chan error, 1)
			go func() { stopped <- server.Shutdown(ctx) }()
			time.Sleep(3 * time.Second)
			if _, told := idle.answer(0); !told || !idle.isOver() {
				t.Errorf("the idle one was told: %v, is closed: %v", told, idle.isOver())
			}
			if _, told := busy.answer(0); !told || busy.isOver() {
				t.Errorf("the busy one was told: %v, is closed: %v", told, busy.isOver())
			}
			if patient {
				close(leave)
				if err := <-stopped; err != nil || busy.status(1) != "200" || time.Since(began) > 6*time.Second {
					t.Errorf("Shutdown = %v after %v, and the request got %q", err, time.Since(began), busy.status(1))
				}
				return
			}
			if err := <-stopped; !errors.Is(err, context.DeadlineExceeded) || busy.status(1) != "" {
				t.Errorf("Shutdown = %v, and the request got %q, want it cut off", err, busy.status(1))
			}
			close(leave)
		})
	}
}

// TestAServerThatShutsDownWaitsForNobodyWhoDoesNotRead: others are told to go at once, and the time to shut down is kept.
func TestAServerThatShutsDownWaitsForNobodyWhoDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, server := serve(t, newStub(), nil)
		deaf := l.dial()
		defer deaf.Close()
		go func() { _, _ = io.WriteString(deaf, upgrade+"\r\n") }()
		if line, err := bufio.NewReader(deaf).ReadString('\n'); err != nil || !strings.Contains(line, "101") {
			t.Fatalf("the upgrade got %q, %v", line, err)
		}
		out := frames.NewWriter(deaf, time.Hour)
		for i := range uint32(60) { // answers of 50 KB each, which nobody reads
			_ = out.Add(1+i, []byte("GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		}
		idle := share(t, l.dial())
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began, stopped := time.Now(), make(chan error, 1)
		go func() { stopped <- server.Shutdown(ctx) }()
		time.Sleep(2 * time.Second)
		if _, told := idle.answer(0); !told || !idle.isOver() {
			t.Errorf("the other was told: %v, is closed: %v", told, idle.isOver())
		}
		if err := <-stopped; !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 11*time.Second {
			t.Errorf("Shutdown = %v after %v, want it to give up after 10s", err, time.Since(began))
		}
	})
}

// TestAsManyAreAtWorkAsThereMayBeConnections, over all shared connections; each has one in any case, and the others get their turn.
func TestAsManyAreAtWorkAsThereMayBeConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, leave := newStub(), make(chan struct{})
		var atWork atomic.Int32
		store.hook = func(context.Context) { atWork.Add(1); <-leave }
		l, _ := serve(t, store, func(c *httpapi.ServerConfig) { c.MaxConnections = 5 })
		first, second := share(t, l.dial()), share(t, l.dial())
		for i := range uint32(8) {
			go first.send(1+i, get+"\r\n") // the last ones are not read before others are answered
			synctest.Wait()
		}
		second.send(1, get+"\r\n")
		synctest.Wait()
		if n := atWork.Load(); n != 6 {
			t.Errorf("%d requests are worked on, want five of the first connection and one of the second", n)
		}
		close(leave)
		for i := range uint32(8) {
			if got := first.status(1 + i); got != "200" {
				t.Errorf("request %d got %q", i, got)
			}
		}
		if got := second.status(1); got != "200" {
			t.Errorf("the second connection's got %q", got)
		}
	})
}
