package cluster_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// TestWhatOneWriteAndOneReadCost counts messages and syncs in an otherwise idle cluster of three, at a follower. An election or a round
// that a busy machine let pass its time costs more: it is counted again then, until nothing came between.
func TestWhatOneWriteAndOneReadCost(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	m, key := clustertest.Create("web", "ada")
	for i := range 3 { // opens connections, and lets the first checkpoint pass
		mustWrite(t, c.Node(i), m)
	}
	converge(t, c)
	least(t, c, whatWritesCost)
	least(t, c, func(_ *testing.T, c *clustertest.Cluster, n *cluster.Node) string { return whatReadsCost(c, n, key) })
}

// least counts at a follower under one leader, and again while it was too much because something came between, a few times.
func least(t *testing.T, c *clustertest.Cluster, count func(*testing.T, *clustertest.Cluster, *cluster.Node) (wrong string)) {
	t.Helper()
	for try := 1; ; try++ {
		var wrong string
		c.InOneTerm("counting", func(lead int) {
			n := c.Node((lead + 1) % 3)
			wrong = count(t, c, n)
		})
		if wrong == "" {
			return
		}
		if t.Log(wrong); try == 5 {
			t.Fatalf("none of %d times cost what it should", try)
		}
	}
}

func whatWritesCost(t *testing.T, c *clustertest.Cluster, n *cluster.Node) (wrong string) {
	before := stats(c)
	const writes = 20
	for range writes {
		m, _ := clustertest.Create("web", "ada")
		if _, err := n.Write(context.Background(), m); err != nil {
			return err.Error()
		}
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
	if frames != writes {
		return fmt.Sprintf("%d writes took %d frames", writes, frames)
	}
	if most := 3 * (writes + ticks); entries > most || syncs > 2*most {
		return fmt.Sprintf("%d writes took %d log entries and %d syncs on three nodes, want at most %d and %d", writes, entries, syncs, most, 2*most)
	}
	return ""
}

func whatReadsCost(c *clustertest.Cluster, n *cluster.Node, key sessnode.Key) (wrong string) {
	before, me := stats(c), index(c, n)
	const reads = 20
	for range reads {
		if _, _, err := n.Session(context.Background(), "web", key, sessnode.Read{NoTouch: true}); err != nil {
			return err.Error()
		}
	}
	// A read is answered by a majority: the last message of its round may still be about to be counted.
	var after []cluster.Stats
	var rounds, messages uint64
	c.Await("the messages of the last round", func() bool {
		after = stats(c)
		rounds, messages = after[me].Reads.Rounds-before[me].Reads.Rounds, after[me].Reads.Messages-before[me].Reads.Messages
		return messages >= 2*reads
	})
	if rounds != reads || messages != 2*reads {
		return fmt.Sprintf("%d reads took %d rounds and %d messages, want one round and two messages each", reads, rounds, messages)
	}
	for i := range after {
		if s := after[i].Log.Syncs - before[i].Log.Syncs; s != 0 && ticksOf(after) == ticksOf(before) {
			return fmt.Sprintf("reads cost node %d %d syncs", i, s)
		}
	}
	return ""
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

// TestANodeThatStandsStillIsAskedNoMore makes nodes look as if they had left many questions unanswered. The other follower is not missed, and
// is asked again when it has answered; without the leader a read says that none is known.
func TestANodeThatStandsStillIsAskedNoMore(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(0), m)
	converge(t, c)
	least(t, c, func(t *testing.T, c *clustertest.Cluster, n *cluster.Node) (wrong string) {
		me := index(c, n)
		other, leader := c.Node((me+1)%3).ID(), c.Node((me+2)%3).ID()
		read := func() (messages uint64, err error) {
			before := n.Stats().Reads.Messages
			_, _, err = n.Session(within(t, time.Second), "web", key, sessnode.Read{NoTouch: true})
			return n.Stats().Reads.Messages - before, err
		}
		n.Unanswered(other, cluster.MostUnanswered)
		few, err := read()
		n.Unanswered(leader, cluster.MostUnanswered)
		_, blind := read()
		n.Unanswered(other, -cluster.MostUnanswered)
		n.Unanswered(leader, -cluster.MostUnanswered)
		all, again := read()
		if err != nil || few != 1 || sessnode.ReasonOf(blind) != sessnode.ReasonNoLeader || again != nil || all != 2 {
			return fmt.Sprintf("beside one that stands still: %d messages, %v; beside two: %v; when they go on: %d messages, %v", few, err, blind, all, again)
		}
		return ""
	})
}
