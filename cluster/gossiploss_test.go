package cluster_test

import (
	"maps"
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
// in its own configuration. A busy machine may hold an election of its own meanwhile: then the leader is looked at once more, from the
// beginning.
func TestGossipLossAloneChangesNothing(t *testing.T) {
	var cut atomic.Bool
	wire := func(_ int, c *cluster.Config) { c.Seams.Gossip = deafTransport(t, c.Addresses.Gossip, &cut) }
	c := clustertest.Start(t, 3, wire)
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(0), m)
	all := voters(t, c, c.Leader())
	for try := 1; !losesGossip(t, c, &cut, wire, key, all); try++ {
		if try == 5 {
			t.Fatalf("%d times gossip was cut, and each time the term or the leader changed", try)
		}
		cut.Store(false)
		c.Await("gossip to see all again", func() bool { return alive(t, c) == 3 })
	}
}

// alive counts whom the leader takes for alive.
func alive(t *testing.T, c *clustertest.Cluster) (alive int) {
	for _, member := range c.Node(c.Leader()).Status(t.Context()).Members {
		if member.Alive {
			alive++
		}
	}
	return alive
}

// losesGossip reports whether leader and term outlived the loss of gossip. Everything else must hold each time.
func losesGossip(t *testing.T, c *clustertest.Cluster, cut *atomic.Bool, wire func(int, *cluster.Config), key sessnode.Key, all map[string]bool) (calm bool) {
	t.Helper()
	leader := c.Leader()
	before := c.Node(leader).Status(t.Context())
	calm = true
	unchanged := func() {
		t.Helper()
		if after := c.Node(leader).Status(t.Context()); after.Leader != before.Leader || after.Term != before.Term {
			t.Logf("leader %s in term %d, before it was %s in term %d", after.Leader, after.Term, before.Leader, before.Term)
			calm = false
		}
		if v := voters(t, c, leader); !maps.Equal(v, all) {
			t.Errorf("voters = %v, want %v", v, all)
		}
	}
	cut.Store(true)
	c.Await("gossip to take the others for dead", func() bool { return alive(t, c) == 1 })
	until := time.Now().Add(2 * time.Second)
	c.Await("ten heartbeats", func() bool { return time.Now().After(until) })
	unchanged()
	for i := range 3 {
		another, _ := clustertest.Create("web", "bob")
		mustWrite(t, c.Node(i), another)
		if _, _, err := c.Node(i).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil {
			t.Errorf("read at node %d without gossip = %v", i, err)
		}
	}

	back := (leader + 1) % 3
	c.Stop(back)
	c.Change(back, func(cfg *cluster.Config) { wire(back, cfg) })
	c.Start(back)
	c.AwaitReady(back)
	if _, _, err := c.Node(back).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil {
		t.Errorf("read at a node that started again without gossip = %v", err)
	}
	unchanged()
	return calm
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
