package config

import (
	"log/slog"
	"time"
)

// Config is what one node was told. Load makes it; its zero value is not valid.
type Config struct {
	Name        string // the node's name, unique in the cluster; default: the host's name
	Data        string // directory of the log, snapshots and the node's identity; made if missing
	StrictApps  bool   // refuse an app that was never declared with unknown_app
	AllowDrills bool   // an operator may drill this node where it runs: sessnode drill --target
	LogStore    string // "auto", "bolt" or "wal": what the log is kept in
	File        string // the configuration file that was read; empty: none

	Listen   Listen
	Cluster  Cluster
	Security Security
	Limits   Limits
	Backups  Backups
	Log      Log
}

// Listen is where the node listens, and where others reach it. Addresses are host:port; the host may be a name.
type Listen struct {
	HTTP          string // the HTTP API
	Node          string // Raft and calls between nodes
	Gossip        string // gossip, TCP and UDP
	AdvertiseHost string // what others dial instead of the listening host; empty: the listening host itself
}

// Cluster is how the node finds its peers and how fast it gives up on them.
type Cluster struct {
	Seeds       []string      // gossip addresses of any nodes of the cluster; its own among them does no harm
	Expect      int           // how many fresh nodes found the cluster together: 1, 3 or 5; 0: only join one
	Profile     string        // "default" or "fast": the time-outs of elections
	ClockOffset time.Duration // tests only: what is added to this node's wall clock
}

// Security is who may speak to the node.
type Security struct {
	ClusterKeyFile string   // 32 bytes in hex or base64; empty: anyone who reaches the node port is a peer
	APIKeysFile    string   // lines of "name role sha256hex"; empty: anyone who reaches the HTTP port is an operator
	Hosts          []string // names by which apps reach the node, beside its own addresses; "*": any. Against DNS rebinding
	OpenMetrics    bool     // /metrics needs no API key
	TLS            KeyPair  // of the HTTP API; empty: plain text
	Peer           KeyPair  // between nodes; empty: plain text, authenticated by the cluster key
	PeerCAFile     string   // the authorities that vouch for the other nodes
	Insecure       bool     // accept missing keys on addresses that other hosts can reach
}

// KeyPair names the files of a certificate and its private key, in PEM.
type KeyPair struct{ Cert, Key string }

// Given reports whether any of the two is named.
func (k KeyPair) Given() bool { return k.Cert != "" || k.Key != "" }

// Limits bound what the node takes in.
type Limits struct {
	MaxMemory      uint64 // bytes; 0: what the system or its control group has
	MaxInFlight    int    // requests being worked on at once; more are shed with 503
	MaxConnections int    // open HTTP connections
	MinFree        uint64 // free bytes of the disk below which it counts as nearly full; 0: 512 MiB or a tenth of the disk, if that is less

	SnapshotLog  uint64        // drills only: bytes of log before a snapshot, and of log that is kept; 0: the default
	StallTimeout time.Duration // drills only: of one write to the disk; 0: the default
}

// Backups are what the node takes by the clock.
type Backups struct {
	Dir   string        // empty: none
	Every time.Duration // from one to the next
	Keep  int           // how many stay; at least 1
}

// Log is how the node narrates on standard error.
type Log struct {
	Format string // "text" or "json"
	Level  slog.Level
}
