package view

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
)

// sample is what one node's metrics say at one moment. Counters run since the node's start.
type sample struct {
	gauges map[string]float64 // metrics without labels, by name
	routes map[string]*routeSample
}

// routeSample is what is counted for one route.
type routeSample struct {
	requests, failures float64
	buckets            []bucket // cumulative, by rising bound
}

// bucket is how many requests took at most so many seconds.
type bucket struct{ bound, count float64 }

// failed are the codes that tell of the store, not of the request: what an operator wants to see.
var failed = []string{"unavailable", "unknown", "full"}

// parseMetrics reads Prometheus' text format, as far as nodes write it: what it cannot read it passes over, because a node may
// be older or newer.
func parseMetrics(text []byte) sample {
	s := sample{gauges: map[string]float64{}, routes: map[string]*routeSample{}}
	for line := range bytes.Lines(text) {
		name, labels, value, ok := parseLine(strings.TrimSpace(string(line)))
		if !ok {
			continue
		}
		if labels == nil {
			s.gauges[name] = value
			continue
		}
		route := labels["route"]
		if route == "" {
			continue
		}
		r := s.routes[route]
		if r == nil {
			r = &routeSample{}
			s.routes[route] = r
		}
		switch name {
		case "sessnode_http_requests_total":
			r.requests += value
			if slices.Contains(failed, labels["code"]) {
				r.failures += value
			}
		case "sessnode_http_request_seconds_bucket":
			if bound, err := strconv.ParseFloat(labels["le"], 64); err == nil {
				r.buckets = append(r.buckets, bucket{bound, value})
			}
		}
	}
	for _, r := range s.routes {
		slices.SortFunc(r.buckets, func(a, b bucket) int {
			switch {
			case a.bound < b.bound:
				return -1
			case a.bound > b.bound:
				return 1
			}
			return 0
		})
	}
	return s
}

// parseLine reads `name{label="value",...} number`.
func parseLine(line string) (name string, labels map[string]string, value float64, ok bool) {
	if line == "" || line[0] == '#' {
		return "", nil, 0, false
	}
	head, number, found := cutLast(line, " ")
	value, err := strconv.ParseFloat(number, 64)
	if !found || err != nil || math.IsNaN(value) {
		return "", nil, 0, false
	}
	name, inner, braced := strings.Cut(head, "{")
	if !braced {
		return strings.TrimSpace(name), nil, value, true
	}
	labels = map[string]string{}
	for inner != "" && inner[0] != '}' {
		label, rest, found := strings.Cut(inner, `="`)
		if !found {
			return "", nil, 0, false
		}
		text, rest, found := strings.Cut(rest, `"`) // routes and codes hold no quotation marks
		if !found {
			return "", nil, 0, false
		}
		labels[label] = text
		inner = strings.TrimPrefix(rest, ",")
	}
	return name, labels, value, true
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// since returns what was added to a counter. A counter that is smaller than before began anew, with its node.
func since(before, now float64) float64 {
	if now < before {
		return now
	}
	return now - before
}

// quantile estimates the time within which a part q of requests was answered, from cumulative buckets. It is NaN without
// requests, and +Inf where they took longer than the largest bound.
func quantile(q float64, buckets []bucket) float64 {
	if len(buckets) == 0 {
		return math.NaN()
	}
	total := buckets[len(buckets)-1].count
	if total == 0 {
		return math.NaN()
	}
	rank := q * total
	lower, below := 0.0, 0.0
	for _, b := range buckets {
		if b.count >= rank {
			if math.IsInf(b.bound, 1) {
				return b.bound
			}
			return lower + (b.bound-lower)*(rank-below)/max(b.count-below, 1)
		}
		lower, below = b.bound, b.count
	}
	return math.Inf(1)
}

// merge adds buckets with the same bounds, as all routes of a build have them.
func merge(all []bucket, more []bucket) []bucket {
	if len(all) != len(more) {
		if len(all) == 0 {
			return slices.Clone(more)
		}
		return all
	}
	for i := range all {
		all[i].count += more[i].count
	}
	return all
}

// added returns what was added to each bucket.
func added(before, now []bucket) []bucket {
	out := slices.Clone(now)
	if len(before) != len(now) || len(now) > 0 && before[len(before)-1].count > now[len(now)-1].count {
		return out // the node began anew
	}
	for i := range out {
		out[i].count -= before[i].count
	}
	return out
}
