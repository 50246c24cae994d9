package harness

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Capture writes down what passes over loopback to or from a set of ports: the payloads of each direction of each
// connection, one after the other, in a file of its own. So bytes that were sent in one piece are found in one piece.
type Capture struct {
	fd     int
	dir    string
	ports  map[uint16]bool
	last   net.PacketConn // a packet to its own port ends the capture: what came before has been read by then
	done   chan error
	cancel context.CancelFunc // ends the capture where that packet cannot be sent

	flows map[string]*os.File // owned by the reader
	bytes int64               // owned by the reader until it ended
}

const (
	captureBuffer = 256 << 20
	ethernetBytes = 14
	ipv4          = 0x0800
)

// StartCapture listens on loopback until Stop. It needs root.
func StartCapture(ctx context.Context, dir string, addrs ...string) (*Capture, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		return nil, err
	}
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network byte order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, all)
	if err != nil {
		return nil, fmt.Errorf("a packet socket needs root: %w", err)
	}
	c := &Capture{fd: fd, dir: dir, ports: map[uint16]bool{}, done: make(chan error, 1), flows: map[string]*os.File{}}
	for _, addr := range addrs {
		a, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			return nil, errors.Join(err, unix.Close(fd))
		}
		c.ports[uint16(a.Port)] = true
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, captureBuffer),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: lo.Index}))
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	if c.last, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	ctx, c.cancel = context.WithCancel(ctx)
	go func() { c.done <- c.read(ctx) }() // ended by Stop, which waits for it
	return c, nil
}

// Stop ends the capture and returns how many bytes of payload it has. Packets that the kernel had to drop are an error: what
// was not seen proves nothing.
func (c *Capture) Stop() (int64, error) {
	_, err := c.last.WriteTo([]byte("end"), c.last.LocalAddr())
	if err != nil {
		c.cancel()
	}
	err = errors.Join(err, <-c.done, c.last.Close())
	c.cancel()
	stats, statErr := unix.GetsockoptTpacketStats(c.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	err = errors.Join(err, statErr, unix.Close(c.fd))
	if statErr == nil && stats.Drops > 0 {
		err = errors.Join(err, fmt.Errorf("the capture lost %d of %d packets", stats.Drops, stats.Packets))
	}
	for _, f := range c.flows {
		err = errors.Join(err, f.Close())
	}
	return c.bytes, err
}

// read collects packets until it meets the one that Stop sends, or ctx ends.
func (c *Capture) read(ctx context.Context) error {
	end := uint16(c.last.LocalAddr().(*net.UDPAddr).Port)
	packet := make([]byte, 1<<17)
	for ctx.Err() == nil {
		n, from, err := unix.Recvfrom(c.fd, packet, 0)
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
			continue
		case err != nil:
			return fmt.Errorf("capture: %w", err)
		}
		// Loopback shows every packet twice: going out and coming in.
		if ll, ok := from.(*unix.SockaddrLinklayer); ok && ll.Pkttype == unix.PACKET_OUTGOING {
			continue
		}
		if _, proto, _, dst := parse(packet[:n]); proto == "udp" && dst == end {
			return nil
		}
		if err := c.keep(packet[:n]); err != nil {
			return err
		}
	}
	return nil
}

// keep appends a packet's payload to its flow, if it is one of ours.
func (c *Capture) keep(packet []byte) error {
	payload, proto, src, dst := parse(packet)
	if len(payload) == 0 || !c.ports[src] && !c.ports[dst] {
		return nil
	}
	name := fmt.Sprintf("%s-%d-%d", proto, src, dst)
	file := c.flows[name]
	if file == nil {
		var err error
		if file, err = os.OpenFile(filepath.Join(c.dir, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
			return err
		}
		c.flows[name] = file
	}
	c.bytes += int64(len(payload))
	_, err := file.Write(payload)
	return err
}

// parse finds the payload of an IPv4 packet of TCP or UDP; the harness uses 127.0.0.1 only.
func parse(packet []byte) (payload []byte, proto string, src, dst uint16) {
	if len(packet) < ethernetBytes+20 || binary.BigEndian.Uint16(packet[12:]) != ipv4 {
		return nil, "", 0, 0
	}
	ip := packet[ethernetBytes:]
	head, total := int(ip[0]&0x0f)*4, int(binary.BigEndian.Uint16(ip[2:]))
	if total == 0 || total > len(ip) { // segmentation offload leaves 0 in packets above 64 KiB
		total = len(ip)
	}
	if total < head+20 && !(ip[9] == unix.IPPROTO_UDP && total >= head+8) {
		return nil, "", 0, 0
	}
	segment := ip[head:total]
	src, dst = binary.BigEndian.Uint16(segment), binary.BigEndian.Uint16(segment[2:])
	switch ip[9] {
	case unix.IPPROTO_TCP:
		if offset := int(segment[12]>>4) * 4; offset <= len(segment) {
			return segment[offset:], "tcp", src, dst
		}
	case unix.IPPROTO_UDP:
		return segment[8:], "udp", src, dst
	}
	return nil, "", 0, 0
}

// Send prepares to send data over loopback to a port of its own, so that a search of a capture of that port can be shown to
// find it there. send
// returns once the other side has read it; it may be called once.
func Send(ctx context.Context, data []byte) (addr string, send func() error, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	send = func() error {
		defer listener.Close()
		out, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", listener.Addr().String())
		if err != nil {
			return err
		}
		in, err := listener.Accept()
		if err != nil {
			return errors.Join(err, out.Close())
		}
		_, err = out.Write(data)
		err = errors.Join(err, out.Close())
		got := make([]byte, len(data)+1)
		n := 0
		for n < len(data) && err == nil {
			var m int
			m, err = in.Read(got[n:])
			n += m
		}
		return errors.Join(err, in.Close())
	}
	return listener.Addr().String(), send, nil
}
