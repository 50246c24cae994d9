package view

import (
	"math"
	"testing"
)

func TestMetricsAreReadAndRubbishIsPassedOver(t *testing.T) {
	s := parseMetrics([]byte(`# HELP x y
sessnode_sessions 12
sessnode_http_requests_total{code="ok",route="GET /v1/apps/{app}/session"} 10
sessnode_http_requests_total{code="unavailable",route="GET /v1/apps/{app}/session"} 2
sessnode_http_requests_total{code="not_found",route="GET /v1/apps/{app}/session"} 3
sessnode_http_request_seconds_bucket{route="GET /v1/apps/{app}/session",le="+Inf"} 15
sessnode_http_request_seconds_bucket{route="GET /v1/apps/{app}/session",le="0.001"} 9
sessnode_http_request_seconds_bucket{route="GET /v1/apps/{app}/session",le="0.01"} 14
broken{ 1
broken{route="x} 1
no number
sessnode_nan NaN
go_info{version="go1.26"} 1
`))
	r := s.route("GET /v1/apps/{app}/session")
	if s.gauges["sessnode_sessions"] != 12 || r.requests != 15 || r.failures != 2 || len(r.buckets) != 3 || !math.IsInf(r.buckets[2].bound, 1) || len(s.routes) != 1 {
		t.Errorf("parseMetrics() = %+v, route %+v", s, r)
	}
}

func TestQuantiles(t *testing.T) {
	inf := math.Inf(1)
	for _, test := range []struct {
		q       float64
		buckets []bucket
		want    float64
	}{
		{.5, []bucket{{.001, 10}, {.01, 10}, {inf, 10}}, .0005},
		{.5, []bucket{{.001, 0}, {.01, 10}, {inf, 10}}, .0055},
		{.99, []bucket{{.001, 50}, {.01, 99}, {inf, 100}}, .01},
		{.995, []bucket{{.001, 50}, {.01, 99}, {inf, 100}}, inf},
		{.5, []bucket{{.001, 0}, {inf, 0}}, math.NaN()},
		{.5, nil, math.NaN()},
	} {
		got := quantile(test.q, test.buckets)
		if got != test.want && !(math.IsNaN(got) && math.IsNaN(test.want)) && math.Abs(got-test.want) > 1e-9 {
			t.Errorf("quantile(%v, %v) = %v, want %v", test.q, test.buckets, got, test.want)
		}
	}
}

func TestACounterThatShrankBeganAnew(t *testing.T) {
	if since(10, 15) != 5 || since(10, 3) != 3 || since(0, 0) != 0 {
		t.Error("since() forgets a restart")
	}
	before, now := []bucket{{1, 5}, {2, 9}}, []bucket{{1, 6}, {2, 11}}
	if got := added(before, now); got[0].count != 1 || got[1].count != 2 {
		t.Errorf("added() = %v", got)
	}
	if got := added(now, before); got[1].count != 9 {
		t.Errorf("added() after a restart = %v, want all that is counted", got)
	}
	if merge(now, before); now[1].count != 20 {
		t.Errorf("merge() = %v", now)
	}
}
