package cluster_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// mustFollow asks a node for what happened, with some patience.
func mustFollow(t *testing.T, n *cluster.Node, after string) sessnode.EventPage {
	t.Helper()
	page, err := n.Events(within(t, clustertest.Patience), sessnode.EventQuery{App: "web", After: after}, 10*time.Second)
	if err != nil {
		t.Fatalf("Events after %q = %v", after, err)
	}
	return page
}

// TestFollowingGoesOnAtAnyNode takes each next event from another node, by the id of the last one.
func TestFollowingGoesOnAtAnyNode(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	start, err := c.Node(0).Events(within(t, clustertest.Patience), sessnode.EventQuery{App: "web"}, 0)
	if err != nil || len(start.Events) != 0 || start.Next == "" {
		t.Fatalf("Events from now on = %+v, %v, want a place and nothing yet", start, err)
	}
	after := start.Next
	for i := range 9 {
		m, key := clustertest.Create("web", "ada")
		made := mustWrite(t, c.Node(i%3), m)
		page := mustFollow(t, c.Node((i+1)%3), after)
		if len(page.Events) != 1 || page.Events[0].Kind != sessnode.EventCreated || page.Events[0].Session != made.Session.ID {
			t.Fatalf("followed at node %d: %+v, want the beginning of %v", (i+1)%3, page.Events, made.Session.ID)
		}
		mustWrite(t, c.Node((i+2)%3), sessnode.Mutation{App: "web", Actor: "test", Change: sessnode.Revoke{Key: key}})
		page = mustFollow(t, c.Node(i%3), page.Events[0].ID)
		if len(page.Events) != 1 || page.Events[0].Kind != sessnode.EventRevoked || page.Events[0].Session != made.Session.ID {
			t.Fatalf("followed at node %d: %+v, want the end of %v", i%3, page.Events, made.Session.ID)
		}
		after = page.Events[0].ID
	}
}

// TestAnEmptyPageIsCertain asks a node right after a change at another one was acknowledged, without any patience.
func TestAnEmptyPageIsCertain(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	after := sessnode.OldestEvent
	for i := range 50 {
		m, _ := clustertest.Create("web", "ada")
		made := mustWrite(t, c.Node(i%3), m)
		page, err := c.Node((i+1)%3).Events(within(t, clustertest.Patience), sessnode.EventQuery{App: "web", After: after}, 0)
		if err != nil || len(page.Events) != 1 || page.Events[0].Session != made.Session.ID {
			t.Fatalf("Events right after a change at another node = %+v, %v, want it", page, err)
		}
		after = page.Next
	}
}

func TestExpiryIsToldWithoutAnyoneAsking(t *testing.T) {
	clk := clustertest.NewClock()
	c := clustertest.Start(t, 1, clk.Set)
	m, _ := clustertest.Create("web", "ada")
	create := m.Change.(sessnode.Create)
	create.Timeouts.Expires = clk.Wall().Add(time.Hour)
	m.Change = create
	made := mustWrite(t, c.Node(0), m)
	clk.Advance(time.Hour)
	page := mustFollow(t, c.Node(0), made.At.String())
	if len(page.Events) != 1 || page.Events[0].Kind != sessnode.EventExpired || page.Events[0].Session != made.Session.ID {
		t.Errorf("Events after the creation = %+v, want the expiry", page.Events)
	}
}

// TestACutOffNodeDoesNotStaySilent: silence would be taken for "nothing happened".
func TestACutOffNodeDoesNotStaySilent(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	m, _ := clustertest.Create("web", "ada")
	made := mustWrite(t, c.Node(0), m)
	if page := mustFollow(t, c.Node(2), sessnode.OldestEvent); len(page.Events) != 1 {
		t.Fatalf("Events = %+v, want the one session", page.Events)
	}
	c.Stop(0)
	c.Stop(1)
	_, err := c.Node(2).Events(within(t, 2*time.Second), sessnode.EventQuery{App: "web", After: made.At.String()}, 0)
	if !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("Events without a majority = %v, want ErrUnavailable", err)
	}
}

// TestARestartedNodeKnowsWhereItsEventsBegin: what it applies anew from its log it tells anew, under the same ids.
func TestARestartedNodeKnowsWhereItsEventsBegin(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	m, _ := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(0), m)
	before := mustFollow(t, c.Node(1), sessnode.OldestEvent)
	c.Restart(1)
	c.AwaitReady(1)
	after := mustFollow(t, c.Node(1), sessnode.OldestEvent)
	if len(before.Events) != 1 || len(after.Events) != 1 || before.Events[0] != after.Events[0] {
		t.Errorf("Events before and after a restart = %+v, %+v, want the same", before.Events, after.Events)
	}
}
