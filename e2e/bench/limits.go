package bench

import (
	"context"
	"errors"
	"time"

	"github.com/sessnode/sessnode/client"
	load "github.com/sessnode/sessnode/internal/bench"
)

// httpSystem is one server that answers requests of sessnode's form without keeping anything: package noop.
func httpSystem(s System, kind string) System {
	s.Kind, s.Routes = Limit, []string{"leader"}
	s.start = func(ctx context.Context, site *Site) (*Running, error) { return startNoop(ctx, site, kind) }
	return s
}

func startNoop(ctx context.Context, site *Site, kind string) (*Running, error) {
	program, err := site.build(ctx, ".", "./e2e/bench/noop", "noop")
	if err != nil {
		return nil, err
	}
	r := &Running{Version: "as in go.mod"}
	_, at, err := site.ports(1)
	if err != nil {
		return r, err
	}
	if err := site.launch(r, kind, program, "-kind", kind, "-listen", at[0]); err != nil {
		return r, err
	}
	if r.Store, err = reach(at, 0); err != nil {
		return r, err
	}
	return r, site.await(ctx, r, "the server answers", func(ctx context.Context) error { return answers(ctx, at, "/readyz") })
}

// reach is a store over sessnode's wire, for servers that have no cluster to tell about.
func reach(addresses []string, leader int) (load.Store, error) {
	c, err := client.New("sessnode://" + addresses[0] + "/" + appName)
	if err != nil {
		return nil, err
	}
	over := load.Reach(c, load.Access{Timeout: requestLimit})
	return &peerStore{addresses: addresses, leader: leader, connect: func(address string) load.Conn {
		return over.Connect(load.Node{URL: "http://" + address})
	}}, nil
}

// diskSystem is no server but the disk: appends of 4 KiB, each flushed, one after the other. It has create at one client alone.
func diskSystem(s System) System {
	s.Kind, s.Routes, s.Workloads = Limit, []string{"leader"}, []string{"create"}
	return s
}

// isDisk reports whether a system is the disk itself.
func (s System) isDisk() bool { return s.Name == diskName }

const diskName = "fdatasync"

// measureDisk flushes for as long as a run lasts.
func measureDisk(ctx context.Context, folder string, p Plan) (Cell, error) {
	f, err := newAppender(folder)
	if err != nil {
		return Cell{}, err
	}
	defer f.close()
	h, err := f.run(ctx, p.WarmUp, p.Duration)
	if err != nil {
		return Cell{}, err
	}
	if h.Count() == 0 {
		return Cell{}, errors.New("nothing was flushed")
	}
	c := Cell{Workload: "create", Clients: 1, Distribution: "uniform", Route: "leader", Seconds: p.Duration.Seconds(), OK: h.Count()}
	c.PerSecond = float64(h.Count()) / p.Duration.Seconds()
	c.P50, c.P99, c.P999 = millis(h.Quantile(0.5)), millis(h.Quantile(0.99)), millis(h.Quantile(0.999))
	return c, nil
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
