package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"regexp"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/httpapi"
	"github.com/sessnode/sessnode/internal/backups"
)

// parts is a node that runs.
type parts struct {
	httpAddr string // what others dial
	ready    func() []sessnode.Check
	// followKeys takes over cluster keys that change in their file, until ctx ends.
	followKeys func(ctx context.Context)
	// takeBackups takes them by the clock, where that was asked for, until ctx ends.
	takeBackups func(ctx context.Context)
	// snapshot takes one and cuts the log behind it.
	snapshot func(ctx context.Context) error
	failed   <-chan error    // the HTTP server has ended by itself
	left     <-chan struct{} // the node has left its cluster
	drain    []step
}

// start opens the HTTP port first, so that a port in use is known before the node speaks to others; then the node; then the
// API on the port. What was opened is closed again after an error.
func start(ctx context.Context, log *slog.Logger, s settings, version string) (*parts, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Listen.HTTP)
	if err != nil {
		return nil, fmt.Errorf("HTTP: %w", err)
	}
	httpAddr := s.Listen.Advertised(ln.Addr().String())
	node, err := openNode(ctx, log, s, version, httpAddr, failStop(log, os.Exit))
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	left := make(chan struct{}, 1)
	keeper, err := newKeeper(log, s, node)
	if err != nil {
		return nil, errors.Join(err, node.Close(ctx), ln.Close())
	}
	api, err := newAPI(log, s, node, keeper, left)
	if err != nil {
		return nil, errors.Join(err, node.Close(ctx), ln.Close())
	}
	p := serveHTTP(log, s, ln, httpAddr, api, node)
	p.left, p.snapshot = left, node.Snapshot
	p.takeBackups = func(ctx context.Context) {
		if keeper != nil {
			keeper.Run(ctx)
		}
	}
	p.followKeys = func(ctx context.Context) { followKeys(ctx, log, s, node) }
	return p, nil
}

// runtimeMetrics are those of the Go runtime that say what the garbage collector costs: its pauses and its processor time.
func runtimeMetrics() []collectors.GoRuntimeMetricsRule {
	return []collectors.GoRuntimeMetricsRule{{Matcher: regexp.MustCompile(`^/sched/pauses/total/gc:seconds$|^/cpu/classes/gc/`)}}
}

// newAPI puts the HTTP API over the node, with one registry for the metrics of both and of the Go runtime.
func newAPI(log *slog.Logger, s settings, node *cluster.Node, keeper *backups.Keeper, left chan<- struct{}) (*httpapi.API, error) {
	registry := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{
		node.Collector(), collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(runtimeMetrics()...)), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	var store httpapi.Store = leavingStore{node, left}
	if keeper != nil {
		if err := registry.Register(keeper); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
		store = keepingStore{store, keeper}
	}
	if s.StrictApps {
		store = strictStore{store}
	}
	c := httpapi.DefaultConfig(store)
	for _, k := range s.apiKeys {
		c.Keys = append(c.Keys, httpapi.APIKey{Name: k.Name, Role: k.Role, Hash: k.Hash})
	}
	c.Insecure = len(c.Keys) == 0 // Validate has made sure that this is on loopback, or was asked for
	c.AllowDrills = s.AllowDrills
	c.OpenMetrics, c.Hosts = s.Security.OpenMetrics, s.hosts()
	c.MaxInFlight, c.Registry, c.Log = s.Limits.MaxInFlight, registry, log
	return httpapi.New(c)
}

// hosts are the names to which the API answers. Where names count at all, the node's own count too.
func (s settings) hosts() []string {
	if len(s.apiKeys) > 0 && len(s.Security.Hosts) == 0 {
		return nil
	}
	hosts := append([]string{}, s.Security.Hosts...)
	if s.Listen.AdvertiseHost != "" {
		hosts = append(hosts, s.Listen.AdvertiseHost)
	}
	if host, _, _ := net.SplitHostPort(s.Listen.HTTP); host != "" {
		hosts = append(hosts, host)
	}
	return hosts
}

// serveHTTP answers requests until the node is drained: it stops being ready and hands leadership over while everything is
// still answered, then finishes the requests under way, then closes the node.
func serveHTTP(log *slog.Logger, s settings, ln net.Listener, httpAddr string, api *httpapi.API, node *cluster.Node) *parts {
	c := httpapi.DefaultServerConfig()
	c.MaxConnections, c.TLS, c.Log = s.Limits.MaxConnections, s.certificates.http, log
	server := httpapi.NewServer(c, api)
	failed, ended := make(chan error, 1), make(chan struct{})
	go func() { // ends with Shutdown; the step that calls it waits
		defer close(ended)
		if err := server.Serve(ln); err != nil {
			failed <- fmt.Errorf("HTTP: %w", err)
		}
	}()
	shutdown := func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		<-ended
		return err
	}
	return &parts{
		httpAddr: httpAddr, ready: node.Ready, failed: failed,
		drain: []step{
			{"readiness", func(context.Context) error { api.Drain(); return nil }},
			{"hand over", node.Drain},
			{"HTTP", shutdown},
			{"node", node.Close},
		},
	}
}
