package cluster_test

import (
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
	"github.com/sessnode/sessnode/internal/tlsfiles"
)

// TestNodesSpeakTLS runs three nodes with certificates of one authority, and one of another that knows the cluster key all the same.
func TestNodesSpeakTLS(t *testing.T) {
	ca, err := tlsfiles.NewAuthority(t.TempDir()+"/ca", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	other, err := tlsfiles.NewAuthority(t.TempDir()+"/other", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c := clustertest.Prepare(t, 4, func(i int, cfg *cluster.Config) {
		a := ca
		if i == 3 {
			a = other
		}
		files, err := a.Node(cfg.Name, nil, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		source, err := tlsfiles.Open(files, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		cfg.Expect, cfg.Security.TLS = 3, source.Mutual(tlsfiles.PeerName)
		if i == 3 {
			cfg.Expect = 0
		}
	})
	for i := range 3 {
		c.Start(i)
	}
	for i := range 3 {
		c.AwaitReady(i)
	}
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(0), m)
	for i := range 3 {
		if _, _, err := c.Node(i).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil {
			t.Errorf("read at %d: %v", i, err)
		}
	}
	conn, err := net.Dial("tcp", c.Node(0).Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1)
	if n, err := conn.Read(answer); err == nil && n > 0 && answer[0] != 21 { // 21: a TLS alert
		t.Errorf("a peer without TLS was answered with %x", answer)
	}
	c.Start(3)
	stranger := c.Node(3)
	until := time.Now().Add(3 * time.Second)
	c.Await("a while without the stranger", func() bool { return time.Now().After(until) })
	if stranger.Position().Generation != 0 {
		t.Error("a node of another authority got the cluster's state")
	}
}
