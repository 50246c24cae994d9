package membership

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode/cluster/gossip"
)

func TestAdoptable(t *testing.T) {
	fresh := gossip.Member{ID: "n", Fresh: true}
	in := func(cluster string, generation uint64, alive bool) gossip.Member {
		return gossip.Member{ID: cluster, Cluster: cluster, Generation: generation, Alive: alive}
	}
	for name, c := range map[string]struct {
		self   gossip.Member
		others []gossip.Member
		want   Identity
		reason string
	}{
		"nobody":            {fresh, nil, Identity{}, "no cluster"},
		"fresh ones only":   {fresh, []gossip.Member{{ID: "x", Fresh: true, Alive: true}}, Identity{}, "no cluster"},
		"one":               {fresh, []gossip.Member{in("k", 1, true)}, Identity{"k", 1}, ""},
		"dead ones only":    {fresh, []gossip.Member{in("k", 1, false)}, Identity{}, "no cluster"},
		"a straggler":       {fresh, []gossip.Member{in("k", 3, true), in("k", 2, true)}, Identity{"k", 3}, ""},
		"two clusters":      {fresh, []gossip.Member{in("k", 1, true), in("j", 1, true)}, Identity{}, "two clusters are seen, j and k"},
		"in one already":    {in("k", 1, true), []gossip.Member{in("j", 1, true)}, Identity{}, "in cluster k"},
		"state, no cluster": {gossip.Member{ID: "n"}, []gossip.Member{in("k", 1, true)}, Identity{}, "recovery"},
	} {
		got, reason := Adoptable(c.self, c.others)
		if got != c.want || !strings.Contains(reason, c.reason) || (c.reason == "") != (reason == "") {
			t.Errorf("%s: Adoptable() = %v, %q, want %v, %q", name, got, reason, c.want, c.reason)
		}
	}
}

func TestJoinerAdoptsOnceItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int64
		var visible atomic.Bool
		j := Joiner{
			View: func() (gossip.Member, []gossip.Member) {
				self := gossip.Member{ID: "n", Fresh: true}
				if !visible.Load() {
					return self, nil
				}
				return self, []gossip.Member{{ID: "a", Cluster: "k", Generation: 1, Alive: true}}
			},
			Changes: func() <-chan struct{} { return make(chan struct{}) },
			Adopt: func(_ context.Context, id Identity) error {
				if tries.Add(1) == 1 {
					return errors.New("pledged")
				}
				if id != (Identity{"k", 1}) {
					t.Errorf("Adopt(%v), want k 1", id)
				}
				return nil
			},
			Logger: slog.New(slog.DiscardHandler),
		}
		ended := make(chan error, 1)
		go func() { ended <- j.Run(t.Context()) }()
		after(5 * time.Second)
		if n := tries.Load(); n != 0 {
			t.Errorf("adopted %d times without a cluster in sight", n)
		}
		visible.Store(true)
		if err := <-ended; err != nil || tries.Load() != 2 {
			t.Errorf("Run() = %v after %d tries, want nil after 2", err, tries.Load())
		}
	})
}

func TestJoinerEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j := Joiner{
		View:    func() (gossip.Member, []gossip.Member) { return gossip.Member{ID: "n", Fresh: true}, nil },
		Changes: func() <-chan struct{} { return nil },
		Adopt:   func(context.Context, Identity) error { return nil },
		Logger:  slog.New(slog.DiscardHandler),
	}
	if err := j.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Run(ended) = %v, want context.Canceled", err)
	}
	if err := (Joiner{}).Run(t.Context()); err == nil {
		t.Error("Run of an empty Joiner = nil, want an error")
	}
}
