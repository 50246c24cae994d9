package membership

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/gossip"
)

// ErrUnheard means that a node asks to be removed and gossip, as seen here, does not say yet that it leaves: the Reconciler would
// take it in again at once. It passes as soon as gossip has come round.
var ErrUnheard = errors.New("gossip does not say yet that the node leaves")

// MayRemove judges whether an operator may take a node out of the configuration, and returns why not. leaving says that the node
// itself asks: then it may be alive, but must have said so in gossip (ErrUnheard). It is a pure function.
//
// What it refuses would leave the cluster without a majority, or with a node that goes on believing that it belongs to it.
func MayRemove(s Situation, id raft.ServerID, leaving bool) error {
	voters := 0
	var target *raft.Server
	for i, server := range s.Config.Servers {
		if server.Suffrage == raft.Voter {
			voters++
		}
		if server.ID == id {
			target = &s.Config.Servers[i]
		}
	}
	switch {
	case target == nil:
		return fmt.Errorf("node %s is not in the configuration", id)
	case !leaving && s.alive(id):
		return fmt.Errorf("node %s is alive: let it leave by itself, or stop it first", id)
	case slices.ContainsFunc(s.Members, func(m gossip.Member) bool { return m.ID == string(id) && m.Alive && !m.Leaving }):
		return fmt.Errorf("node %s: %w", id, ErrUnheard)
	case target.Suffrage != raft.Voter:
		return nil
	case voters == 1:
		return fmt.Errorf("node %s is the only voter: without it there is no cluster", id)
	}
	alive, need := s.aliveVoters(id), (voters-1)/2+1
	if alive < need {
		return fmt.Errorf("without node %s there would be %d voters, of which %d are alive and %d are needed: bring others back first", id, voters-1, alive, need)
	}
	return nil
}
