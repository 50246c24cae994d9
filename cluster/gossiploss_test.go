package cluster_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// deaf is a gossip transport that loses everything it sends, in packets and streams, while it is cut.
type deaf struct {
	memberlist.Transport
	cut *atomic.Bool
}

func (d deaf) WriteTo(b []byte, addr string) (time.Time, error) {
	if d.cut.Load() {
		return time.Now(), nil
	}
	return d.Transport.WriteTo(b, addr)
}

func (d deaf) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	if d.cut.Load() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: net.ErrClosed}
	}
	return d.Transport.DialTimeout(addr, timeout)
}

// TestGossipLossAloneChangesNothing cuts all gossip and leaves the node ports alone, for long enough that gossip takes everybody for
// dead: the voters, the leader and the term stay, and every node serves. A node that starts again meanwhile comes back by the addresses
// in its own configuration.
func TestGossipLossAloneChangesNothing(t *testing.T) {
	var cut atomic.Bool
	wire := func(_ int, c *cluster.Config) { c.Seams.Gossip = deafTransport(t, c.Addresses.Gossip, &cut) }
	c := clustertest.Start(t, 3, wire)
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(0), m)
	leader := c.Leader()
	before := c.Node(leader).Status(t.Context())
	all := voters(t, c, leader)

	cut.Store(true)
	c.Await("gossip to take the others for dead", func() bool {
		alive := 0
		for _, member := range c.Node(leader).Status(t.Context()).Members {
			if member.Alive {
				alive++
			}
		}
		return alive == 1
	})
	until := time.Now().Add(2 * time.Second)
	c.Await("ten heartbeats", func() bool { return time.Now().After(until) })
	unchanged := func() {
		t.Helper()
		after := c.Node(leader).Status(t.Context())
		if after.Leader != before.Leader || after.Term != before.Term {
			t.Errorf("leader %s in term %d, before it was %s in term %d", after.Leader, after.Term, before.Leader, before.Term)
		}
		v := voters(t, c, leader)
		for id := range all {
			if !v[id] || len(v) != len(all) {
				t.Errorf("voters = %v, want %v", v, all)
			}
		}
	}
	unchanged()
	for i := range 3 {
		another, _ := clustertest.Create("web", "bob")
		mustWrite(t, c.Node(i), another)
		if _, _, err := c.Node(i).Session(within(t, 10*time.Second), "web", key, sessnode.Read{}); err != nil {
			t.Errorf("read at node %d without gossip = %v", i, err)
		}
	}

	back := c.Follower()
	c.Stop(back)
	c.Change(back, func(cfg *cluster.Config) { wire(back, cfg) })
	c.Start(back)
	c.AwaitReady(back)
	if _, _, err := c.Node(back).Session(within(t, 10*time.Second), "web", key, sessnode.Read{}); err != nil {
		t.Errorf("read at a node that started again without gossip = %v", err)
	}
	unchanged()
}

// deafTransport listens at addr.
func deafTransport(t *testing.T, addr string, cut *atomic.Bool) memberlist.Transport {
	t.Helper()
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := memberlist.NewNetTransport(&memberlist.NetTransportConfig{BindAddrs: []string{tcp.IP.String()}, BindPort: tcp.Port})
	if err != nil {
		t.Fatal(err)
	}
	return deaf{inner, cut}
}
