package cluster

import "github.com/prometheus/client_golang/prometheus"

// metric is one line of the table below.
type metric struct {
	name, help string
	counter    bool // else a gauge
	value      func(Stats) float64
}

// metrics is all that a node exports. Names carry their unit; nothing is labelled by app, subject or session.
func metrics() []metric {
	u := func(v uint64) float64 { return float64(v) }
	return []metric{
		{"sessions", "Sessions stored, the expired ones that are not yet removed included.", false, func(s Stats) float64 { return u(s.State.Sessions) }},
		{"sessions_anonymous", "Sessions without a subject.", false, func(s Stats) float64 { return u(s.State.Anonymous) }},
		{"tombstones", "Ended sessions that are remembered.", false, func(s Stats) float64 { return u(s.State.Tombstones) }},
		{"operations_remembered", "Operation ids in the exactly-once window.", false, func(s Stats) float64 { return u(s.State.Remembered) }},
		{"state_bytes", "Bytes of sessions, tombstones and remembered operations.", false, func(s Stats) float64 { return u(s.State.Bytes) }},
		{"budget_bytes", "The byte budget; 0 = none.", false, func(s Stats) float64 { return u(s.State.Budget) }},
		{"sessions_created_total", "Sessions created, as applied by this process.", true, func(s Stats) float64 { return u(s.State.Created) }},
		{"sessions_expired_total", "Sessions ended by rule.", true, func(s Stats) float64 { return u(s.State.Expired) }},
		{"sessions_revoked_total", "Sessions ended early.", true, func(s Stats) float64 { return u(s.State.Revoked) }},
		{"sessions_evicted_total", "Sessions that gave way to another.", true, func(s Stats) float64 { return u(s.State.Evicted) }},
		{"replays_total", "Changes that an earlier try had made.", true, func(s Stats) float64 { return u(s.State.Replays) }},
		{"raft_term", "Raft's term.", false, func(s Stats) float64 { return u(s.Term) }},
		{"raft_commit_index", "Committed log index.", false, func(s Stats) float64 { return u(s.Commit) }},
		{"applied_index", "Applied log index.", false, func(s Stats) float64 { return u(s.State.Applied) }},
		{"is_leader", "1 on the leader.", false, func(s Stats) float64 { return map[bool]float64{true: 1}[s.IsLeader] }},
		{"clock_behind_seconds", "Cluster time behind the median of the voters' clocks, on the leader.", false, func(s Stats) float64 { return s.ClockBehind.Seconds() }},
		{"batches_total", "Log entries proposed by this node.", true, func(s Stats) float64 { return u(s.Writes.Batches) }},
		{"batch_ops_total", "Changes in them.", true, func(s Stats) float64 { return u(s.Writes.Ops) }},
		{"batch_bytes_total", "Bytes of them.", true, func(s Stats) float64 { return u(s.Writes.Bytes) }},
		{"ticks_total", "Log entries that only time asked for.", true, func(s Stats) float64 { return u(s.Writes.Ticks) }},
		{"forward_frames_total", "Frames of changes sent to the leader.", true, func(s Stats) float64 { return u(s.Writes.Frames) }},
		{"forward_ops_total", "Changes in them.", true, func(s Stats) float64 { return u(s.Writes.Forwarded) }},
		{"write_retries_total", "Tries of a change after the first.", true, func(s Stats) float64 { return u(s.Writes.Retries) }},
		{"write_unknown_total", "Tries of a change whose fate was not known.", true, func(s Stats) float64 { return u(s.Writes.Unknown) }},
		{"write_shed_total", "Changes refused because too many waited.", true, func(s Stats) float64 { return u(s.Writes.Shed) }},
		{"write_pending_ops", "Changes that wait now.", false, func(s Stats) float64 { return float64(s.Writes.PendingOps) }},
		{"write_pending_bytes", "Bytes of them.", false, func(s Stats) float64 { return float64(s.Writes.PendingBytes) }},
		{"reads_total", "Reads.", true, func(s Stats) float64 { return u(s.Reads.Reads) }},
		{"reads_local_total", "Reads answered without asking the voters.", true, func(s Stats) float64 { return u(s.Reads.Local) }},
		{"read_rounds_total", "Rounds in which the voters were asked.", true, func(s Stats) float64 { return u(s.Reads.Rounds) }},
		{"read_rounds_invalid_total", "Rounds without a majority.", true, func(s Stats) float64 { return u(s.Reads.Invalid) }},
		{"read_messages_total", "Questions sent to other nodes.", true, func(s Stats) float64 { return u(s.Reads.Messages) }},
		{"log_appends_total", "Writes to the log.", true, func(s Stats) float64 { return u(s.Log.Appends) }},
		{"log_syncs_total", "Syncs of the log file.", true, func(s Stats) float64 { return u(s.Log.Syncs) }},
		{"log_append_seconds_total", "Time spent in writes to the log.", true, func(s Stats) float64 { return s.Log.WriteTime.Seconds() }},
		{"log_append_slowest_seconds", "The slowest write to the log so far.", false, func(s Stats) float64 { return s.Log.Slowest.Seconds() }},
		{"log_file_bytes", "Size of the log file.", false, func(s Stats) float64 { return u(s.Log.SizeBytes) }},
		{"log_since_snapshot_bytes", "Bytes applied since the last snapshot.", false, func(s Stats) float64 { return u(s.Log.SinceSnapshotBytes) }},
		{"disk_free_bytes", "Free space of the data directory's disk; 0 = not known.", false, func(s Stats) float64 { return u(s.Disk.Free) }},
		{"disk_free_mark_bytes", "Free space below which that disk counts as nearly full.", false, func(s Stats) float64 { return u(s.Disk.Mark) }},
		{"disk_low", "1 while it does.", false, func(s Stats) float64 { return map[bool]float64{true: 1}[s.Disk.Low] }},
		{"node_port_out_bytes_total", "Bytes sent to other nodes.", true, func(s Stats) float64 { return u(s.Port.BytesOut) }},
		{"node_port_in_bytes_total", "Bytes received from other nodes.", true, func(s Stats) float64 { return u(s.Port.BytesIn) }},
		{"node_port_refused_total", "Connections that failed the challenge.", true, func(s Stats) float64 { return u(s.Port.Refused) }},
	}
}

// Collector exports a node's Stats to Prometheus, under the prefix sessnode_. It is safe for concurrent use.
type Collector struct {
	node  *Node
	table []metric
	descs []*prometheus.Desc
}

var _ prometheus.Collector = (*Collector)(nil)

// Collector makes the node's collector; register it once.
func (n *Node) Collector() *Collector {
	c := &Collector{node: n, table: metrics()}
	for _, m := range c.table {
		c.descs = append(c.descs, prometheus.NewDesc("sessnode_"+m.name, m.help, nil, nil))
	}
	return c
}

// Describe lists the metrics.
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		to <- d
	}
}

// Collect reads the counters once.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	s := c.node.Stats()
	for i, m := range c.table {
		kind := prometheus.GaugeValue
		if m.counter {
			kind = prometheus.CounterValue
		}
		to <- prometheus.MustNewConstMetric(c.descs[i], kind, m.value(s))
	}
}
