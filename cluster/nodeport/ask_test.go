package nodeport

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
)

func TestAskTakesNoConnectionThatIsNotThere(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	if a.Ask(b.where(), echo, nil, func([]byte, error) { t.Error("told of what was not sent") }) {
		t.Error("Ask = true without a connection")
	}
	if n := a.Stats().Methods[echo].Sent; n != 0 {
		t.Errorf("%d calls were sent", n)
	}
}

func TestAskedHandlerMayRunAtOnce(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	bounded := make(chan bool, 2)
	b.HandleAtOnce(whoami, func(ctx context.Context, peer string, body []byte) ([]byte, error) {
		_, has := ctx.Deadline()
		bounded <- has
		return append([]byte(peer), body...), nil
	})
	ctx := within(t, 10*time.Second)
	if got, err := a.Call(ctx, b.where(), whoami, []byte("1")); err != nil || string(got) != "a1" {
		t.Fatalf("Call = %q, %v, want a1", got, err)
	}
	told := make(chan string, 1)
	if !a.Ask(b.where(), whoami, []byte("2"), func(got []byte, err error) { told <- string(got) }) {
		t.Fatal("Ask = false beside a connection")
	}
	if got := <-told; got != "a2" {
		t.Errorf("told %q, want a2", got)
	}
	if <-bounded || <-bounded {
		t.Error("a handler that never waits was given a deadline, which costs a timer")
	}
}

// A peer that dies with questions in its hands: each is told once, and takes no place any more.
func TestAskedPeerThatDiesIsToldOnce(t *testing.T) {
	a := start(t, "a", func(c *Config) { c.MaxInFlight = 3 })
	b := start(t, "b")
	began := make(chan struct{}, 3)
	b.Handle(hold, func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
		began <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if _, err := a.Call(within(t, 10*time.Second), b.where(), echo, nil); err != nil {
		t.Fatal(err)
	}
	link := a.peer(b.where()).present()
	var times atomic.Int64
	told := make(chan error, 6)
	ask := func() bool {
		return a.Ask(b.where(), hold, nil, func(_ []byte, err error) { times.Add(1); told <- err })
	}
	for range 3 {
		if !ask() {
			t.Fatal("Ask = false although there is room")
		}
		<-began
	}
	if ask() {
		t.Fatal("Ask = true beyond MaxInFlight")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := <-told; !errors.Is(err, sessnode.ErrUnknown) {
			t.Errorf("told %v, want that the fate is unknown", err)
		}
	}
	if link.fail(nil); times.Load() != 3 || len(link.places) != 0 {
		t.Errorf("told %d times, with %d places taken, want 3 and none", times.Load(), len(link.places))
	}
}
