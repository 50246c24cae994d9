package cluster

import (
	"strings"
	"sync"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/gossip"
	"github.com/sessnode/sessnode/internal/keyring"
)

// keys is what this node tells others about its cluster keys.
type keys struct {
	changing sync.Mutex // one SetKeys at a time; taken before mu

	mu      sync.Mutex
	names   string // fingerprints, separated by spaces
	fileBad bool
}

func (k *keys) said() (names string, fileBad bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.names, k.fileBad
}

func (k *keys) say(ring keyring.Ring) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.names = strings.Join(ring.Fingerprints(), " ")
}

// SetKeys replaces the cluster keys of a running node: the first is spoken to others from now on, and all are accepted from them.
// Connections that were opened with a key that is not among them are closed; what was under way on them is tried again. A key can be
// rotated: neither none be given to a node that has some, nor some to one that has none. Errors are those of
// Config.Validate for the keys. It is safe for concurrent use.
func (n *Node) SetKeys(all [][]byte) error {
	checked := n.cfg
	checked.Security.Keys = all
	if err := checked.Validate(); err != nil {
		return err
	}
	if (len(all) == 0) != (len(n.cfg.Security.Keys) == 0) {
		return sessnode.Errorf(sessnode.CodeInvalid, "", "a cluster key is switched on or off by a restart only")
	}
	port, err := keyring.Ring(all).Derive(keyring.ForNodePort)
	if err != nil {
		return err
	}
	talk, err := keyring.Ring(all).Derive(keyring.ForGossip)
	if err != nil {
		return err
	}
	n.keys.changing.Lock()
	defer n.keys.changing.Unlock()
	if n.join.gossip != nil {
		if err := n.join.gossip.SetKeys(talk); err != nil {
			return err
		}
	}
	if err := n.port.SetKeys(port); err != nil {
		return err
	}
	n.keys.say(all)
	n.refresh()
	return nil
}

// SayKeyFile tells everybody whether this node's key file has changed and cannot be used, so that its keys are older.
func (n *Node) SayKeyFile(bad bool) {
	n.keys.mu.Lock()
	n.keys.fileBad = bad
	n.keys.mu.Unlock()
	n.refresh()
}

// keysOf lists the fingerprints that a member has told; nil where it has told none.
func keysOf(m gossip.Member) []string { return strings.Fields(m.Keys) }
