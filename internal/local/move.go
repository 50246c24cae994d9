package local

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Move gives all nodes other addresses for each other, as a site has that is switched off and set up elsewhere; clients find them where
// they were. No node may run, and placed is called for each with its new addresses.
func (c *Cluster) Move(placed func(*Node)) error {
	first := firstPort + portStep*rand.IntN((lastPort-firstPort)/portStep)
	ports, err := nodePorts(first, len(c.Nodes), portFree)
	if err != nil {
		return err
	}
	var moved []string // old and new, for a replacer
	for i, n := range c.Nodes {
		if life, _ := n.Life(); life == Running || life == Paused {
			return fmt.Errorf("%s still runs", n.Name)
		}
		moved = append(moved, n.NodeAddr, Loopback(ports[i]+1), n.GossipAddr, Loopback(ports[i]+2))
	}
	replace := strings.NewReplacer(moved...)
	for _, n := range c.Nodes {
		n.mu.Lock()
		n.NodeAddr, n.GossipAddr = replace.Replace(n.NodeAddr), replace.Replace(n.GossipAddr)
		for i := range n.args {
			n.args[i] = replace.Replace(n.args[i]) // its own addresses, and those in the list of seeds
		}
		n.mu.Unlock()
		placed(n)
	}
	return nil
}
