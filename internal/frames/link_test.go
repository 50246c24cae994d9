package frames_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/sessnode/sessnode/internal/frames"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// far is the answering end of a link, by hand.
type far struct {
	t    *testing.T
	conn net.Conn
	in   *frames.Reader
	out  *frames.Writer
}

// open returns both ends. The link is closed when the test ends.
func open(t *testing.T) (*frames.Link, *far) {
	t.Helper()
	near, conn := net.Pipe()
	turned := make(chan *far)
	go func() { // ends with the head
		r := bufio.NewReader(conn)
		req, err := http.ReadRequest(r)
		if err != nil || req.URL.Path != frames.Path || req.Header.Get("Upgrade") != frames.Protocol || req.Host != "node:1" {
			t.Errorf("asked for with %+v, %v", req, err)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+frames.Protocol+"\r\n\r\n")
		turned <- &far{t: t, conn: conn, in: frames.NewReader(r, 1<<20), out: frames.NewWriter(conn, time.Minute)}
	}()
	link, err := frames.Open(near, "node:1", "")
	if err != nil {
		t.Fatal(err)
	}
	f := <-turned
	t.Cleanup(func() { _ = link.Close(); _ = conn.Close() })
	return link, f
}

func (f *far) next() (number uint32, request string) {
	f.t.Helper()
	number, payload, err := f.in.Next()
	if err != nil {
		f.t.Fatal(err)
	}
	return number, string(payload)
}

// ask sends a request in the background and returns where its answer comes.
func ask(ctx context.Context, l *frames.Link, request string) <-chan string {
	said := make(chan string, 1)
	go func() { // ends with the answer
		answer, err := l.Do(ctx, frames.NewCall(), []byte(request))
		if err != nil {
			answer = fmt.Append(nil, "error: ", err)
		}
		said <- string(answer)
	}()
	return said
}

func TestAnswersFindTheirRequestsInAnyOrder(t *testing.T) {
	l, f := open(t)
	first := ask(t.Context(), l, "one")
	n1, _ := f.next()
	second := ask(t.Context(), l, "two")
	n2, _ := f.next()
	_ = f.out.Add(n2, []byte("two!"))
	_ = f.out.Add(12345, []byte("an answer to nobody"))
	if got := <-second; got != "two!" {
		t.Errorf("the second got %q", got)
	}
	_ = f.out.Add(n1, []byte("one!"))
	if got := <-first; got != "one!" {
		t.Errorf("the first got %q", got)
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	l, f := open(t)
	go func() { // ends with the link
		for {
			number, payload, err := f.in.Next()
			if err != nil {
				return
			}
			_ = f.out.Add(number, append([]byte("re: "), payload...))
		}
	}()
	var callers sync.WaitGroup
	for c := range 50 {
		callers.Go(func() {
			call := frames.NewCall()
			for i := range 100 {
				request := fmt.Sprint("caller ", c, " ", i)
				if answer, err := l.Do(t.Context(), call, []byte(request)); err != nil || string(answer) != "re: "+request {
					t.Errorf("%s got %q, %v", request, answer, err)
				}
			}
		})
	}
	callers.Wait()
}

// TestACallerMayGiveUp: the answer that comes later is nobody's, also not that of the call's next request.
func TestACallerMayGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where no time passes by itself
		l, f := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		call, gaveUp := frames.NewCall(), make(chan error)
		go func() { _, err := l.Do(ctx, call, []byte("one")); gaveUp <- err }() // ends with the cancel
		late, _ := f.next()
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) || errors.Is(err, frames.ErrNotSent) {
			t.Errorf("who gave up got %v", err)
		}
		said := make(chan string)
		go func() { answer, _ := l.Do(t.Context(), call, []byte("two")); said <- string(answer) }() // ends with the answer
		number, _ := f.next()
		_ = f.out.Add(late, []byte("one!"))
		_ = f.out.Add(number, []byte("two!"))
		if got := <-said; got != "two!" {
			t.Errorf("the next request got %q", got)
		}
	})
}

// TestALinkCarriesNoMoreThanAServerWorksOn: whoever comes then is told so, also while those who gave up have no answer yet.
func TestALinkCarriesNoMoreThanAServerWorksOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, f := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		var all []<-chan string
		for range frames.MaxUnderWay {
			all = append(all, ask(ctx, l, "one"))
		}
		last := uint32(0)
		for range all {
			last, _ = f.next()
		}
		full := func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			_, err := l.Do(ctx, frames.NewCall(), []byte("one more"))
			return errors.Is(err, frames.ErrFull) && errors.Is(err, frames.ErrNotSent)
		}
		if !full() {
			t.Error("one more was taken")
		}
		cancel()
		for _, said := range all {
			<-said
		}
		if !full() {
			t.Error("one more was taken when all had given up")
		}
		_ = f.out.Add(last, nil)
		synctest.Wait()
		said := ask(t.Context(), l, "two")
		if number, request := f.next(); request != "two" {
			t.Errorf("after an answer came %q", request)
		} else {
			_ = f.out.Add(number, nil)
		}
		<-said
	})
}

// TestASilentConnectionIsNotTrusted: where nothing was heard for a while although requests waited, no more are sent once one is given up. Where others were
// answered meanwhile, or it was given up at once, it says nothing of the connection.
func TestASilentConnectionIsNotTrusted(t *testing.T) {
	for name, c := range map[string]struct {
		wait     time.Duration
		answered bool // another one is, just before
		usable   bool
	}{
		"silent for two seconds": {2 * time.Second, false, false},
		"another was answered":   {2 * time.Second, true, true},
		"given up at once":       {0, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, f := open(t)
				ctx, cancel := context.WithCancel(t.Context())
				one := ask(ctx, l, "one")
				f.next()
				under := ask(t.Context(), l, "under way")
				number, _ := f.next()
				time.Sleep(c.wait)
				if c.answered {
					two := ask(t.Context(), l, "two")
					number, _ := f.next()
					_ = f.out.Add(number, nil)
					<-two
				}
				cancel()
				<-one
				if got := l.Usable(time.Hour); got != c.usable {
					t.Errorf("it is taken for usable: %v, want %v", got, c.usable)
				}
				_ = f.out.Add(number, []byte("answered"))
				if got := <-under; got != "answered" {
					t.Errorf("the request that was under way got %q", got)
				}
			})
		})
	}
}

// TestWhatIsNotSent: a request that is too large for a frame, and one whose context has ended.
func TestWhatIsNotSent(t *testing.T) {
	l, f := open(t)
	if _, err := l.Do(t.Context(), frames.NewCall(), make([]byte, frames.MaxRequest+1)); !errors.Is(err, frames.ErrNotSent) {
		t.Errorf("one that is too large: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Do(ctx, frames.NewCall(), []byte("late")); !errors.Is(err, frames.ErrNotSent) || !errors.Is(err, context.Canceled) {
		t.Errorf("one whose context has ended: %v", err)
	}
	said := ask(t.Context(), l, "good")
	number, request := f.next()
	_ = f.out.Add(number, nil)
	if <-said; request != "good" {
		t.Errorf("the first that came is %q", request)
	}
}

// TestTheEndOfTheConnection: who was sent hears that the answer is lost, and who comes later that nothing was sent.
func TestTheEndOfTheConnection(t *testing.T) {
	l, f := open(t)
	said := ask(t.Context(), l, "one")
	f.next()
	_ = f.conn.Close()
	if got := <-said; !strings.Contains(got, frames.ErrLost.Error()) {
		t.Errorf("the request under way got %q", got)
	}
	if _, err := l.Do(t.Context(), frames.NewCall(), []byte("two")); !errors.Is(err, frames.ErrNotSent) {
		t.Errorf("a later one got %v", err)
	}
	if l.Usable(time.Hour) {
		t.Error("it is taken for usable")
	}
}

// TestAServerThatLeaves: what was sent is answered, nothing more is sent, and then the connection is closed.
func TestAServerThatLeaves(t *testing.T) {
	l, f := open(t)
	said := ask(t.Context(), l, "one")
	number, _ := f.next()
	_ = f.out.Add(0, nil)
	for l.Usable(time.Hour) { // until the frame is read
		time.Sleep(time.Millisecond)
	}
	if _, err := l.Do(t.Context(), frames.NewCall(), []byte("two")); !errors.Is(err, frames.ErrNotSent) {
		t.Errorf("a new request got %v", err)
	}
	_ = f.out.Add(number, []byte("one!"))
	if got := <-said; got != "one!" {
		t.Errorf("the request under way got %q", got)
	}
	if _, _, err := f.in.Next(); err == nil {
		t.Error("the connection stayed open")
	}
}

func TestALinkIsUsableForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, f := open(t)
		if !l.Usable(time.Minute) {
			t.Error("a new link is not usable")
		}
		time.Sleep(2 * time.Minute)
		if l.Usable(time.Minute) {
			t.Error("one that lay unused for two minutes is")
		}
		said := ask(t.Context(), l, "one")
		number, _ := f.next()
		time.Sleep(2 * time.Minute)
		if !l.Usable(time.Minute) {
			t.Error("one with a request under way is not")
		}
		_ = f.out.Add(number, nil)
		<-said
	})
}

func TestAServerThatKnowsNoFramesIsNoLink(t *testing.T) {
	for name, c := range map[string]struct {
		answer  string
		refused bool
	}{
		"an older node":    {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", true},
		"another protocol": {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", true},
		"no HTTP":          {"220 mail ESMTP\r\n", false},
		"nothing":          {"", false},
	} {
		near, conn := net.Pipe()
		go func() { // ends with its answer
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, c.answer)
			_ = conn.Close()
		}()
		if _, err := frames.Open(near, "node:1", ""); err == nil || errors.Is(err, frames.ErrRefused) != c.refused {
			t.Errorf("%s: %v, refused: %v", name, err, errors.Is(err, frames.ErrRefused))
		}
	}
}
