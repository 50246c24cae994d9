package cluster_test

import (
	"testing"
	"time"

	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// TestStrainedFollowersAreNotPatientWithADeadLeader: a follower on a strained machine bears a silent leader for longer, but not one whose
// process is gone. The cluster has one node left, so that nothing but that can change its mind.
func TestStrainedFollowersAreNotPatientWithADeadLeader(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	base := cluster.FastProfile().Heartbeat
	leader := c.Leader()
	left, other := (leader+1)%3, (leader+2)%3
	c.Stop(other)
	const late = 200 * time.Millisecond
	c.Await("a strained follower to be patient", func() bool {
		c.HandOver(leader) // where an election of the cluster's own came between
		c.Node(left).Strain(late)
		return c.Node(left).Patience() >= base+4*late
	})
	c.Stop(leader)
	c.Await("the follower to lose its patience", func() bool {
		c.Node(left).Strain(late)
		return c.Node(left).Patience() == base
	})
	if c.Node(left).Allowance() == 0 {
		t.Error("the follower was not strained any more: it proves nothing")
	}
}

// TestStrainedLeaderPacesHeartbeatsAsBefore: Raft derives the time between heartbeats from a time-out that followers need longer.
func TestStrainedLeaderPacesHeartbeatsAsBefore(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	base := cluster.FastProfile().Heartbeat
	c.Await("followers to be patient, and the leader to pace as before", func() bool {
		leader, patient := c.Leader(), 0
		for i := range c.Size() {
			c.Node(i).Strain(200 * time.Millisecond)
			if i != leader && c.Node(i).Patience() > base {
				patient++
			}
		}
		return patient == 2 && c.Node(leader).Patience() == base
	})
	c.HandOver(c.Follower())
	c.Await("the next leader to do so too", func() bool {
		return c.Node(c.Leader()).Patience() == base
	})
}
