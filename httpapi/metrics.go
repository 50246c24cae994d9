package httpapi

import (
	"bytes"
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/sessnode/sessnode"
)

// metrics counts requests by route and code. A route is labelled by its pattern, so that neither an app's users nor a
// scanner can make the number of series grow.
type metrics struct {
	registry *prometheus.Registry
	none     *routeMetrics // of requests that have no route
	shared   atomic.Int64  // connections that carry frames
	framed   prometheus.Counter
}

type routeMetrics struct {
	codes   [len(sessnode.Codes)]prometheus.Counter
	seconds prometheus.Observer
}

// newMetrics registers everything at once, zero values included: a rate over a series that appears with its first error
// would miss that error.
func newMetrics(registry *prometheus.Registry, table []route, g *gate) (*metrics, error) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sessnode_http_requests_total", Help: "HTTP requests by route pattern and outcome code.",
	}, []string{"route", "code"})
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "sessnode_http_request_seconds", Help: "Time from the request's headers to its complete answer, by route pattern.",
		Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"route"})
	underWay := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sessnode_http_requests_in_flight", Help: "HTTP requests that are worked on.",
	}, func() float64 { return float64(g.underWay()) })
	held := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sessnode_http_body_bytes", Help: "Bytes reserved for the bodies of requests that are worked on.",
	}, func() float64 { return float64(g.bytes.Load()) })
	streams := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sessnode_http_event_streams", Help: "Streams of events that are open.",
	}, func() float64 { return float64(g.streams()) })
	m := &metrics{registry: registry, framed: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "sessnode_http_shared_requests_total", Help: "HTTP requests that came over shared connections; they are among sessnode_http_requests_total.",
	})}
	shared := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sessnode_http_shared_connections", Help: "Connections that carry many requests at once.",
	}, func() float64 { return float64(m.shared.Load()) })
	for _, c := range []prometheus.Collector{requests, durations, underWay, held, streams, shared, m.framed} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	of := func(r *route) *routeMetrics {
		rm := &routeMetrics{seconds: durations.WithLabelValues(r.label())}
		for code := range rm.codes {
			rm.codes[code] = requests.WithLabelValues(r.label(), sessnode.Code(code).String())
		}
		return rm
	}
	for i := range table {
		table[i].metrics = of(&table[i])
	}
	m.none = of(nil)
	return m, nil
}

func (m *metrics) count(r *route, code sessnode.Code, took time.Duration) {
	rm := m.none
	if r != nil {
		rm = r.metrics
	}
	rm.codes[code].Inc()
	rm.seconds.Observe(took.Seconds())
}

// showMetrics answers with all that is in the registry, in Prometheus' text format.
func showMetrics(_ context.Context, c *call) (*Reply, error) {
	families, err := c.api.metrics.registry.Gather()
	if err != nil {
		return nil, sessnode.Errorf(sessnode.CodeUnavailable, "", "the metrics cannot be gathered")
	}
	var body bytes.Buffer
	enc := expfmt.NewEncoder(&body, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, f := range families {
		if err := enc.Encode(f); err != nil {
			return nil, sessnode.Errorf(sessnode.CodeUnavailable, "", "the metrics cannot be written")
		}
	}
	r := &Reply{Status: 200, Body: body.Bytes()}
	r.set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
	return r, nil
}
