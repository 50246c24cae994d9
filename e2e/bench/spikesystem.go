package bench

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// spikeSystem is three processes of a spike; server is what it has for HTTP.
func spikeSystem(s System, server string) System {
	s.Kind, s.Routes = Limit, []string{"leader"}
	s.start = func(ctx context.Context, site *Site) (*Running, error) { return startSpike(ctx, site, server) }
	return s
}

func startSpike(ctx context.Context, site *Site, server string) (*Running, error) {
	program, err := site.build(ctx, ".", "./e2e/bench/spike", "spike")
	if err != nil {
		return nil, err
	}
	r := &Running{Version: "as in go.mod"}
	_, at, err := site.ports(6)
	if err != nil {
		return r, err
	}
	web, peers := at[:3], at[3:]
	for i := range web {
		name := "n" + strconv.Itoa(i+1)
		dir, err := site.folder(name)
		if err != nil {
			return r, err
		}
		if err := site.launch(r, name, program, "-name", name, "-data", dir, "-http", web[i], "-raft", peers[i], "-peers", strings.Join(peers, ","),
			"-server", server); err != nil {
			return r, err
		}
	}
	leader := -1
	r.leader = func(ctx context.Context) (int, error) {
		for i, a := range web {
			if answers(ctx, []string{a}, "/readyz") == nil {
				return i, nil
			}
		}
		return -1, errors.New("no spike leads")
	}
	if err := site.await(ctx, r, "the spike has a leader", func(ctx context.Context) (err error) {
		leader, err = r.leader(ctx)
		return err
	}); err != nil {
		return r, err
	}
	over, err := reach(web[leader:leader+1], 0) // only the leader answers
	r.Store = over
	return r, err
}
