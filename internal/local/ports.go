package local

import (
	"fmt"
	"net"
	"strconv"
)

const (
	// portStep lies between the HTTP ports of two nodes. Each node has three ports in a row: HTTP, node, gossip.
	portStep    = 10
	portsOfNode = 3

	// portTries is how far the search goes: five hundred ports for the nodes, fifty for the app.
	portTries = 50
)

// nodePorts returns the HTTP ports of n nodes: first, first+10 and so on, passing over those of which any of the three is taken.
func nodePorts(first, n int, free func(port int) bool) ([]int, error) {
	var ports []int
	for i := range portTries {
		candidate := first + i*portStep
		if !allFree(candidate, free) {
			continue
		}
		if ports = append(ports, candidate); len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("no %d times %d free ports from %d to %d", n, portsOfNode, first, first+portTries*portStep)
}

func allFree(http int, free func(port int) bool) bool {
	for port := http; port < http+portsOfNode; port++ {
		if !free(port) {
			return false
		}
	}
	return true
}

// ListenApp takes the first free port from first on.
func ListenApp(first int) (net.Listener, error) {
	var err error
	for port := first; port < first+portTries; port++ {
		var ln net.Listener
		if ln, err = net.Listen("tcp", Loopback(port)); err == nil {
			return ln, nil
		}
	}
	return nil, fmt.Errorf("the app finds no free port from %d to %d: %w", first, first+portTries, err)
}

// portFree reports whether a loopback port can be listened on, TCP and UDP.
func portFree(port int) bool {
	tcp, err := net.Listen("tcp", Loopback(port))
	if err != nil {
		return false
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", Loopback(port))
	if err != nil {
		return false
	}
	defer udp.Close()
	return true
}

// Loopback writes the address of a port of this machine.
func Loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
