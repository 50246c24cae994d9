package config

import (
	"log/slog"
	"time"
)

func nodeKeys() []Key {
	g, in := GroupNode, ForNode
	return []Key{
		{Name: "name", Type: typeText, Group: g, Scope: in, Help: "name of this node, unique in the cluster (unset: the host's name)",
			parse: textTo(func(t *told) *string { return &t.node.Name })},
		{Name: "data", Type: typePath, Default: "data", Group: g, Scope: in, Help: "directory of this node's log, snapshots and identity; made if missing",
			parse: textTo(func(t *told) *string { return &t.node.Data })},
		{Name: "log-store", Type: typeChoice, Default: "auto", Choices: []string{"auto", "bolt", "wal"}, Group: g, Scope: in,
			Help:  "what a new --data keeps its log in, for good: wal syncs once for a write, bolt twice; a directory that has the other one is refused (auto: what the directory has, wal for a new one)",
			parse: textTo(func(t *told) *string { return &t.node.LogStore })},
		{Name: "http", Type: typeAddress, Default: "127.0.0.1:7480", Group: g, Scope: in, Help: "where the HTTP API listens",
			parse: addressTo(func(t *told) *string { return &t.node.Listen.HTTP })},
		{Name: "node", Type: typeAddress, Default: "127.0.0.1:7481", Group: g, Scope: in, Help: "where other nodes reach this one (TCP)",
			parse: addressTo(func(t *told) *string { return &t.node.Listen.Node })},
		{Name: "gossip", Type: typeAddress, Default: "127.0.0.1:7482", Group: g, Scope: in, Help: "where gossip listens (TCP and UDP)",
			parse: addressTo(func(t *told) *string { return &t.node.Listen.Gossip })},
		{Name: "advertise-host", Type: typeText, Group: g, Scope: in, Help: "host that others dial; needed where an address listens on all interfaces (unset: the host that listens)",
			parse: textTo(func(t *told) *string { return &t.node.Listen.AdvertiseHost })},
		{Name: "strict-apps", Type: typeSwitch, Default: "false", Group: g, Scope: in, Help: "refuse apps that were never declared",
			parse: switchTo(func(t *told) *bool { return &t.node.StrictApps })},
		{Name: "allow-drills", Type: typeSwitch, Default: "false", Group: g, Scope: in, Help: "let an operator drill this node where it runs (sessnode drill --target); every node must",
			parse: switchTo(func(t *told) *bool { return &t.node.AllowDrills })},
	}
}

func clusterKeys() []Key {
	g, in := GroupCluster, ForNode
	return []Key{
		{Name: "seeds", Type: typeAddresses, Group: g, Scope: in, Help: "gossip addresses of any nodes of the cluster, separated by commas",
			parse: addressesTo(func(t *told) *[]string { return &t.node.Cluster.Seeds })},
		{Name: "expect", Type: typeCount, Default: "1", Unit: "nodes", Choices: []string{"0", "1", "3", "5"}, Group: g, Scope: in,
			Help:  "how many fresh nodes found the cluster together; 0: only join one; no meaning once founded or joined",
			parse: countTo(func(t *told) *int { return &t.node.Cluster.Expect }, 0, 5)},
		{Name: "profile", Type: typeChoice, Default: "default", Choices: []string{"default", "fast"}, Group: g, Scope: in,
			Help:  "election time-outs: fast for one rack and quick disks; the same on all nodes",
			parse: textTo(func(t *told) *string { return &t.node.Cluster.Profile })},
		{Name: "clock-offset", Type: typeDuration, Default: "0s", Group: g, Scope: in, Hidden: true, Help: "tests only: added to this node's wall clock",
			parse: durationTo(func(t *told) *time.Duration { return &t.node.Cluster.ClockOffset })},
	}
}

func securityKeys() []Key {
	g, in := GroupSecurity, ForNode
	return []Key{
		{Name: "cluster-key-file", Type: typePath, Group: g, Scope: in, Help: "file with the cluster key: 32 bytes in hex or base64, the same on all nodes; during a rotation a second one below it (sessnode key); read again when it changes",
			parse: textTo(func(t *told) *string { return &t.node.Security.ClusterKeyFile })},
		{Name: "api-keys-file", Type: typePath, Group: g, Scope: in, Help: "file with the API keys, a line each: name, role (operator or app:NAME), SHA-256 of the key in hex",
			parse: textTo(func(t *told) *string { return &t.node.Security.APIKeysFile })},
		{Name: "tls-cert-file", Type: typePath, Group: g, Scope: in, Help: "PEM file with the certificate of the HTTP API, which then speaks TLS; read again when it changes",
			parse: textTo(func(t *told) *string { return &t.node.Security.TLS.Cert })},
		{Name: "tls-key-file", Type: typePath, Group: g, Scope: in, Help: "PEM file with the private key of that certificate",
			parse: textTo(func(t *told) *string { return &t.node.Security.TLS.Key })},
		{Name: "peer-cert-file", Type: typePath, Group: g, Scope: in, Help: "PEM file with the certificate that this node shows to the others; it must bear the name sessnode-peer; the nodes then speak mutual TLS",
			parse: textTo(func(t *told) *string { return &t.node.Security.Peer.Cert })},
		{Name: "peer-key-file", Type: typePath, Group: g, Scope: in, Help: "PEM file with the private key of that certificate",
			parse: textTo(func(t *told) *string { return &t.node.Security.Peer.Key })},
		{Name: "peer-ca-file", Type: typePath, Group: g, Scope: in, Help: "PEM file with the authorities that vouch for the other nodes",
			parse: textTo(func(t *told) *string { return &t.node.Security.PeerCAFile })},
		{Name: "hosts", Type: typeNames, Group: g, Scope: in, Help: "names under which apps reach this node, separated by commas, * for any; where names or no API keys are given, requests for other names are refused",
			parse: namesTo(func(t *told) *[]string { return &t.node.Security.Hosts })},
		{Name: "open-metrics", Type: typeSwitch, Default: "false", Group: g, Scope: in, Help: "serve /metrics without an API key",
			parse: switchTo(func(t *told) *bool { return &t.node.Security.OpenMetrics })},
		{Name: "insecure", Type: typeSwitch, Default: "false", Group: g, Scope: in, Help: "start without keys on addresses that other hosts can reach",
			parse: switchTo(func(t *told) *bool { return &t.node.Security.Insecure })},
	}
}

func limitKeys() []Key {
	g, in := GroupLimits, ForNode
	return []Key{
		{Name: "max-memory", Type: typeSize, Default: "0", Group: g, Scope: in, Help: "memory this node may use; half of it is for sessions (0: what the system or its control group has)",
			parse: sizeTo(func(t *told) *uint64 { return &t.node.Limits.MaxMemory })},
		{Name: "max-in-flight", Type: typeCount, Default: "1024", Unit: "requests", Group: g, Scope: in, Help: "requests worked on at once; more are shed with 503 and Retry-After",
			parse: countTo(func(t *told) *int { return &t.node.Limits.MaxInFlight }, 1, 1<<20)},
		{Name: "max-connections", Type: typeCount, Default: "8192", Unit: "connections", Group: g, Scope: in, Help: "open HTTP connections; more wait to be accepted",
			parse: countTo(func(t *told) *int { return &t.node.Limits.MaxConnections }, 1, 1<<20)},
		{Name: "min-free", Type: typeSize, Default: "0", Group: g, Scope: in, Help: "free space of the disk under --data below which it is nearly full (0: 512MiB or a tenth of the disk, if that is less)",
			parse: sizeTo(func(t *told) *uint64 { return &t.node.Limits.MinFree })},
		{Name: "snapshot-log", Type: typeSize, Default: "0", Group: g, Scope: in, Hidden: true, Help: "drills only: log after which a snapshot is taken at the earliest, and what of it is kept (0: the default)",
			parse: sizeTo(func(t *told) *uint64 { return &t.node.Limits.SnapshotLog })},
		{Name: "stall-timeout", Type: typeDuration, Default: "0s", Group: g, Scope: in, Hidden: true, Help: "drills only: how long a write to the disk may take before the node stops itself (0s: the default)",
			parse: durationTo(func(t *told) *time.Duration { return &t.node.Limits.StallTimeout })},
	}
}

func backupKeys() []Key {
	g, in := GroupBackups, ForNode
	return []Key{
		{Name: "backup-dir", Type: typePath, Group: g, Scope: in, Help: "directory in which this node keeps backups that it takes by the clock; best on another disk (unset: none)",
			parse: textTo(func(t *told) *string { return &t.node.Backups.Dir })},
		{Name: "backup-every", Type: typeDuration, Default: "6h", Group: g, Scope: in, Help: "time from one backup to the next",
			parse: spanTo(func(t *told) *time.Duration { return &t.node.Backups.Every })},
		{Name: "backup-keep", Type: typeCount, Default: "8", Unit: "files", Group: g, Scope: in, Help: "how many of this node's backups stay; the oldest go when a new one is whole",
			parse: countTo(func(t *told) *int { return &t.node.Backups.Keep }, 1, 10000)},
	}
}

func logKeys() []Key {
	g, in := GroupLog, ForNode
	return []Key{
		{Name: "log-format", Type: typeChoice, Default: "text", Choices: []string{"text", "json"}, Group: g, Scope: in, Help: "how the log on standard error is written",
			parse: textTo(func(t *told) *string { return &t.node.Log.Format })},
		{Name: "log-level", Type: typeChoice, Default: "info", Choices: []string{"debug", "info", "warn", "error"}, Group: g, Scope: in, Help: "the least level that is logged",
			parse: levelTo(func(t *told) *slog.Level { return &t.node.Log.Level })},
	}
}
