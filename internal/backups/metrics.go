package backups

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/term"
)

// metric is one number of a State.
type metric struct {
	name, help string
	kind       prometheus.ValueType
	value      func(s State, now time.Time) float64
}

func metrics() []metric {
	return []metric{
		{"last_success_age_seconds", "Time since the last scheduled backup that succeeded; since the node's start where there is none.", prometheus.GaugeValue,
			func(s State, now time.Time) float64 { return now.Sub(s.since()).Seconds() }},
		{"last_success_timestamp_seconds", "When the last scheduled backup succeeded, in Unix time; 0 where there is none.", prometheus.GaugeValue,
			func(s State, _ time.Time) float64 {
				if s.LastSuccess.IsZero() {
					return 0
				}
				return float64(s.LastSuccess.Unix())
			}},
		{"last_bytes", "Size of the last scheduled backup.", prometheus.GaugeValue, func(s State, _ time.Time) float64 { return float64(s.LastBytes) }},
		{"taken_total", "Scheduled backups that succeeded.", prometheus.CounterValue, func(s State, _ time.Time) float64 { return float64(s.Taken) }},
		{"failures_total", "Tries of scheduled backups that failed.", prometheus.CounterValue, func(s State, _ time.Time) float64 { return float64(s.Failures) }},
	}
}

// since is the last success, or where there is none the beginning.
func (s State) since() time.Time {
	if s.LastSuccess.IsZero() {
		return s.Begun
	}
	return s.LastSuccess
}

func (m metric) desc() *prometheus.Desc {
	return prometheus.NewDesc("sessnode_backup_"+m.name, m.help, nil, nil)
}

var _ prometheus.Collector = (*Keeper)(nil)

// Describe lists the metrics.
func (k *Keeper) Describe(to chan<- *prometheus.Desc) {
	for _, m := range metrics() {
		to <- m.desc()
	}
}

// Collect reads the state once.
func (k *Keeper) Collect(to chan<- prometheus.Metric) {
	s, now := k.State(), k.c.Now()
	for _, m := range metrics() {
		to <- prometheus.MustNewConstMetric(m.desc(), m.kind, m.value(s, now))
	}
}

// Check is a line of the readiness report. It is always OK: a node without a fresh backup serves all the same, and taking it out of
// service would help nobody.
func (k *Keeper) Check() sessnode.Check {
	s := k.State()
	c := sessnode.Check{Name: "backup", OK: true, Detail: "none was taken yet"}
	if !s.LastSuccess.IsZero() {
		c.Detail = "the last one " + term.Ago(k.c.Now().Sub(s.LastSuccess))
	}
	if s.Err != nil {
		c.Detail += "; FAILED since: " + s.Err.Error()
	}
	return c
}
