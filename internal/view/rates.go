package view

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Rates is what a cluster does in a second, and its JSON form. Latencies are estimated from histograms: as exact as their
// buckets.
type Rates struct {
	At       time.Time   `json:"at" doc:"when it was looked at"`
	Over     float64     `json:"seconds" doc:"over how long the rates were measured"`
	Health   Health      `json:"health" doc:"as in status"`
	Summary  string      `json:"summary" doc:"as in status"`
	Leader   string      `json:"leader,omitempty" doc:"the leader's name"`
	Term     uint64      `json:"term" doc:"Raft's term"`
	Sessions uint64      `json:"sessions" doc:"sessions that are stored"`
	Bytes    uint64      `json:"bytes" doc:"what they take"`
	Created  float64     `json:"created_per_second" doc:"sessions that began"`
	Ended    float64     `json:"ended_per_second" doc:"sessions that were revoked or evicted"`
	Expired  float64     `json:"expired_per_second" doc:"sessions that ended by rule"`
	Nodes    []NodeRates `json:"nodes" doc:"each node"`
	Routes   []RouteRate `json:"routes" doc:"each route with requests, over all nodes"`

	cluster Cluster
}

// NodeRates is what one node does in a second. Without metrics of two moments Known is false and the numbers are zero.
type NodeRates struct {
	Name     string   `json:"name" doc:"its name"`
	Role     string   `json:"role" doc:"as in status"`
	State    string   `json:"state" doc:"as in status"`
	Lag      uint64   `json:"lag" doc:"log entries that it is behind"`
	Known    bool     `json:"known" doc:"whether its metrics could be read twice; else the rates are 0"`
	Reads    float64  `json:"reads_per_second" doc:"requests that read"`
	Writes   float64  `json:"writes_per_second" doc:"requests that change"`
	Failures float64  `json:"failures_per_second" doc:"requests that ended in unavailable, unknown or full"`
	P50      *float64 `json:"p50_seconds,omitempty" doc:"half of its requests took less"`
	P99      *float64 `json:"p99_seconds,omitempty" doc:"99 of 100 requests took less"`
	LogWrite *float64 `json:"log_write_seconds,omitempty" doc:"mean time of a write to its log, with fsync"`
	InFlight float64  `json:"in_flight" doc:"requests that are worked on"`
	Memory   float64  `json:"memory_bytes" doc:"memory of its process"`

	http string
}

// RouteRate is what one route does in a second, over all nodes.
type RouteRate struct {
	Route    string   `json:"route" doc:"method and pattern"`
	Rate     float64  `json:"per_second" doc:"requests"`
	Failures float64  `json:"failures_per_second" doc:"of them, those that ended in unavailable, unknown or full"`
	P50      *float64 `json:"p50_seconds,omitempty" doc:"half of them took less"`
	P99      *float64 `json:"p99_seconds,omitempty" doc:"99 of 100 took less"`
}

// Observation is what was seen of a cluster at one moment.
type Observation struct {
	At      time.Time
	Cluster Cluster
	samples map[string]sample // by the node's id
}

// Since returns the rates between an earlier observation and this one.
func (o Observation) Since(before Observation) Rates {
	over := max(o.At.Sub(before.At).Seconds(), 0.001)
	c := o.Cluster
	r := Rates{At: o.At.UTC(), Over: over, Health: c.Health, Summary: c.Summary, Leader: c.Leader, Term: c.Term,
		Sessions: c.Sessions, Bytes: c.Bytes, Nodes: []NodeRates{}, Routes: []RouteRate{}, cluster: c}
	for _, n := range c.Nodes {
		now, ok := o.samples[n.ID]
		then, had := before.samples[n.ID]
		rates := NodeRates{Name: n.Name, Role: n.Role, State: n.State, Lag: n.Lag, http: n.HTTP}
		if ok && had {
			rates.measure(then, now, over)
		}
		r.Nodes = append(r.Nodes, rates)
	}
	r.lives(before, o, over)
	r.routes(before, o, over)
	return r
}

// measure fills in a node's rates.
func (n *NodeRates) measure(then, now sample, over float64) {
	n.Known = true
	n.InFlight, n.Memory = now.gauges["sessnode_http_requests_in_flight"], now.gauges["process_resident_memory_bytes"]
	var all []bucket
	for route, r := range now.routes {
		if !served(route) {
			continue
		}
		b := then.route(route)
		requests := since(b.requests, r.requests) / over
		if strings.HasPrefix(route, "GET ") {
			n.Reads += requests
		} else {
			n.Writes += requests
		}
		n.Failures += since(b.failures, r.failures) / over
		if !follows(route) {
			all = merge(all, added(b.buckets, r.buckets))
		}
	}
	n.P50, n.P99 = part(all, .5), part(all, .99)
	grew := func(name string) float64 { return since(then.gauges[name], now.gauges[name]) }
	if writes := grew("sessnode_log_appends_total"); writes > 0 {
		mean := grew("sessnode_log_append_seconds_total") / writes
		n.LogWrite = &mean
	}
}

func (s sample) route(name string) routeSample {
	if r := s.routes[name]; r != nil {
		return *r
	}
	return routeSample{}
}

// served reports whether a route is about apps: what clients ask for, not what watches the node.
func served(route string) bool { return strings.Contains(route, " /v1/apps") }

// follows reports whether a route's answers go on for as long as somebody listens.
func follows(route string) bool { return strings.HasSuffix(route, "/events") }

func part(buckets []bucket, q float64) *float64 {
	v := quantile(q, buckets)
	if math.IsNaN(v) {
		return nil
	}
	if math.IsInf(v, 1) {
		v = buckets[max(0, len(buckets)-2)].bound // more than that; JSON has no infinity
	}
	return &v
}

// lives measures how sessions begin and end, at the node that has applied most: all apply the same.
func (r *Rates) lives(before, now Observation, over float64) {
	best := ""
	for id, s := range now.samples {
		if _, had := before.samples[id]; had && (best == "" || s.gauges["sessnode_applied_index"] > now.samples[best].gauges["sessnode_applied_index"]) {
			best = id
		}
	}
	if best == "" {
		return
	}
	grew := func(name string) float64 {
		return since(before.samples[best].gauges[name], now.samples[best].gauges[name]) / over
	}
	r.Created = grew("sessnode_sessions_created_total")
	r.Ended = grew("sessnode_sessions_revoked_total") + grew("sessnode_sessions_evicted_total")
	r.Expired = grew("sessnode_sessions_expired_total")
}

// routes measures the routes over all nodes, and leaves out those without requests.
func (r *Rates) routes(before, now Observation, over float64) {
	sums := map[string]*RouteRate{}
	times := map[string][]bucket{}
	for id, s := range now.samples {
		then, had := before.samples[id]
		if !had {
			continue
		}
		for route, c := range s.routes {
			b := then.route(route)
			rate := since(b.requests, c.requests) / over
			if rate == 0 || !served(route) {
				continue
			}
			if sums[route] == nil {
				sums[route] = &RouteRate{Route: route}
			}
			sums[route].Rate += rate
			sums[route].Failures += since(b.failures, c.failures) / over
			times[route] = merge(times[route], added(b.buckets, c.buckets))
		}
	}
	for route, sum := range sums {
		if !follows(route) {
			sum.P50, sum.P99 = part(times[route], .5), part(times[route], .99)
		}
		r.Routes = append(r.Routes, *sum)
	}
	slices.SortFunc(r.Routes, byRate)
}
