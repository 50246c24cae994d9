package bench

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
	load "github.com/sessnode/sessnode/internal/bench"
)

// appName is the app whose sessions the load makes.
const appName = "bench"

// sharedConnections is over how many connections to a node the clients of sharing send together.
const sharedConnections = 4

// sessnodeSystem is three nodes, with more flags of serve for each.
func sessnodeSystem(s System, flags ...string) System {
	s.Kind = Ours
	s.start = func(ctx context.Context, site *Site) (*Running, error) { return startSessnode(ctx, site, 0, flags) }
	return s
}

// sharing is three nodes whose clients share connections.
func sharing(s System) System {
	s.Kind = Ours
	s.start = func(ctx context.Context, site *Site) (*Running, error) {
		return startSessnode(ctx, site, sharedConnections, nil)
	}
	return s
}

func startSessnode(ctx context.Context, site *Site, shared int, flags []string) (*Running, error) {
	program, err := site.build(ctx, ".", "./cmd/sessnode", "sessnode")
	if err != nil {
		return nil, err
	}
	r := &Running{Version: versionOf(ctx, program, "version")}
	_, at, err := site.ports(9)
	if err != nil {
		return r, err
	}
	web, node, gossip := at[:3], at[3:6], at[6:]
	for i := range web {
		name := "n" + strconv.Itoa(i+1)
		dir, err := site.folder(name)
		if err != nil {
			return r, err
		}
		args := append([]string{"serve", "--name", name, "--data", dir, "--expect", "3", "--http", web[i], "--node", node[i],
			"--gossip", gossip[i], "--seeds", strings.Join(gossip, ",")}, append(flags[:len(flags):len(flags)], site.SessnodeArgs...)...)
		if err := site.launch(r, name, program, args...); err != nil {
			return r, err
		}
	}
	if err := site.await(ctx, r, "three nodes are ready", func(ctx context.Context) error { return answers(ctx, web, "/readyz") }); err != nil {
		return r, err
	}
	c, err := client.New("sessnode://" + strings.Join(web, ",") + "/" + appName)
	if err != nil {
		return r, err
	}
	r.Store = load.Reach(c, load.Access{Timeout: site.Timeout, Shared: shared})
	r.leader = func(ctx context.Context) (int, error) { return sessnodeLeader(ctx, web) }
	_, err = r.leader(ctx)
	return r, err
}

// sessnodeLeader finds the node that calls itself leader in the highest term.
func sessnodeLeader(ctx context.Context, web []string) (int, error) {
	leader, term := -1, uint64(0)
	for i, a := range web {
		s, err := harness.AskStatus(ctx, "http://"+a)
		if err == nil && s.Leads() && s.Term > term {
			leader, term = i, s.Term
		}
	}
	if leader < 0 {
		return 0, errors.New("no node leads")
	}
	return leader, nil
}

// answers asks servers for a page; each must answer 200.
func answers(ctx context.Context, addresses []string, path string) error {
	transport := &http.Transport{} // a bare loop does not take "Connection: close"
	defer transport.CloseIdleConnections()
	for _, a := range addresses {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a+path, nil)
		if err != nil {
			return err
		}
		res, err := transport.RoundTrip(r)
		if err != nil {
			return err
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return errors.New(a + path + ": " + res.Status)
		}
	}
	return nil
}
