package faultnet

import (
	"bufio"
	"encoding/json"
	"net"
	"sync"
	"time"
)

// packets sends on what a node sends as UDP, as its links allow, until the node's connection ends.
func (s *Switch) packets(in *bufio.Reader, from string) {
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return
	}
	defer func() { _ = udp.Close() }()
	var late sync.WaitGroup
	defer late.Wait()
	lines := json.NewDecoder(in)
	for {
		var p Packet
		if lines.Decode(&p) != nil {
			return
		}
		to, known := s.placeOf(p.To)
		addr, err := net.ResolveUDPAddr("udp", p.To)
		if !known || err != nil {
			continue
		}
		link := s.Link(from, to.node)
		if link.drops(to.traffic) {
			continue
		}
		hold := link.hold(false)
		if hold == 0 {
			_, _ = udp.WriteTo(p.Data, addr)
			continue
		}
		late.Add(1)
		time.AfterFunc(hold, func() { // ends by itself; a delay is short
			defer late.Done()
			_, _ = udp.WriteTo(p.Data, addr)
		})
	}
}
