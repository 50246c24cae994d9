// Command spike is one of three servers with the least that can keep sessions as sessnode keeps them: a Raft group of hashicorp/raft
// with raft-wal, a map behind a mutex, batches of changes, and read index in batches at the leader. For HTTP it has sessnode's parser in a
// bare loop, without keys, limits or metrics; or sessnode's own server and API (-server sessnode). It knows no policies, indexes, deadlines,
// tombstones, exactly-once window or events, makes no snapshots, and answers through the leader alone: a yardstick for what the
// architecture carries, no store for anybody.
//
//	spike -name n1 -raft 127.0.0.1:7401 -http 127.0.0.1:7400 -peers 127.0.0.1:7401,127.0.0.1:7411,127.0.0.1:7421 -data DIR
package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftwal "github.com/hashicorp/raft-wal"

	"github.com/sessnode/sessnode/e2e/bench/loop"
)

// options are what the flags say.
type options struct {
	name, raftAddr, httpAddr, peers, data, server string
	timeout                                       time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.name, "name", "n1", "n1, n2 or n3: the place in -peers")
	flag.StringVar(&o.raftAddr, "raft", "", "where the others reach this one")
	flag.StringVar(&o.httpAddr, "http", "", "where clients do")
	flag.StringVar(&o.peers, "peers", "", "the -raft of all")
	flag.StringVar(&o.data, "data", "", "folder")
	flag.StringVar(&o.server, "server", "lean", "lean, sessnode or net-http")
	flag.DurationVar(&o.timeout, "timeout", time.Second, "of heartbeat and election")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	m := newMachine()
	group, err := open(o, m)
	if err != nil {
		return err
	}
	s := newSpike(group, m)
	ln, err := net.Listen("tcp", o.httpAddr)
	if err != nil {
		return err
	}
	switch o.server {
	case "net-http":
		return http.Serve(ln, s)
	case "sessnode":
		return serveAPI(ln, s)
	}
	return loop.Serve(ln, s.handler)
}

// open starts the group, as sessnode does it where that is not about durability: defaults, one second, no snapshot.
func open(o options, m *machine) (*raft.Raft, error) {
	logger := hclog.New(&hclog.LoggerOptions{Output: io.Discard})
	config := raft.DefaultConfig()
	config.LocalID, config.Logger = raft.ServerID(o.name), logger
	config.HeartbeatTimeout, config.ElectionTimeout, config.LeaderLeaseTimeout = o.timeout, o.timeout, o.timeout/2
	config.SnapshotThreshold, config.SnapshotInterval = math.MaxUint64, 24*time.Hour
	config.BatchApplyCh = true
	log, err := raftwal.Open(o.data, raftwal.WithLogger(logger))
	if err != nil {
		return nil, err
	}
	cached, err := raft.NewLogCache(512, log)
	if err != nil {
		return nil, err
	}
	transport, err := raft.NewTCPTransportWithLogger(o.raftAddr, nil, 3, 10*time.Second, logger)
	if err != nil {
		return nil, err
	}
	group, err := raft.NewRaft(config, m, cached, log, raft.NewDiscardSnapshotStore(), transport)
	if err != nil {
		return nil, err
	}
	var members raft.Configuration
	for i, a := range strings.Split(o.peers, ",") {
		members.Servers = append(members.Servers, raft.Server{ID: raft.ServerID("n" + strconv.Itoa(i+1)), Address: raft.ServerAddress(a)})
	}
	if err := group.BootstrapCluster(members).Error(); err != nil && err != raft.ErrCantBootstrap {
		return nil, err
	}
	return group, nil
}
