package harness

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// The ports of nodes lie below the kernel's ephemeral range (32768 and up), so that a client's connection cannot take the
// port of a node that is down.
const (
	firstPort = 12000
	lastPort  = 32000
)

// FreePorts finds n loopback ports in a row that are free for TCP and UDP. Nothing holds them: another program may be quicker.
func FreePorts(n int) ([]int, error) {
	for range 100 {
		base := firstPort + rand.IntN(lastPort-firstPort-n)
		ports := make([]int, 0, n)
		for port := base; port < base+n && free(port); port++ {
			ports = append(ports, port)
		}
		if len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("no %d free ports in a row", n)
}

func free(port int) bool {
	addr := loopback(port)
	tcp, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", addr)
	if err != nil {
		return false
	}
	defer udp.Close()
	return true
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
