package cluster_test

import (
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// TestWhatOneWriteAndOneReadCost counts messages and syncs in an otherwise idle cluster of three, at a follower.
func TestWhatOneWriteAndOneReadCost(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	n := c.Node(c.Follower())
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, n, m) // opens connections, and lets the first checkpoint pass
	converge(t, c)
	before := stats(c)

	const writes = 20
	for range writes {
		m, _ := clustertest.Create("web", "ada")
		mustWrite(t, n, m)
	}
	converge(t, c)
	after := stats(c)
	var syncs, entries, ticks uint64
	for i := range after {
		syncs += after[i].Log.Syncs - before[i].Log.Syncs
		entries += after[i].Log.Entries - before[i].Log.Entries
		ticks += after[i].Writes.Ticks - before[i].Writes.Ticks
	}
	me := index(c, n)
	frames := after[me].Writes.Frames - before[me].Writes.Frames
	t.Logf("%d writes one after another at a follower: %d frames to the leader, %d log entries and %d syncs on three nodes", writes, frames, entries, syncs)
	if frames != writes {
		t.Errorf("%d writes took %d frames", writes, frames)
	}
	if most := 3 * (writes + ticks); entries > most || syncs > 2*most {
		t.Errorf("%d writes took %d log entries and %d syncs, want at most %d and %d", writes, entries, syncs, most, 2*most)
	}

	before = stats(c)
	const reads = 20
	for range reads {
		if _, _, err := n.Session(within(t, 5*time.Second), "web", key, sessnode.Read{NoTouch: true}); err != nil {
			t.Fatal(err)
		}
	}
	// A read is answered by a majority: the last message of its round may still be about to be counted.
	var rounds, messages uint64
	c.Await("the messages of the last round", func() bool {
		after = stats(c)
		rounds, messages = after[me].Reads.Rounds-before[me].Reads.Rounds, after[me].Reads.Messages-before[me].Reads.Messages
		return messages >= 2*reads
	})
	t.Logf("%d reads one after another at a follower: %d rounds, %d messages", reads, rounds, messages)
	if rounds != reads || messages != 2*reads {
		t.Errorf("%d reads took %d rounds and %d messages, want one round and two messages each", reads, rounds, messages)
	}
	for i := range after {
		if s := after[i].Log.Syncs - before[i].Log.Syncs; after[i].Writes.Ticks == before[i].Writes.Ticks && s != 0 && ticksOf(after) == ticksOf(before) {
			t.Errorf("reads cost node %d %d syncs", i, s)
		}
	}
}

func stats(c *clustertest.Cluster) []cluster.Stats {
	var all []cluster.Stats
	for i := range c.Size() {
		all = append(all, c.Node(i).Stats())
	}
	return all
}

func ticksOf(all []cluster.Stats) (sum uint64) {
	for _, s := range all {
		sum += s.Writes.Ticks
	}
	return sum
}

func index(c *clustertest.Cluster, n *cluster.Node) int {
	for i := range c.Size() {
		if c.Node(i) == n {
			return i
		}
	}
	return -1
}
