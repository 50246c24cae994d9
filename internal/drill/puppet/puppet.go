// Package puppet is a node's end of the strings of a drill (internal/drill/faultnet): its connections and packets to other nodes go
// through the drill's switch, its disk can be slowed, stalled, failed and filled, and its wall clock can jump.
//
// A node is a puppet only if the environment variable Socket names the switch of a drill that started it; it says so in its log. Nothing
// else in the node knows of drills: Seams is what clusters have for tests.
package puppet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/sessnode/sessnode/cluster"
	clocks "github.com/sessnode/sessnode/cluster/clock"
	"github.com/sessnode/sessnode/internal/drill/faultnet"
)

// Socket is the environment variable with the path of the switch.
const Socket = "SESSNODE_DRILL_SOCKET"

// Puppet is a node's strings. It is safe for concurrent use.
type Puppet struct {
	name   string
	socket string
	disk   disk
	clock  *clock

	control net.Conn
	done    sync.WaitGroup
}

// attachLimit bounds the wait for what the drill says first.
const attachLimit = 5 * time.Second

// Attach ties a node to the switch, waits until it knows the faults that are on, and takes commands until Close. cut is called once if the drill is gone: a node of a drill must not
// outlive it.
func Attach(ctx context.Context, socket, name string, log *slog.Logger, cut func()) (*Puppet, error) {
	p := &Puppet{name: name, socket: socket, clock: newClock(clocks.System(0))}
	conn, in, err := p.hello(ctx, faultnet.Hello{Control: name})
	if err != nil {
		return nil, fmt.Errorf("the drill at %s: %w", socket, err)
	}
	p.control = conn
	_ = conn.SetReadDeadline(time.Now().Add(attachLimit))
	if err := p.obeyOnce(in); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("the drill at %s: %w", socket, err)
	}
	_ = conn.SetReadDeadline(time.Time{})
	p.done.Go(func() { // ends with the connection
		err := p.obey(in)
		p.disk.set(faultnet.DiskFault{}) // whoever was to lift it is gone
		if !errors.Is(err, net.ErrClosed) {
			log.Error("the drill is gone", "error", err)
			cut()
		}
	})
	return p, nil
}

// Close stops taking commands.
func (p *Puppet) Close() {
	_ = p.control.Close()
	p.disk.set(faultnet.DiskFault{}) // lets go of what is stalled
	p.done.Wait()
}

// Seams fills in what the strings are tied to. gossip is where the node's gossip listens, host:port with a fixed port.
func (p *Puppet) Seams(ctx context.Context, s *cluster.Seams, gossip string) error {
	s.Dial = p.dial
	s.WrapLog = p.disk.wrap
	s.DiskFree = p.diskFree
	s.Clock = p.clock
	if gossip == "" {
		return nil
	}
	transport, err := newTransport(ctx, p, gossip)
	if err != nil {
		return err
	}
	s.Gossip = transport
	return nil
}

var _ memberlist.NodeAwareTransport = (*transport)(nil)

// hello opens a connection to the switch.
func (p *Puppet) hello(ctx context.Context, h faultnet.Hello) (net.Conn, *bufio.Reader, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", p.socket)
	if err != nil {
		return nil, nil, err
	}
	line, err := json.Marshal(h)
	if err == nil {
		_, err = conn.Write(append(line, '\n'))
	}
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	return conn, bufio.NewReader(conn), nil
}

// dialLimit is that of cluster/nodeport: a dead host does not hold a caller for long.
const dialLimit = 500 * time.Millisecond

// dial opens a connection to another node through the switch.
func (p *Puppet) dial(ctx context.Context, addr string) (net.Conn, error) {
	return p.dialWithin(ctx, addr, dialLimit)
}

func (p *Puppet) dialWithin(ctx context.Context, addr string, limit time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, in, err := p.hello(ctx, faultnet.Hello{Dial: &faultnet.Dial{From: p.name, To: addr}})
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	line, err := in.ReadBytes('\n')
	var answer faultnet.Dialled
	if err == nil {
		err = json.Unmarshal(line, &answer)
	}
	if err == nil && answer.Error != "" {
		err = errors.New(answer.Error)
		if answer.Refused {
			err = fmt.Errorf("%s: %w", answer.Error, syscall.ECONNREFUSED)
		}
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: address(addr), Err: err}
	}
	return &routed{conn, in, address(addr)}, nil
}

// obey does what it is told until the connection ends.
func (p *Puppet) obey(in *bufio.Reader) error {
	for {
		if err := p.obeyOnce(in); err != nil {
			return err
		}
	}
}

func (p *Puppet) obeyOnce(in *bufio.Reader) error {
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	var c faultnet.Command
	state := faultnet.State{}
	if err := json.Unmarshal(line, &c); err != nil {
		state.Error = err.Error()
	}
	if c.Disk != nil {
		p.disk.set(*c.Disk)
	}
	if c.Clock != nil {
		p.clock.jump(*c.Clock)
	}
	if c.Drift != nil && !p.clock.drift(*c.Drift) {
		state.Error = fmt.Sprintf("a drift of %v: allowed is above -1 and up to 10", *c.Drift)
	}
	state.ID, state.DiskWrites = c.ID, p.disk.met()
	return json.NewEncoder(p.control).Encode(state)
}
