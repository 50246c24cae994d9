package puppet

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/hashicorp/raft"
	"go.uber.org/goleak"

	"github.com/sessnode/sessnode/internal/drill/faultnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const limit = 10 * time.Second

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// tied returns a puppet n1, the switch that it hangs on, and what is closed when the drill is gone.
func tied(t *testing.T) (*Puppet, *faultnet.Switch, <-chan struct{}) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	s, err := faultnet.Listen(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	gone := make(chan struct{})
	p, err := Attach(soon(t), path, "n1", slog.New(slog.DiscardHandler), func() { close(gone) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, s, gone
}

// storeNow stores an entry and returns the error's channel.
func storeNow(p *Puppet, store raft.LogStore) <-chan error {
	done := make(chan error, 1)
	go func() { done <- store.StoreLog(&raft.Log{Index: 1, Term: 1}) }() // ends when the disk lets go
	return done
}

type both struct{ *raft.InmemStore }

func TestDiskFailsFillsAndStalls(t *testing.T) {
	p, s, _ := tied(t)
	store, n := p.disk.wrap(both{raft.NewInmemStore()}), s.Node("n1")
	for _, c := range []struct {
		fault faultnet.DiskFault
		want  error
	}{{faultnet.DiskFault{Fail: true}, errFailing}, {faultnet.DiskFault{Fill: true}, syscall.ENOSPC}, {faultnet.DiskFault{}, nil}} {
		if _, err := n.Disk(soon(t), c.fault); err != nil {
			t.Fatal(err)
		}
		if err := <-storeNow(p, store); !errors.Is(err, c.want) {
			t.Errorf("%+v: StoreLog = %v, want %v", c.fault, err, c.want)
		}
	}
	if _, err := n.Disk(soon(t), faultnet.DiskFault{Stall: true}); err != nil {
		t.Fatal(err)
	}
	done := storeNow(p, store)
	for {
		st, err := n.State(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		if st.DiskWrites == 1 {
			break
		}
	}
	select {
	case err := <-done:
		t.Fatalf("a stalled write returned %v", err)
	default:
	}
	if _, err := n.Disk(soon(t), faultnet.DiskFault{}); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("a write that was let go returned %v", err)
	}
}

func TestNodeIsCutAndItsDiskLetGoWhenTheDrillIsGone(t *testing.T) {
	p, s, gone := tied(t)
	store := p.disk.wrap(both{raft.NewInmemStore()})
	if _, err := s.Node("n1").Disk(soon(t), faultnet.DiskFault{Stall: true}); err != nil {
		t.Fatal(err)
	}
	done := storeNow(p, store)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	<-gone
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestProcessKnowsItsFaultsBeforeItDoesAnything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	s, err := faultnet.Listen(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Node("n1").Disk(soon(t), faultnet.DiskFault{Fail: true}); !errors.Is(err, faultnet.ErrDetached) {
		t.Fatal(err)
	}
	if err := s.Node("n1").Clock(soon(t), time.Hour); !errors.Is(err, faultnet.ErrDetached) {
		t.Fatal(err)
	}
	p, err := Attach(soon(t), path, "n1", slog.New(slog.DiscardHandler), func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if p.clock.offset != time.Hour || !errors.Is(p.disk.write(), errFailing) {
		t.Errorf("clock %v and disk %+v at the first moment, want both faults", p.clock.offset, p.disk.fault)
	}
}

func TestGossipAndDialsPassTheSwitch(t *testing.T) {
	p, s, _ := tied(t)
	mine, err := newTransport(soon(t), p, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = mine.Shutdown() }()
	other, err := memberlist.NewNetTransport(&memberlist.NetTransportConfig{BindAddrs: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Shutdown() }()
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(other.GetAutoBindPort()))
	s.Register("n2", "127.0.0.1:1", addr)
	const nobody = "127.0.0.1:2" // a dial that was given up may still go out when the cut heals; it must meet no listener
	s.Register("n3", "127.0.0.1:3", nobody)
	link := s.Link("n1", "n3")
	link.Cut(faultnet.Gossip)
	if _, err := mine.DialTimeout(nobody, 20*time.Millisecond); err == nil || errors.Is(err, syscall.ECONNREFUSED) || link.Stopped() == 0 {
		t.Errorf("dial over a cut: %v, %d stopped, want it to be held", err, link.Stopped())
	}
	link.Heal()
	conn, err := mine.DialTimeout(addr, limit)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	_ = (<-other.StreamCh()).Close()
	if _, err := mine.WriteTo([]byte("packet"), addr); err != nil {
		t.Fatal(err)
	}
	if got := <-other.PacketCh(); string(got.Buf) != "packet" {
		t.Errorf("got %q", got.Buf)
	}
	if _, err := p.dial(soon(t), nobody); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial to nobody: %v, want ECONNREFUSED", err)
	}
}
