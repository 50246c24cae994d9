package faultnet

import (
	"bufio"
	"encoding/json"
	"net"
	"sync"
)

// flyingMost is how many packets of a node may be under way.
const flyingMost = 1024

// packets sends on what a node sends as UDP, as its links allow, until the node's connection ends.
func (s *Switch) packets(in *bufio.Reader, from string) {
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return
	}
	defer func() { _ = udp.Close() }()
	var late sync.WaitGroup
	defer late.Wait()
	flying := make(chan struct{}, flyingMost)
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
		hold := link.hold(len(p.Data), false)
		if hold == 0 {
			_, _ = udp.WriteTo(p.Data, addr)
			continue
		}
		select {
		case flying <- struct{}{}:
		default:
			continue // as a router's queue that is full
		}
		late.Go(func() { // ends when the packet is due, or with the switch
			defer func() { <-flying }()
			if pause(s.life, hold, nil) == nil {
				_, _ = udp.WriteTo(p.Data, addr)
			}
		})
	}
}
