package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// exchange sends raw bytes on one connection and returns the statuses that came back, with "closed" where the server hung up before a
// second request could be sent.
func exchange(t *testing.T, raw string) (store *stub, said string) {
	t.Helper()
	store = newStub()
	synctest.Test(t, func(t *testing.T) {
		l, _ := serve(t, store, nil)
		conn := l.dial()
		go func() { _, _ = conn.Write([]byte(raw)) }()
		var list []string
		r := bufio.NewReader(conn)
		for {
			method, _, _ := strings.Cut(raw, " ")
			res, err := http.ReadResponse(r, &http.Request{Method: method})
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.ErrClosedPipe) {
					list = append(list, err.Error())
				}
				break
			}
			if res.StatusCode == http.StatusContinue {
				list = append(list, "100")
				continue
			}
			_, _ = io.Copy(io.Discard, res.Body)
			list = append(list, fmt.Sprint(res.StatusCode))
			if res.Close {
				list = append(list, "close")
				break
			}
		}
		_ = conn.Close()
		said = strings.Join(list, " ")
	})
	return store, said
}

const (
	line  = "GET /v1/apps/web/session HTTP/1.1\r\n"
	whose = "Host: localhost\r\nSession-Token: 0123456789abcdef0123456789abcdef\r\n"
	write = "PATCH /v1/apps/web/session HTTP/1.1\r\n" + whose
)

// TestOddRequests: what two servers may understand differently is refused, and what is only unusual is answered. asked is how many questions
// reach the store.
func TestOddRequests(t *testing.T) {
	for name, test := range map[string]struct {
		raw, says string
		asked     int
	}{
		"plain":                        {line + whose + "\r\n", "200", 1},
		"pipelined":                    {line + whose + "\r\n" + line + whose + "\r\n" + write + "Content-Length: 2\r\n\r\n{}" + line + whose + "\r\n", "200 200 200 200", 4},
		"pipelined, odd in the middle": {line + whose + "\r\n" + write + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + line + whose + "\r\n", "200 200 close", 2},
		"close":                        {line + whose + "Connection: close\r\n\r\n", "200 close", 1},
		"HTTP/1.0":                     {"GET /v1/apps/web/session HTTP/1.0\r\n" + whose + "\r\n", "200 close", 1},
		"HTTP/1.0 that stays":          {"GET /v1/apps/web/session HTTP/1.0\r\nConnection: keep-alive\r\n" + whose + "\r\n", "200", 1},
		"expect":                       {write + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}", "100 200", 1},
		"expect something else":        {write + "Expect: miracles\r\nContent-Length: 2\r\n\r\n{}", "417 close", 0},
		"chunked":                      {write + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "200 close", 1},
		"empty line first":             {"\r\n" + line + whose + "\r\n", "400 close", 0},
		"absolute target":              {"GET http://localhost/v1/apps/web/session HTTP/1.1\r\n" + whose + "\r\n", "200", 1},
		"length of nothing":            {line + whose + "Content-Length: 0\r\n\r\n", "200", 1},
		"OPTIONS":                      {"OPTIONS /v1/apps/web/session HTTP/1.1\r\n" + whose + "\r\n" + line + whose + "\r\n", "204 200", 1},
		"two tokens":                   {line + whose + "Session-Token: other\r\n\r\n", "400", 0},
		"lengths that differ":          {write + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400 close", 0},
		"list of lengths":              {write + "Content-Length: 2, 3\r\n\r\n{}", "400 close", 0},
		"signed length":                {write + "Content-Length: +2\r\n\r\n{}", "400 close", 0},
		"negative length":              {write + "Content-Length: -2\r\n\r\n{}", "400 close", 0},
		"length in hex":                {write + "Content-Length: 0x2\r\n\r\n{}", "400 close", 0},
		"endless length":               {write + "Content-Length: 18446744073709551618\r\n\r\n{}", "400 close", 0},
		"unknown encoding":             {write + "Transfer-Encoding: gzip\r\n\r\n{}", "501 close", 0},
		"two encodings":                {write + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501 close", 0},
		"encoding twice":               {write + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501 close", 0},
		"broken chunk":                 {write + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "400 close", 0},
		"length and encoding":          {write + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + line + whose + "\r\n", "200 close", 1},
		"blank before the colon":       {line + whose + "Content-Length : 2\r\n\r\n{}", "400 close", 0},
		"folded":                       {line + "Host: localhost\r\nSession-Token: abc\r\n def\r\n\r\n", "404", 0},
		"folded first":                 {line + " " + whose + "\r\n", "400 close", 0},
		"carriage return in a value":   {line + whose + "X: a\rY: b\r\n\r\n", "400 close", 0},
		"zero byte in a value":         {line + whose + "X: \x00\r\n\r\n", "400 close", 0},
		"no colon":                     {line + whose + "X\r\n\r\n", "400 close", 0},
		"strange name":                 {line + whose + "X(: a\r\n\r\n", "400 close", 0},
		"no host":                      {line + "Session-Token: x\r\n\r\n", "400 close", 0},
		"two hosts":                    {line + "Host: a\r\n" + whose + "\r\n", "400 close", 0},
		"strange host":                 {line + "Host: a b\r\n\r\n", "400 close", 0},
		"broken escape":                {"GET /v1/apps/w%2 HTTP/1.1\r\n" + whose + "\r\n", "400 close", 0},
		"blank in the target":          {"GET /v1/apps/w eb HTTP/1.1\r\n" + whose + "\r\n", "400 close", 0},
		"HTTP/2":                       {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 close", 0},
		"HTTP/3":                       {"GET / HTTP/3.0\r\n" + whose + "\r\n", "505 close", 0},
		"no HTTP":                      {"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", "400 close", 0},
		"line feeds only":              {"GET /v1/apps/web/session HTTP/1.1\nHost: localhost\nSession-Token: x\n\n", "200", 1},
	} {
		t.Run(name, func(t *testing.T) {
			store, said := exchange(t, test.raw)
			if said != test.says || len(store.asked) != test.asked {
				t.Errorf("the server said %q and asked the store %d times, want %q and %d", said, len(store.asked), test.says, test.asked)
			}
		})
	}
}

// TestBodiesAreNotKept: the loop reads the next request where the last one stood. What a store was given must not change by that.
func TestBodiesAreNotKept(t *testing.T) {
	body := func(c string) string {
		c = strings.Repeat(c, 8)
		return `{"set":{"` + c + `":"` + c + `"},"raw":{"b` + c + `":{"codec":"bytes","data":"` + c + `"}},"device":{"label":"` + c + `"}}`
	}
	msgpack := func(c string) string {
		c = strings.Repeat(c, 8)
		return "\x81\xa3raw\x81\xa8" + c + "\x82\xa5codec\xa5bytes\xa4data\xc4\x08" + c
	}
	request := func(extra, body string) string {
		return write + extra + "Content-Length: " + fmt.Sprint(len(body)) + "\r\n\r\n" + body
	}
	const mp = "Content-Type: application/msgpack\r\n"
	store, said := exchange(t, request("", body("a"))+request("", body("z"))+request(mp, msgpack("b"))+request(mp, msgpack("y")))
	if said != "200 200 200 200" {
		t.Fatalf("the server said %q", said)
	}
	for i, letter := range []string{"a", "z", "b", "y"} {
		alone, _ := exchange(t, []string{request("", body(letter)), request(mp, msgpack(letter))}[i/2])
		if diff := cmp.Diff(alone.changes()[0].Change, store.changes()[i].Change); diff != "" {
			t.Errorf("change %d became another one (+):\n%s", i, diff)
		}
	}
}

// TestLargeBodies do not fit into the loop's buffer: they are read from the connection, whose next request is found behind them.
func TestLargeBodies(t *testing.T) {
	body := `{"set":{"a":"` + strings.Repeat("x", 100<<10) + `"}}`
	large := write + "Content-Length: " + fmt.Sprint(len(body)) + "\r\n\r\n" + body
	store, said := exchange(t, large+line+whose+"\r\n"+large+line+whose+"\r\n")
	if said != "200 200 200 200" || len(store.asked) != 4 {
		t.Errorf("the server said %q and asked %q", said, store.asked)
	}
	if got := fmt.Sprintf("%+v", store.changes()[1].Change); got != fmt.Sprintf("%+v", store.changes()[0].Change) || len(got) < 100<<10 {
		t.Errorf("the second large change has %d characters", len(got))
	}
}

// TestRefusedBodiesAreNotTakenForRequests: what was not read of a body is never parsed as the next request, and whoever sent it learns why
// it was refused.
func TestRefusedBodiesAreNotTakenForRequests(t *testing.T) {
	body := strings.Repeat(line+whose+"\r\n", 300)
	store, said := exchange(t, strings.Replace(write, "Host: localhost", "Host: evil.example", 1)+"Content-Length: "+fmt.Sprint(len(body))+"\r\n\r\n"+body)
	if said != "403 close" || len(store.asked) != 0 {
		t.Errorf("the server said %q and asked %q", said, store.asked)
	}
	body = line + whose + "\r\n" // this one is there with its head: it is skipped, and the connection stays
	store, said = exchange(t, strings.Replace(write, "Host: localhost", "Host: evil.example", 1)+"Content-Length: "+fmt.Sprint(len(body))+"\r\n\r\n"+body+line+whose+"\r\n")
	if said != "403 200" || len(store.asked) != 1 {
		t.Errorf("the server said %q and asked %q", said, store.asked)
	}
}

// TestStreamsOverTheWire come from net/http, whatever path they have.
func TestStreamsOverTheWire(t *testing.T) {
	for _, path := range []string{"/v1/apps/web/events", "/v1/events", "/v1/cluster/backup"} {
		synctest.Test(t, func(t *testing.T) {
			store := newStub()
			l, _ := serve(t, store, nil)
			conn := l.dial()
			go func() { _, _ = conn.Write([]byte("GET " + path + " HTTP/1.1\r\n" + whose + "\r\n")) }()
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || res.StatusCode != 200 || len(res.TransferEncoding) != 1 {
				t.Fatalf("GET %s = %v, %v, want a stream", path, res, err)
			}
			if n, err := res.Body.Read(make([]byte, 16)); n == 0 {
				t.Errorf("GET %s: no byte came: %v", path, err)
			}
			_ = conn.Close()
		})
	}
}

// TestShutdownClosesWhatIsIdle, and lets nobody begin anew.
func TestShutdownClosesWhatIsIdle(t *testing.T) {
	for name, first := range map[string]string{"plain": line, "odd": "OPTIONS /v1/apps/web/session HTTP/1.1\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			store := newStub()
			l, s := serve(t, store, nil)
			conn := l.dial()
			go func() { _, _ = conn.Write([]byte(first + whose + "\r\n")) }()
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || res.Close {
				t.Fatalf("%s: answer = %v, %v", name, res, err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			synctest.Wait()
			if err := s.Shutdown(t.Context()); err != nil {
				t.Errorf("%s: Shutdown = %v", name, err)
			}
			if _, err := conn.Write([]byte("G")); err == nil {
				t.Errorf("%s: the idle connection is open after a shutdown", name)
			}
			_ = conn.Close()
		})
	}
}

// TestAnswersDuringAShutdownSayThatTheyAreTheLast, so that no client sends another request into a connection that is closed.
func TestAnswersDuringAShutdownSayThatTheyAreTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStub()
		entered, leave := make(chan struct{}), make(chan struct{})
		store.hook = func(context.Context) { close(entered); <-leave }
		l, s := serve(t, store, nil)
		conn := l.dial()
		go func() { _, _ = conn.Write([]byte(line + whose + "\r\n")) }()
		<-entered
		stopped := make(chan error, 1)
		go func() { stopped <- s.Shutdown(t.Context()) }()
		synctest.Wait()
		close(leave)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != 200 || !res.Close {
			t.Errorf("answer = %v, %v, want 200 and close", res, err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		_ = conn.Close()
	})
}

// TestSilentClientsAreCutOff: one that never sends, and one that never reads.
func TestSilentClientsAreCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := serve(t, newStub(), nil)
		began := time.Now()
		conn := l.dial()
		_, err := conn.Read(make([]byte, 1))
		if took := time.Since(began); err == nil || took < 4*time.Second || took > 7*time.Second {
			t.Errorf("a connection without a request lived %v and ended with %v", took, err)
		}
		_ = conn.Close()
		began = time.Now()
		conn = l.dial()
		_, _ = conn.Write([]byte(line + whose + "\r\n"))
		time.Sleep(50 * time.Second) // of the bubble's time, in which the answer is not read
		if n, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("an answer was offered for %v: %d bytes came", time.Since(began), n)
		}
		_ = conn.Close()
	})
}
