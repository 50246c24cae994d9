package bench

import (
	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/bench/latency"
)

// Measurement is what one kind of operation came to.
type Measurement struct {
	Operation string            `json:"operation" doc:"create, read, read+touch, patch, touch or all"`
	OK        uint64            `json:"ok" doc:"how many succeeded"`
	PerSecond float64           `json:"per_second" doc:"how many succeeded a second"`
	Errors    map[string]uint64 `json:"errors" doc:"how many failed, by code, without unknown"`
	Unknown   uint64            `json:"unknown" doc:"changes that were sent and may have been made or not"`
	Latency   Latency           `json:"latency_seconds" doc:"mean, min, p50, p95, p99, p99_9 and max of those that succeeded; quantiles within 1.6 %"`
	Histogram []Bar             `json:"histogram" doc:"count took at least from and less than to seconds"`
}

// Latency are quantiles in seconds, within the relative error of package latency; max, min and mean are exact.
type Latency struct {
	Mean float64 `json:"mean"`
	Min  float64 `json:"min"`
	P50  float64 `json:"p50"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
}

// Bar is one bucket of a histogram that is not empty: how many took at least From and less than To seconds.
type Bar struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Count uint64  `json:"count"`
}

func measurementOf(name string, s *series, seconds float64) Measurement {
	m := Measurement{Operation: name, OK: s.Count(), Errors: map[string]uint64{}, Latency: latencyOf(&s.Histogram), Histogram: []Bar{}}
	if seconds > 0 {
		m.PerSecond = float64(m.OK) / seconds
	}
	for code, n := range s.errors {
		switch {
		case n == 0:
		case sessnode.Code(code) == sessnode.CodeUnknown:
			m.Unknown = n
		default:
			m.Errors[sessnode.Code(code).String()] = n
		}
	}
	for b := range s.Buckets() {
		m.Histogram = append(m.Histogram, Bar{b.From.Seconds(), b.To.Seconds(), b.Count})
	}
	return m
}

func latencyOf(h *latency.Histogram) Latency {
	q := func(part float64) float64 { return h.Quantile(part).Seconds() }
	return Latency{Mean: h.Mean().Seconds(), Min: h.Min().Seconds(), P50: q(0.5), P95: q(0.95), P99: q(0.99), P999: q(0.999), Max: h.Max().Seconds()}
}

// Failed counts what did not succeed.
func (m Measurement) Failed() uint64 {
	sum := m.Unknown
	for _, n := range m.Errors {
		sum += n
	}
	return sum
}
