package gossip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/hashicorp/memberlist"
)

// Profile is how eagerly nodes talk.
type Profile uint8

// The profiles.
const (
	LAN   Profile = iota // memberlist's LAN defaults: a silent node is noticed within about 5 s
	Local                // for tests and demos on one machine: within about 1 s, at the cost of more packets
)

// Config says how a node gossips. Start validates it.
type Config struct {
	BindAddr      string               // host:port for UDP and TCP; port 0 takes a free one
	AdvertiseAddr string               // host:port that others use; empty = the bound address. A name is resolved once, at start
	Seeds         []string             // host:port of some other nodes, names allowed and looked up at each attempt; itself may be among them
	Keys          [][]byte             // 32 bytes each, AES-256-GCM; the first encrypts, all decrypt; none = in the clear, for loopback and --insecure only
	Label         string               // the cluster's name, at most 255 bytes; packets with another are dropped unread
	Self          func() Member        // what to say about this node; called by Start and Refresh only. ID must not change
	Profile       Profile              // default LAN
	Transport     memberlist.Transport // nil = UDP and TCP; Close shuts it down
	Logger        *slog.Logger         // nil = slog.Default()
}

// keyBytes selects AES-256 in memberlist.
const keyBytes = 32

// Validate reports every fault at once, each naming field and allowed range. It never shows the key.
func (c Config) Validate() error {
	var faults []error
	if err := checkHostPort(c.BindAddr); err != nil {
		faults = append(faults, fmt.Errorf("gossip: bind address %q: %w", c.BindAddr, err))
	}
	if err := checkHostPort(c.AdvertiseAddr); c.AdvertiseAddr != "" && err != nil {
		faults = append(faults, fmt.Errorf("gossip: advertise address %q: %w", c.AdvertiseAddr, err))
	}
	for _, seed := range c.Seeds {
		if err := checkHostPort(seed); err != nil {
			faults = append(faults, fmt.Errorf("gossip: seed %q: %w", seed, err))
		}
	}
	faults = append(faults, checkKeys(c.Keys))
	if n := len(c.Label); n > memberlist.LabelMaxSize {
		faults = append(faults, fmt.Errorf("gossip: label has %d bytes, allowed are up to %d", n, memberlist.LabelMaxSize))
	}
	if c.Self == nil {
		faults = append(faults, errors.New("gossip: Self is missing"))
	}
	return errors.Join(faults...)
}

func checkHostPort(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("port is %q, allowed is 0 to 65535", port)
	}
	if host == "" {
		return errors.New("host is empty")
	}
	return nil
}

// memberlistConfig translates c, without the delegates.
func (c Config) memberlistConfig(id string) (*memberlist.Config, error) {
	conf := memberlist.DefaultLANConfig()
	if c.Profile == Local {
		hurry(conf)
	} else {
		conf.TCPTimeout = 5 * time.Second // bounds how long Close can wait for a join under way
	}
	// A node keeps its id over restarts, also on a new address; memberlist's default would refuse the new one until the
	// dead entry is dropped after 30 s (cortex#2130).
	conf.DeadNodeReclaimTime = conf.ProbeInterval * 5
	conf.EnableCompression = false // saves nothing at these sizes, and a decompressor is one more thing to attack
	conf.Name = id
	conf.Label = c.Label
	conf.Transport = c.Transport
	var err error
	if conf.BindAddr, conf.BindPort, err = resolve(c.BindAddr); err != nil {
		return nil, fmt.Errorf("gossip: bind address: %w", err)
	}
	conf.AdvertisePort = conf.BindPort
	if c.AdvertiseAddr != "" {
		if conf.AdvertiseAddr, conf.AdvertisePort, err = resolve(c.AdvertiseAddr); err != nil {
			return nil, fmt.Errorf("gossip: advertise address: %w", err)
		}
	}
	return conf, nil
}

func hurry(conf *memberlist.Config) {
	conf.TCPTimeout = time.Second
	conf.IndirectChecks = 1
	conf.SuspicionMult = 2
	conf.SuspicionMaxTimeoutMult = 2
	conf.ProbeInterval = 200 * time.Millisecond
	conf.ProbeTimeout = 100 * time.Millisecond
	conf.PushPullInterval = time.Second
	conf.GossipInterval = 20 * time.Millisecond
}

// resolve splits addr and looks its host up: memberlist wants addresses, and binds to everything when it gets a name.
func resolve(addr string) (ip string, port int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	all, err := lookup(ctx, addr)
	if err != nil {
		return "", 0, err
	}
	host, portText, err := net.SplitHostPort(all[0])
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(portText)
	return host, port, err
}

// lookup returns every address behind host:port, at least one. memberlist's own lookup would try DNS over TCP with ANY
// first, and cannot be cancelled.
func lookup(ctx context.Context, addr string) ([]string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if net.ParseIP(host) != nil {
		return []string{addr}, nil
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	all := make([]string, 0, len(ips))
	for _, ip := range ips {
		all = append(all, net.JoinHostPort(ip.Unmap().String(), port))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no address for %s", host)
	}
	return all, nil
}
