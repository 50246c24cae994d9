package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

var token = sessnode.Token(strings.Repeat("t", 43))

func TestNodeThatCannotAnswerIsPassedOver(t *testing.T) {
	for name, broken := range map[string]script{
		"down": down, "cut": cut, "hangs": hangs, "no leader": refuses(503, "unavailable", "no_leader"), "unknown": refuses(504, "unknown", ""),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, f := connect(t, []script{broken, broken, alive("1")})
				for range 3 { // whichever node is first
					if _, err := c.Read(t.Context(), token); err != nil {
						t.Errorf("Read = %v, want the answer of the node that is alive (asked %s)", err, f.hosts())
					}
					if _, err := c.Patch(t.Context(), token, sessnode.Edit{Unset: []string{"a"}}); err != nil {
						t.Errorf("Patch = %v, want the answer of the node that is alive", err)
					}
				}
			})
		})
	}
}

func TestTriesOfOneCallCarryOneOperationAndOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := connect(t, []script{inTurn(cut, refuses(504, "unknown", ""), cut, alive("1"))})
		got, _, err := c.Create(t.Context(), client.Create{Subject: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		tries := f.seen()
		if len(tries) != 4 {
			t.Fatalf("tries = %d, want 4", len(tries))
		}
		for _, s := range tries {
			if s.operation == "" || s.operation != tries[0].operation || s.body != tries[0].body || !strings.Contains(s.body, got.Reveal()) {
				t.Errorf("try %+v differs from the first, or lacks operation or token", s)
			}
		}
		if _, err := c.Touch(t.Context(), token, sessnode.TimeoutChange{}); err != nil {
			t.Fatal(err)
		}
		if last := f.seen()[4]; last.operation == "" || last.operation == tries[0].operation {
			t.Errorf("operation of another call = %q, want another one", last.operation)
		}
	})
}

func TestFailingNodeIsLeftAloneAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := connect(t, []script{hangs, alive("1")})
		began := time.Now()
		for range 100 {
			if _, err := c.Read(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		// Three failures of a third of five seconds each; nothing is due for a probe, because no time passes otherwise.
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("100 reads beside a node that hangs took %v, want at most three tries' time", took)
		}
		if n := strings.Count(f.hosts(), "n1"); n != 3 {
			t.Errorf("node that hangs was asked %d times, want 3", n)
		}
		f.set("n1:1", alive("1"))
		f.set("n2:1", hangs)
		time.Sleep(time.Second)
		if _, err := c.Read(t.Context(), token); err != nil {
			t.Errorf("Read after the nodes changed sides = %v, want the probe to succeed", err)
		}
	})
}

func TestDeadlineIsTotal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := connect(t, []script{hangs, hangs, hangs}, client.WithTimeout(3*time.Second))
		began := time.Now()
		_, err := c.Read(t.Context(), token)
		if took := time.Since(began); took != 3*time.Second || !errors.Is(err, sessnode.ErrUnavailable) {
			t.Errorf("Read of a cluster that hangs = %v after %v, want ErrUnavailable after 3s", err, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		_, err = c.Patch(ctx, token, sessnode.Edit{Unset: []string{"a"}})
		if took := time.Since(began); took.Round(time.Millisecond) != time.Second || !errors.Is(err, sessnode.ErrUnknown) {
			t.Errorf("Patch = %v after %v, want ErrUnknown after the context's 1s", err, took)
		}
	})
}

func TestShortDeadlinesOpenTheBreakerToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := connect(t, []script{hangs, alive("1")})
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := c.Read(ctx, token); err != nil {
				t.Errorf("Read = %v", err)
			}
			cancel()
		}
		if n := strings.Count(f.hosts(), "n1"); n > 4 {
			t.Errorf("node that hangs was asked %d times, want to be left alone after 3", n)
		}
	})
}

func TestCancelledCallsDoNotBlameTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := connect(t, []script{hangs, hangs})
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			_, err := c.Patch(ctx, token, sessnode.Edit{Unset: []string{"a"}})
			if !errors.Is(err, sessnode.ErrUnknown) || !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled Patch = %v, want ErrUnknown and Canceled", err)
			}
		}
		// A node that was left alone would be asked only after the other.
		f.set("n1:1", alive("1"))
		f.set("n2:1", alive("1"))
		before := len(f.seen())
		for range 2 {
			if _, err := c.Read(t.Context(), token); err != nil {
				t.Error(err)
			}
		}
		if asked := f.seen()[before:]; len(asked) != 2 || asked[0].host == asked[1].host {
			t.Errorf("two reads asked %v, want each node once", asked)
		}
	})
}

func TestShortDeadlinesLeaveTimeForAnotherNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := connect(t, []script{hangs, alive("1")}, client.WithTimeout(200*time.Millisecond))
		for range 10 {
			if _, err := c.Read(t.Context(), token); err != nil {
				t.Errorf("Read beside a node that hangs = %v", err)
			}
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := connect(t, []script{inTurn(refuses(503, "unavailable", "overload", "Retry-After", "2"), alive("1"))})
		began := time.Now()
		if _, err := c.Read(t.Context(), token); err != nil || time.Since(began) < 2*time.Second {
			t.Errorf("Read = %v after %v, want a second try after 2s", err, time.Since(began))
		}
		c, f := connect(t, []script{refuses(503, "unavailable", "overload", "Retry-After", "60")})
		began = time.Now()
		_, err := c.Read(t.Context(), token)
		var e *sessnode.Error
		if !errors.As(err, &e) || e.RetryAfter != time.Minute || e.Reason != "overload" || time.Since(began) != 0 || len(f.seen()) != 1 {
			t.Errorf("Read = %#v after %v and %d tries, want to be told at once to come back in a minute", err, time.Since(began), len(f.seen()))
		}
	})
}

func TestTriesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := connect(t, []script{down, down, down}, client.WithTries(1))
		_, err := c.Read(t.Context(), token)
		if !errors.Is(err, sessnode.ErrUnavailable) || len(f.seen()) != 1 {
			t.Errorf("Read = %v after %d tries, want ErrUnavailable after 1", err, len(f.seen()))
		}
	})
}

func TestReadWaitsForOwnWritesWhereAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for asked, want := range map[bool]string{true: "1-5", false: ""} {
			var opts []client.Option
			if asked {
				opts = append(opts, client.WithReadYourWrites())
			}
			c, f := connect(t, []script{alive("1")}, opts...)
			if _, err := c.Patch(t.Context(), token, sessnode.Edit{Unset: []string{"a"}}); err != nil {
				t.Fatal(err)
			}
			var got string
			f.set("n1:1", func(req *http.Request) (*http.Response, error) {
				got = req.Header.Get("Session-Min-Index")
				return alive("1")(req)
			})
			if _, err := c.Read(t.Context(), token, client.WithBound(time.Second)); err != nil || got != want {
				t.Errorf("Session-Min-Index with read-your-writes %v = %q, %v, want %q", asked, got, err, want)
			}
		}
	})
}
