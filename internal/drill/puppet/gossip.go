package puppet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/sessnode/sessnode/internal/drill/faultnet"
)

// transport is memberlist's own, but that what it sends goes through the switch. memberlist answers a packet at the address that is in it,
// so it does not matter that packets come from the switch.
type transport struct {
	*memberlist.NetTransport
	puppet *Puppet

	mu  sync.Mutex // of one packet after the other
	out net.Conn
}

func newTransport(ctx context.Context, p *Puppet, addr string) (*transport, error) {
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("gossip port %q: %w", portText, err)
	}
	out, _, err := p.hello(ctx, faultnet.Hello{Packets: p.name})
	if err != nil {
		return nil, err
	}
	own, err := memberlist.NewNetTransport(&memberlist.NetTransportConfig{BindAddrs: []string{host}, BindPort: port, Logger: log.New(io.Discard, "", 0)})
	if err != nil {
		_ = out.Close()
		return nil, fmt.Errorf("gossip: %w", err)
	}
	return &transport{NetTransport: own, puppet: p, out: out}, nil
}

// WriteTo sends a packet through the switch.
func (t *transport) WriteTo(b []byte, addr string) (time.Time, error) {
	return t.WriteToAddress(b, memberlist.Address{Addr: addr})
}

// WriteToAddress sends a packet through the switch.
func (t *transport) WriteToAddress(b []byte, a memberlist.Address) (time.Time, error) {
	line, err := json.Marshal(faultnet.Packet{To: a.Addr, Data: b})
	if err != nil {
		return time.Time{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err = t.out.Write(append(line, '\n'))
	return time.Now(), err
}

// DialTimeout opens a stream through the switch.
func (t *transport) DialTimeout(addr string, limit time.Duration) (net.Conn, error) {
	return t.DialAddressTimeout(memberlist.Address{Addr: addr}, limit)
}

// DialAddressTimeout opens a stream through the switch.
func (t *transport) DialAddressTimeout(a memberlist.Address, limit time.Duration) (net.Conn, error) {
	return t.puppet.dialWithin(context.Background(), a.Addr, limit)
}

// Shutdown ends the transport.
func (t *transport) Shutdown() error {
	_ = t.out.Close()
	return t.NetTransport.Shutdown()
}
