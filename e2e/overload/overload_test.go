//go:build e2e

package main

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/bench/wire"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// leastFlood is how many clients send at first. On a machine that serves so many in less time than turns go round in order, 250 ms, that is no flood: then as
// many more send as it would take floodTime to serve at the pace that was seen, at most mostFlood.
const (
	leastFlood = 2400
	mostFlood  = 12_000
	floodTime  = 350 * time.Millisecond
	mostFloods = 4
)

// TestAFloodIsShed: creates over far more connections than three nodes can serve. What is answered waits much less than it would if
// everybody were served in turn, nothing is lost, and every logout gets through. It compares times of one run with each other only.
func TestAFloodIsShed(t *testing.T) {
	binary, err := harness.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cluster, f, err := start(t.Context(), binary, t.TempDir())
	t.Cleanup(func() {
		if err := cluster.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	f.mix, f.conns = mixes[0], leastFlood
	var r record
	var ended int
	var inTurn time.Duration // what each client would wait if all were served
	for range mostFloods {
		r, ended = underFlood(t, f)
		answered := float64(r.ok+r.late) / r.seconds
		inTurn = time.Duration(float64(f.conns) / max(answered, 1) * float64(time.Second))
		t.Logf("%d clients: %.0f answers a second, p50 %v where all in turn would be %v, %d refused, %d of %d logouts", f.conns, answered, r.answered.Quantile(0.5), inTurn, r.refused, ended, logouts)
		if inTurn >= floodTime || f.conns == mostFlood {
			break
		}
		f.conns = min(mostFlood, int(1.1*floodTime.Seconds()*answered)+1)
	}
	if r.refused == 0 {
		t.Error("nothing was refused")
	}
	if p50 := r.answered.Quantile(0.5); p50 > inTurn*2/3 {
		t.Errorf("p50 of what was answered = %v; served in turn it would have been %v, and shedding is there to make it much less", p50, inTurn)
	}
}

// logouts is how many sessions end under a flood.
const logouts = 40

// underFlood lets all clients send, after a second in which they do so too, and ends sessions meanwhile. Nothing may be lost by that, however much it is.
func underFlood(t *testing.T, f *flood) (r record, ended int) {
	f.sessions = nil
	if err := f.prepare(t.Context(), logouts); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	conn := wire.New(f.targets[1])
	defer conn.Close()
	if err := conn.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	workers, err := f.connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() { // ends with its logouts
		time.Sleep(time.Second + settle)
		for _, token := range f.sessions {
			began := time.Now()
			code := conn.Do(ctx, &wire.Request{Method: "DELETE", Path: "/v1/apps/" + app + "/session", Token: token, Operation: sessnode.NewID().String()})
			if code == sessnode.OK {
				ended++
				continue
			}
			t.Logf("a logout ended as %v after %v", code, time.Since(began))
		}
	})
	records, _ := f.over(ctx, workers, []stretch{{0, time.Second}, {0, 3 * time.Second}})
	group.Wait()
	if lost := records[0].lost + records[1].lost; lost > 0 {
		t.Errorf("%d requests were answered neither well nor with a refusal", lost)
	}
	if ended != logouts {
		t.Errorf("%d of %d logouts got through", ended, logouts)
	}
	return records[1], ended
}
