package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode"
)

// streamer is a node that answers each request for events with the next of its scripts.
type streamer struct {
	mu      sync.Mutex
	scripts []func(w http.ResponseWriter, r *http.Request)
	asked   []string // the place that each request goes on after
}

func (s *streamer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.Query().Get("after"))
	var script func(http.ResponseWriter, *http.Request)
	if len(s.scripts) > 0 {
		script, s.scripts = s.scripts[0], s.scripts[1:]
	}
	s.mu.Unlock()
	w.Header().Set("Session-Index", "1-1")
	w.Header().Set("Session-Generation", "1")
	if script == nil {
		<-r.Context().Done()
		return
	}
	script(w, r)
}

// says answers with a stream that ends, or breaks, behind the text.
func says(text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte(text))
	}
}

// refuses answers with a problem.
func refuses(status int, code, more string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"status":%d,"code":%q,"outcome":"not_done"%s}`, status, code, more)
	}
}

func event(id, kind string) string {
	return fmt.Sprintf("id: %s\nevent: %s\ndata: {\"id\":%q,\"kind\":%q,\"subject\":\"ada\"}\n\n", id, kind, id, kind)
}

func newStreamer(t *testing.T, scripts ...func(http.ResponseWriter, *http.Request)) (*Client, *streamer) {
	t.Helper()
	s := &streamer{scripts: scripts}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := New(server.URL, WithApp("web"), WithTimeout(2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, s
}

// followed takes n events, and returns them in words.
func followed(t *testing.T, c *Client, n int, f Follow) (words []string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for e, err := range c.Events(ctx, f) {
		if err != nil {
			return words, err
		}
		if words = append(words, e.ID+" "+e.Kind.String()); len(words) == n {
			return words, nil
		}
	}
	t.Fatalf("the loop ended after %v", words)
	return nil, nil
}

// TestABrokenStreamGoesOnWhereItStopped cuts the stream in every way that a network knows.
func TestABrokenStreamGoesOnWhereItStopped(t *testing.T) {
	half := event("1-4", "created")
	c, s := newStreamer(t,
		says("retry: 500\nid: 1-2\n\n"+event("1-3", "created")),
		says("id: 1-3\n\n"+half[:len(half)-1]),                 // the last line break is missing
		says(half[:len(half)/2]),                               // in the middle of the data
		refuses(503, "unavailable", `,"reason":"no_leader"`),   // an election
		refuses(502, "", ""),                                   // a proxy
		says("id: 1-4\ndata: {\"id\":\"1-4\",\"kind\":\"crea"), // in the middle of the JSON
		says(half+": a comment\nfield: unknown\n\nid: 1-9\n\n"),
		says("\n\n"+event("1-12", "revoked")),
	)
	var reached []string
	words, err := followed(t, c, 3, Follow{Reached: func(id string) { reached = append(reached, id) }})
	if want := []string{"1-3 created", "1-4 created", "1-12 revoked"}; err != nil || !slices.Equal(words, want) {
		t.Errorf("events = %v, %v, want %v", words, err, want)
	}
	if want := []string{"", "1-3", "1-3", "1-3", "1-3", "1-3", "1-3", "1-9"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked to go on after %q, want %q", s.asked, want)
	}
	if want := []string{"1-2", "1-3", "1-3", "1-4", "1-9"}; !slices.Equal(reached, want) {
		t.Errorf("reached %q, want %q", reached, want)
	}
}

func TestAGapIsAnEventAndGoneIsAnEnd(t *testing.T) {
	c, _ := newStreamer(t,
		says("id: 1-5\nevent: gap\ndata: {\"id\":\"1-5\",\"kind\":\"gap\",\"reason\":\"overrun\"}\n\n"),
		refuses(410, "gone", `,"reason":"snapshot","oldest":"1-7"`))
	words, err := followed(t, c, 2, Follow{})
	var gone *sessnode.Error
	if !slices.Equal(words, []string{"1-5 gap"}) || !errors.As(err, &gone) || !errors.Is(err, sessnode.ErrGone) || gone.Oldest != "1-7" || gone.Reason != sessnode.ReasonSnapshot {
		t.Errorf("events = %v, then %+v, want a gap, then gone with the oldest place", words, err)
	}
}

// TestWhatOneNodeHasLostAnotherMayHave: a node that was restarted from a snapshot must not end a stream that others can go on with.
func TestWhatOneNodeHasLostAnotherMayHave(t *testing.T) {
	lost := refuses(410, "gone", `,"reason":"snapshot","oldest":"1-7"`)
	restarted := httptest.NewServer(&streamer{scripts: slices.Repeat([]func(http.ResponseWriter, *http.Request){lost}, 100)})
	defer restarted.Close()
	well := httptest.NewServer(&streamer{scripts: []func(http.ResponseWriter, *http.Request){
		says(event("1-3", "created")), says(event("1-4", "created")), says(event("1-5", "created")), says(event("1-6", "created")), lost, lost, lost, lost,
	}})
	defer well.Close()
	c, err := New(restarted.URL+","+well.URL, WithApp("web"), WithTimeout(2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	words, err := followed(t, c, 5, Follow{After: "1-2"})
	if want := []string{"1-3 created", "1-4 created", "1-5 created", "1-6 created"}; !slices.Equal(words, want) || !errors.Is(err, sessnode.ErrGone) {
		t.Errorf("events = %v, then %v, want %v, and gone once both nodes have said so", words, err, want)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestStreamsThatBreakAtOnceAreNotAskedForHastily: a node that can open streams and not keep them must not be flooded.
func TestStreamsThatBreakAtOnceAreNotAskedForHastily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked int
		breaks := roundTrip(func(*http.Request) (*http.Response, error) {
			asked++
			header := http.Header{"Content-Type": {"text/event-stream"}, "Session-Index": {"1-1"}, "Session-Generation": {"1"}}
			return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader("id: 1-2\n\n"))}, nil
		})
		c, err := New("http://n1:1", WithApp("web"), WithTransport(breaks))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for e, err := range c.Events(ctx, Follow{}) {
			t.Errorf("event %v, %v", e, err)
		}
		if least, most := 50, 150; asked < least || asked > most {
			t.Errorf("asked %d times in a minute, want about once in %v", asked, backoffMax)
		}
	})
}

// TestWhoFollowsIsToldOfAnOutage: while no node answers there is nothing to tell, and silence would be taken for peace.
func TestWhoFollowsIsToldOfAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, asked := time.Now(), 0
		c, err := New("http://n1:1", WithApp("web"), WithTransport(roundTrip(func(*http.Request) (*http.Response, error) {
			asked++
			if down := time.Since(began); asked > 1 && down < 30*time.Second {
				return nil, errors.New("connection refused")
			}
			header := http.Header{"Content-Type": {"text/event-stream"}, "Session-Index": {"1-1"}, "Session-Generation": {"1"}}
			return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(event(fmt.Sprint("1-", asked), "created")))}, nil
		})))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		waits := 0
		words, err := followed(t, c, 2, Follow{Waits: func(err error) {
			if waits++; !errors.Is(err, sessnode.ErrUnavailable) {
				t.Errorf("Waits(%v), want ErrUnavailable", err)
			}
		}})
		if len(words) != 2 || err != nil || waits < 3 || waits > 10 {
			t.Errorf("events %v, %v, told of the outage %d times, want about once in %v", words, err, waits, DefaultTimeout)
		}
	})
}

func TestKindsOfTheFutureArePassedOver(t *testing.T) {
	c, _ := newStreamer(t, says(event("1-3", "blessed")+event("1-4", "expired")))
	if words, err := followed(t, c, 1, Follow{}); err != nil || words[0] != "1-4 expired" {
		t.Errorf("events = %v, %v", words, err)
	}
}

func TestFollowingTwiceBeginsTwice(t *testing.T) {
	c, s := newStreamer(t, says(event("1-3", "created")), says(event("1-3", "created")))
	loop := c.Events(t.Context(), Follow{After: "1-2"})
	for range 2 {
		for range loop {
			break
		}
	}
	if want := []string{"1-2", "1-2"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked to go on after %q, want %q", s.asked, want)
	}
}

func TestFollowingEndsWhereItCannotBegin(t *testing.T) {
	for name, tc := range map[string]struct {
		script func(http.ResponseWriter, *http.Request)
		want   error
	}{
		"no leader":  {refuses(503, "unavailable", ""), sessnode.ErrUnavailable},
		"forbidden":  {refuses(403, "forbidden", ""), sessnode.ErrForbidden},
		"a web page": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, sessnode.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newStreamer(t, slices.Repeat([]func(http.ResponseWriter, *http.Request){tc.script}, 50)...)
			if words, err := followed(t, c, 1, Follow{}); !errors.Is(err, tc.want) || len(words) != 0 {
				t.Errorf("events = %v, %v, want %v", words, err, tc.want)
			}
		})
	}
}

// TestAnotherLifeOfTheClusterIsNotFollowed: its events would be taken for those of the sessions that are known.
func TestAnotherLifeOfTheClusterIsNotFollowed(t *testing.T) {
	c, _ := newStreamer(t, says(event("1-3", "created")), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Session-Generation", "2")
		says(event("2-3", "created"))(w, r)
	}, says(event("1-4", "created")))
	if words, err := followed(t, c, 2, Follow{}); err != nil || strings.Join(words, " ") != "1-3 created 1-4 created" {
		t.Errorf("events = %v, %v, want none of generation 2", words, err)
	}
}

func TestFollowingEndsQuietlyWithItsContext(t *testing.T) {
	c, _ := newStreamer(t, says(event("1-3", "created")))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, err := range c.Events(ctx, Follow{}) {
		if err != nil {
			t.Errorf("Events = %v after its context ended", err)
		}
		cancel()
	}
}

// silent is a transport whose streams say one thing each and then nothing, as a node does that was cut off without a word.
type silent struct{ asked int }

func (s *silent) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked++
	body, w := io.Pipe()
	said := event(fmt.Sprint("1-", s.asked), "created")
	go func() {
		_, _ = w.Write([]byte(said))
		<-r.Context().Done()
		_ = w.CloseWithError(r.Context().Err())
	}()
	return &http.Response{StatusCode: 200, Body: body, Header: http.Header{
		"Content-Type": {"text/event-stream"}, "Session-Index": {"1-1"}, "Session-Generation": {"1"},
	}}, nil
}

func TestASilentStreamIsLeftForAnotherOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &silent{}
		c, err := New("sessnode://n1,n2/web", WithTransport(transport))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		words, err := followed(t, c, 2, Follow{})
		took := time.Since(began)
		if err != nil || transport.asked != 2 || took < streamSilence || took > streamSilence+backoffMax {
			t.Errorf("events %v, %v of %d streams after %v, want the second stream after %v", words, err, transport.asked, took, streamSilence)
		}
	})
}
