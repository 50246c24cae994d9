package bench

// redisMapping is what the operations are in Redis.
const redisMapping = "SET with EX, GET, GETEX, EXPIRE; a patch is a SET of the whole session"

// natsMapping is what the operations are in a bucket of NATS.
const natsMapping = "a put to the bucket and a direct get; a touch and a patch are a put, a read with touch is both; keys expire by the bucket's age"

// spikeMapping is what the operations are in the spike.
const spikeMapping = "sessnode's requests, of which it looks at the token and the value alone; a touch sets a time in the map; a read with touch is a read"

// sharedName is the system whose clients share connections.
const sharedName = "sessnode-shared"

// spikeName is the yardstick of the project: a bare Raft group and a map behind the same HTTP server. leanSpikeName is one behind less than a
// server, which is harder to keep up with.
const (
	spikeName     = "spike-http"
	leanSpikeName = "spike"
)

// Catalog lists every system there is, in the order of the tables.
func Catalog() []System {
	onTwo := "log flushed by two of three"
	index := "nothing: read index"
	return []System{
		sessnodeSystem(System{Name: "sessnode", Title: "sessnode", Durable: onTwo, Reads: index,
			Mapping: "its HTTP API; a patch sends one of four attributes", Routes: []string{"leader", "all"}}),
		sharing(System{Name: sharedName, Title: "sessnode, four shared connections to a node", Durable: onTwo, Reads: index,
			Mapping: "as above, in frames of which many go over one connection, as the Go client sends them WithSharedConnections", Routes: []string{"leader", "all"}}),
		fast(sessnodeSystem(System{Name: "sessnode-fast", Title: "sessnode, fast profile", Durable: onTwo, Reads: index,
			Mapping: "as above", Routes: []string{"leader", "all"}}, "--profile", "fast")),
		redisSystem(System{Name: "redis-wait", Title: "Redis, 2 replicas, appendfsync always, WAIT 1",
			Durable: "log flushed by the primary, received by a replica", Reads: "what a failover lost; a deposed primary answers on",
			Mapping: redisMapping + "; every change with WAIT 1 in the same write"}, 2, true, "--appendonly", "yes", "--appendfsync", "always"),
		etcdSystem(System{Name: "etcd", Title: "etcd, put", Durable: onTwo, Reads: index,
			Mapping: "Put and Range over gRPC; a touch and a patch are a Put, a read with touch is both; no session expires"}, false),
		etcdSystem(System{Name: "etcd-lease", Title: "etcd, one lease a session", Durable: onTwo + "; leases' renewals in the leader's memory", Reads: index,
			Mapping: "LeaseGrant and Put; a touch is a Range, for the lease, and a LeaseKeepAlive; a patch is a Put that keeps the lease"}, true),
		natsSystem(System{Name: "nats", Title: "NATS JetStream KV R3, sync_always", Durable: onTwo, Reads: "the newest writes: any replica answers (direct get, the bucket's default)",
			Mapping: natsMapping}, "always"),
		natsSystem(System{Name: "nats-default", Title: "NATS JetStream KV R3, default sync", Durable: "memory of two of three; their disks within two minutes",
			Reads: "the newest writes, as above", Mapping: natsMapping}, "2m"),
		postgresSystem(System{Name: "postgres", Title: "PostgreSQL, Django's table, synchronous_commit on", Durable: "log flushed by one", Reads: "nothing: one node",
			Mapping: "INSERT, SELECT, UPDATE as Django's backend sends them, prepared; a touch changes expire_date alone"}),
		redisSystem(System{Name: "redis-everysec", Title: "Redis, 2 replicas, appendfsync everysec", Durable: "memory of the primary; its disk within a second",
			Reads: "what a failover lost", Mapping: redisMapping}, 2, false, "--appendonly", "yes", "--appendfsync", "everysec"),
		redisSystem(System{Name: "redis", Title: "Redis, one node, no persistence", Durable: "memory of one", Reads: "nothing, until it restarts empty",
			Mapping: redisMapping}, 0, false, "--appendonly", "no"),
		spikeSystem(System{Name: leanSpikeName, Title: "lean spike: bare Raft, raft-wal and a map", Durable: onTwo, Reads: index, Mapping: spikeMapping}, "lean"),
		spikeSystem(System{Name: spikeName, Title: "the spike behind sessnode's HTTP server and API", Durable: onTwo, Reads: index,
			Mapping: "sessnode's API; the map keeps attributes alone and no subject, a patch reads and logs the whole session and may lose another's, a touch sets a time in the map, a read with touch is a read"}, "sessnode"),
		spikeSystem(System{Name: "spike-net-http", Title: "lean spike behind net/http", Durable: onTwo, Reads: index, Mapping: spikeMapping}, "net-http"),
		sentinelSystem(System{Name: "redis-sentinel-wait", Title: "Redis, Sentinel (down after 1 s), appendfsync always, WAIT 1",
			Durable: "log flushed by the primary, received by a replica", Reads: "what a failover lost", Mapping: redisMapping}, true, "--appendonly", "yes", "--appendfsync", "always"),
		sentinelSystem(System{Name: "redis-sentinel", Title: "Redis, Sentinel (down after 1 s), appendfsync everysec", Durable: "memory of the primary",
			Reads: "what a failover lost", Mapping: redisMapping}, false, "--appendonly", "yes", "--appendfsync", "everysec"),
		httpSystem(System{Name: "noop-api", Title: "sessnode's HTTP over a store that does nothing", Durable: "nowhere", Reads: "everything",
			Mapping: "its API and server, and one session that everybody has"}, "api"),
		httpSystem(System{Name: "noop", Title: "no-op net/http", Durable: "nowhere", Reads: "everything", Mapping: "answers 512 bytes"}, "net-http"),
		httpSystem(System{Name: "noop-loop", Title: "no-op on sessnode's parser in a bare loop", Durable: "nowhere", Reads: "everything", Mapping: "answers 512 bytes"}, "loop"),
		httpSystem(System{Name: "null", Title: "null server: the generator alone", Durable: "nowhere", Reads: "everything",
			Mapping: "no HTTP server: it skips to the end of a request and writes the same 512 bytes"}, "raw"),
		diskSystem(System{Name: diskName, Title: "raw fdatasync of 4 KiB", Durable: "one disk", Reads: "-", Mapping: "appends, one after the other"}),
	}
}

// fast marks a system that is there for its failover alone.
func fast(s System) System {
	s.failoverOnly = true
	return s
}
