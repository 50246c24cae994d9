package nodeport

import (
	"net"
	"sync"
	"sync/atomic"
)

// MethodStats counts the calls of one method.
type MethodStats struct {
	Sent   uint64 // calls that this node handed to the network
	Served uint64 // calls that its handlers were given
}

// Stats counts what went through a Port since it was made. Bytes include the challenges, and TLS where there is one.
type Stats struct {
	Methods      map[Method]MethodStats // only those that occurred
	NotSent      uint64                 // calls that ended in ErrNotSent
	Lost         uint64                 // calls that ended in ErrLost
	FramesOut    uint64                 // frames handed to the network: calls, answers, pings
	FramesIn     uint64                 // frames read
	BytesOut     uint64                 // on all connections, Raft's included
	BytesIn      uint64
	RaftBytesOut uint64 // on Raft's connections alone, from the challenge's end on
	RaftBytesIn  uint64
	Dialled      uint64 // connections opened from here, challenge passed
	Accepted     uint64 // connections opened by peers, challenge passed
	Refused      uint64 // connections that ended in the challenge, either way
	Open         int    // connections open now
}

type counters struct {
	sent, served            [256]atomic.Uint64 // by Method
	notSent, lost           atomic.Uint64
	framesOut, framesIn     atomic.Uint64
	bytesOut, bytesIn       atomic.Uint64
	raftBytesOut, raftIn    atomic.Uint64
	dialled, taken, refused atomic.Uint64
}

// Stats returns the counters. It may be called at any time.
func (p *Port) Stats() Stats {
	c := &p.stats
	s := Stats{
		Methods: make(map[Method]MethodStats),
		NotSent: c.notSent.Load(), Lost: c.lost.Load(),
		FramesOut: c.framesOut.Load(), FramesIn: c.framesIn.Load(),
		BytesOut: c.bytesOut.Load(), BytesIn: c.bytesIn.Load(),
		RaftBytesOut: c.raftBytesOut.Load(), RaftBytesIn: c.raftIn.Load(),
		Dialled: c.dialled.Load(), Accepted: c.taken.Load(), Refused: c.refused.Load(),
	}
	for m := range c.sent {
		if row := (MethodStats{c.sent[m].Load(), c.served[m].Load()}); row != (MethodStats{}) {
			s.Methods[Method(m)] = row
		}
	}
	p.mu.Lock()
	s.Open = len(p.conns)
	p.mu.Unlock()
	return s
}

// trackedConn is a connection that its Port knows of: it counts bytes, and the Port can close it.
type trackedConn struct {
	net.Conn
	port     *Port
	identity Identity // who this node was at the challenge
	key      proofKey // what the challenge was passed with; port.mu guards both
	proved   bool
	raft     atomic.Bool
	once     sync.Once
	err      error
}

func (c *trackedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.port.stats.bytesIn.Add(uint64(n))
	if c.raft.Load() {
		c.port.stats.raftIn.Add(uint64(n))
	}
	return n, err
}

func (c *trackedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.wrote(n)
	return n, err
}

func (c *trackedConn) wrote(n int) {
	c.port.stats.bytesOut.Add(uint64(n))
	if c.raft.Load() {
		c.port.stats.raftBytesOut.Add(uint64(n))
	}
}

// Close closes the connection, once, and makes the Port forget it.
func (c *trackedConn) Close() error {
	c.once.Do(func() {
		c.port.forget(c)
		c.err = c.Conn.Close()
	})
	return c.err
}
