package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/clock"
	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/internal/keyring"
)

// Config says how a node runs. DefaultConfig fills in all but the names and addresses; Validate says what is wrong.
type Config struct {
	Name    string // what people call the node; unique in its cluster; required
	DataDir string // where the log, snapshots and the node's identity live; required

	LogStore  raftlog.Kind // what the log is kept in; default what DataDir was made with, and for a new one raftlog.DefaultKind
	Addresses Addresses
	Security  Security
	Profile   Profile
	Limits    Limits
	Seams     Seams

	Expect  int      // found a cluster once exactly this many fresh nodes see each other: 1, 3 or 5; 0 = only join one
	Seeds   []string // gossip addresses of some other nodes
	Budget  uint64   // bytes of sessions that a cluster founded by this node may hold; 0 = no budget
	Version string   // of the software, for people

	Logger *slog.Logger // default slog.Default()

	// OnFailure is called once when the node can no longer be trusted and has stopped serving: its disk stalled or failed,
	// or its state differs from the majority's. The process should exit; a restart is safe. It is called on a goroutine of
	// its own. Default: nothing.
	OnFailure func(error)
}

// Addresses are where the node listens and what it tells others, all as host:port.
type Addresses struct {
	Node            string // Raft and calls between nodes; port 0 takes a free one; required
	AdvertiseNode   string // what peers dial; default the bound address
	Gossip          string // UDP and TCP; empty = no gossip: such a node stays alone
	AdvertiseGossip string // default the bound address
	HTTP            string // what others are told about the HTTP API; may be empty
}

// Security holds the cluster's secrets.
type Security struct {
	// Keys are the cluster keys at the start, 32 bytes each: the first is spoken, and all are accepted; SetKeys replaces them. None is
	// for a cluster on loopback or behind --insecure. The keys of the node port and of gossip are derived from them.
	Keys [][]byte

	// TLS, where it is set, goes around every connection between nodes, both ways, before the challenge with the key. It must
	// hold the certificates and the authorities for both roles.
	TLS *tls.Config
}

// Limits bound what a node takes in. Zero means the default.
type Limits struct {
	PendingBytes int           // of changes that wait at this node; default 64 MiB; above it ErrUnavailable, reason overload
	PendingOps   int           // changes that wait at this node; default 8,192
	InFlight     int           // batches that the leader has under way at once: 1 (default) or 2
	Timeout      time.Duration // of a read or write whose context has no deadline; default 5 s
	StallTimeout time.Duration // how long a disk write may take before the node stops itself; default 10 s
	SnapshotLog  uint64        // bytes of log after which a snapshot is taken at the earliest; default 64 MiB
	SnapshotAny  bool          // take it then, also where the state is much larger than the log; else only at half of its size
	TrailingLog  uint64        // bytes of log that are kept behind a snapshot for followers that lag, roughly; default 64 MiB
	MinFree      uint64        // free bytes of the disk below which it counts as nearly full; default 512 MiB or a tenth of the disk, if that is less
}

// Seams are what tests replace. The zero value is what runs in production.
type Seams struct {
	Clock       clock.Clock                                              // default the machine's
	ClockOffset time.Duration                                            // shifts the machine's wall clock
	Dial        func(ctx context.Context, addr string) (net.Conn, error) // between nodes; default TCP
	Listener    net.Listener                                             // for the node port, instead of Addresses.Node
	Gossip      memberlist.Transport                                     // default UDP and TCP
	WrapLog     func(LogStore) LogStore                                  // around the log store: slow, failing and held disks
	DiskFree    func(dir string) (free, total uint64, err error)         // of the data directory's file system; default the system's
	CheckAfter  time.Duration                                            // between checkpoints of the state hash; default 10 s
	Waits       func() time.Duration                                     // of goroutines for a processor, in the median since it was asked last; safe for concurrent use; default the scheduler's
	Tamper      func(entry []byte) []byte                                // alters what this replica applies, so that it diverges; default nil
}

// LogStore is what Raft keeps its log, term and vote in.
type LogStore interface {
	raft.LogStore
	raft.StableStore
}

// Profile is Raft's timing. All nodes of a cluster use the same.
type Profile struct {
	Heartbeat time.Duration // a follower that hears nothing for this long asks for an election; 1 to 2 times this passes
	Election  time.Duration // a candidate that does not win for this long tries again; at least Heartbeat
	Lease     time.Duration // a leader that does not hear a majority for this long steps down; at most Heartbeat
}

// DefaultProfile suits ordinary disks: heartbeats pass through Raft's main loop (hashicorp/raft#695), so a slow fsync of a
// follower delays them, and the time-out has to exceed the worst of those.
func DefaultProfile() Profile {
	return Profile{Heartbeat: time.Second, Election: time.Second, Lease: 750 * time.Millisecond}
}

// FastProfile suits one machine or a fast network with fast disks, drills and tests: a lost leader is replaced in well under
// a second. The lease is as long as Raft allows: a leader whose process did not run for a moment looks at its lease before it has read
// the answers that came meanwhile.
func FastProfile() Profile {
	return Profile{Heartbeat: 200 * time.Millisecond, Election: 200 * time.Millisecond, Lease: 200 * time.Millisecond}
}

// DefaultConfig returns a Config that lacks name, data directory and addresses.
func DefaultConfig() Config { return Config{}.withDefaults() }

func (c Config) withDefaults() Config {
	if c.Profile == (Profile{}) {
		c.Profile = DefaultProfile()
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.OnFailure == nil {
		c.OnFailure = func(error) {}
	}
	if c.Seams.Clock == nil {
		c.Seams.Clock = clock.System(c.Seams.ClockOffset)
	}
	if c.Seams.WrapLog == nil {
		c.Seams.WrapLog = func(s LogStore) LogStore { return s }
	}
	if c.Seams.DiskFree == nil {
		c.Seams.DiskFree = raftlog.DiskFree
	}
	setDefault(&c.Seams.CheckAfter, checkAfter)
	l := &c.Limits
	setDefault(&l.PendingBytes, 64<<20)
	setDefault(&l.PendingOps, 8192)
	setDefault(&l.InFlight, 1)
	setDefault(&l.Timeout, 5*time.Second)
	setDefault(&l.StallTimeout, 10*time.Second)
	setDefault(&l.SnapshotLog, 64<<20)
	setDefault(&l.TrailingLog, 64<<20)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate reports every fault at once, each naming field, value and allowed range. It never shows the key.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("cluster: "+format, args...))
		}
	}
	fault(!validName(c.Name), "Name is %q, allowed are 1 to 63 letters, digits, '.', '_' and '-'", c.Name)
	fault(c.DataDir == "", "DataDir is empty")
	fault(c.Addresses.Node == "" && c.Seams.Listener == nil, "Addresses.Node is empty")
	fault(c.Expect != 0 && c.Expect != 1 && c.Expect != 3 && c.Expect != 5, "Expect is %d, allowed are 0, 1, 3 and 5", c.Expect)
	fault(c.Expect > 1 && c.Addresses.Gossip == "", "Expect is %d, which needs Addresses.Gossip", c.Expect)
	_, err := raftlog.ParseKind(string(c.LogStore))
	fault(err != nil, "LogStore is %q, allowed are bolt and wal", c.LogStore)
	for i, key := range c.Security.Keys {
		fault(len(key) != keyring.KeyBytes, "Security.Keys[%d] has %d bytes, allowed are %d", i, len(key), keyring.KeyBytes)
	}
	fault(len(c.Security.Keys) > keyring.MaxKeys, "Security.Keys has %d keys, allowed are up to %d", len(c.Security.Keys), keyring.MaxKeys)
	p := c.Profile
	fault(p.Heartbeat < 50*time.Millisecond || p.Heartbeat > time.Minute, "Profile.Heartbeat is %v, allowed is 50ms to 1m", p.Heartbeat)
	fault(p.Election < p.Heartbeat || p.Election > time.Minute, "Profile.Election is %v, allowed is Heartbeat (%v) to 1m", p.Election, p.Heartbeat)
	fault(p.Lease < 5*time.Millisecond || p.Lease > p.Heartbeat, "Profile.Lease is %v, allowed is 5ms to Heartbeat (%v)", p.Lease, p.Heartbeat)
	l := c.Limits
	fault(l.PendingBytes < 1<<20, "Limits.PendingBytes is %d, allowed is 1 MiB or more", l.PendingBytes)
	fault(l.PendingOps < 1, "Limits.PendingOps is %d, allowed is 1 or more", l.PendingOps)
	fault(l.InFlight < 1 || l.InFlight > 2, "Limits.InFlight is %d, allowed are 1 and 2", l.InFlight)
	fault(l.Timeout < 0 || l.Timeout > time.Minute, "Limits.Timeout is %v, allowed is up to 1m", l.Timeout)
	fault(l.StallTimeout < time.Second, "Limits.StallTimeout is %v, allowed is 1s or more", l.StallTimeout)
	return errors.Join(faults...)
}

func validName(s string) bool {
	if s == "" || len(s) > 63 {
		return false
	}
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}
