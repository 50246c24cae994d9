package view

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// Looker asks the nodes of a cluster, all at the same time, each for its own view. It is safe for concurrent use.
type Looker struct {
	Client *client.Client    // of the nodes that were named
	HTTP   http.RoundTripper // for health checks, which need no key
	Each   time.Duration     // how long one node may take; positive

	measure bool // the metrics too
}

// sight is what came of asking one address.
type sight struct {
	address string // "http://host:port"
	status  sessnode.Status
	checks  []sessnode.Check
	metrics []byte // where they were asked for and could be read
	err     error
	took    time.Duration
}

func (s sight) answered() bool { return s.err == nil }

// Look asks the nodes that were named, and then the members that these report. What these report are addresses without a
// scheme: members are asked by that of the nodes that were named, and not at all where those have several, because the API
// key must not go in clear text when it was meant to be protected.
//
// It returns what the nodes refuse for all (sessnode.ErrUnauthorized, sessnode.ErrForbidden); nodes that do not answer are
// part of the picture.
func (l Looker) Look(ctx context.Context) (Cluster, error) {
	sights, err := l.sights(ctx)
	if err != nil {
		return Cluster{}, err
	}
	return assemble(sights), nil
}

// Observe is Look with the metrics of each node; nodes whose metrics cannot be read are part of the picture all the same.
func (l Looker) Observe(ctx context.Context) (Observation, error) {
	l.measure = true
	sights, err := l.sights(ctx)
	if err != nil {
		return Observation{}, err
	}
	o := Observation{At: time.Now(), Cluster: assemble(sights), samples: map[string]sample{}}
	for _, s := range sights {
		if s.answered() && s.metrics != nil {
			o.samples[s.status.Node] = parseMetrics(s.metrics)
		}
	}
	return o, nil
}

func (l Looker) sights(ctx context.Context) ([]sight, error) {
	named := l.Client.Nodes()
	sights := l.ask(ctx, named)
	if scheme := schemeOf(named); scheme != "" {
		sights = append(sights, l.ask(ctx, unseen(sights, scheme))...)
	}
	for _, s := range sights {
		if errors.Is(s.err, sessnode.ErrUnauthorized) || errors.Is(s.err, sessnode.ErrForbidden) {
			return nil, s.err
		}
	}
	return sights, ctx.Err()
}

// schemeOf is what all addresses begin with, "http://" or "https://"; "" where they differ.
func schemeOf(addresses []string) string {
	for _, scheme := range []string{"http://", "https://"} {
		if !slices.ContainsFunc(addresses, func(a string) bool { return !strings.HasPrefix(a, scheme) }) {
			return scheme
		}
	}
	return ""
}

// unseen are the addresses of members that were not asked yet.
func unseen(sights []sight, scheme string) []string {
	var addresses []string
	for _, s := range sights {
		for _, m := range s.status.Members {
			address := scheme + m.HTTPAddr
			known := slices.ContainsFunc(sights, func(s sight) bool { return s.status.Node == m.ID || s.address == address })
			if m.HTTPAddr != "" && !known && !slices.Contains(addresses, address) {
				addresses = append(addresses, address)
			}
		}
	}
	return addresses
}

func (l Looker) ask(ctx context.Context, addresses []string) []sight {
	sights := make([]sight, len(addresses))
	var wg sync.WaitGroup
	for i, address := range addresses {
		wg.Go(func() { sights[i] = l.one(ctx, address) })
	}
	wg.Wait()
	return sights
}

// one asks one node for its view and its health, at the same time.
func (l Looker) one(ctx context.Context, address string) sight {
	ctx, cancel := context.WithTimeout(ctx, l.Each)
	defer cancel()
	s := sight{address: address}
	began := time.Now()
	c, err := l.Client.At(address)
	if err != nil {
		s.err = err
		return s
	}
	var others sync.WaitGroup
	others.Go(func() { s.checks = l.ready(ctx, address) })
	if l.measure {
		others.Go(func() { s.metrics, _ = c.Metrics(ctx) }) // without them there are no rates
	}
	s.status, s.err = c.Cluster(ctx)
	s.took = time.Since(began)
	others.Wait()
	return s
}

// maxReadyBytes is more than any health answer has.
const maxReadyBytes = 64 << 10

// ready asks a node whether it is ready to serve. What cannot be read is a check that failed.
func (l Looker) ready(ctx context.Context, address string) []sessnode.Check {
	failed := func(why string) []sessnode.Check { return []sessnode.Check{{Name: "health", Detail: why}} }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/readyz?verbose", http.NoBody)
	if err != nil {
		return failed("its address is malformed")
	}
	req.Header.Set("Accept", "application/json")
	res, err := l.HTTP.RoundTrip(req)
	if err != nil {
		return failed("its health check does not answer")
	}
	defer res.Body.Close()
	var answer struct{ Checks []sessnode.Check }
	if err := json.NewDecoder(io.LimitReader(res.Body, maxReadyBytes)).Decode(&answer); err != nil || len(answer.Checks) == 0 {
		return failed(fmt.Sprintf("its health check answers with status %d", res.StatusCode))
	}
	return answer.Checks
}
