package local

import (
	"errors"
	"testing"

	"github.com/sessnode/sessnode"
)

func TestAnOldLeaderOfAnOldTermLeadsNothing(t *testing.T) {
	var nodes []NodeStatus
	for _, name := range []string{"n1", "n2", "n3"} {
		nodes = append(nodes, NodeStatus{Life: Running, Of: &Node{Name: name},
			Status: sessnode.Status{Node: "id" + name[1:], Leader: "id1", Term: 2}})
	}
	nodes[1].Term, nodes[1].Leader = 3, "id2"
	if leader, term := LeaderOf(nodes); leader != nodes[1].Of || term != 3 {
		t.Errorf("LeaderOf() = %v, %d; want n2, 3", leader, term)
	}
	nodes[0], nodes[1] = nodes[1], nodes[0] // whatever the order in which they are seen
	if leader, term := LeaderOf(nodes); leader != nodes[0].Of || term != 3 {
		t.Errorf("LeaderOf() = %v, %d; want n2, 3", leader, term)
	}
	nodes[0], nodes[1] = nodes[1], nodes[0]
	nodes[1].Leader = "" // a candidate of a later term: nobody knows whether the old leader still is one
	if leader, _ := LeaderOf(nodes); leader != nil {
		t.Errorf("LeaderOf() = %v, want none", leader.Name)
	}
}

func TestReplicasAgreeOnlyWithOneStateEach(t *testing.T) {
	status := func(applied uint64, hash string) NodeStatus {
		return NodeStatus{Status: sessnode.Status{Applied: applied, StateHash: hash}, Of: &Node{Name: "n"}}
	}
	if err := Agreement([]NodeStatus{status(5, "aa"), status(5, "aa")}); err != nil {
		t.Errorf("two that agree: %v", err)
	}
	if err := Agreement([]NodeStatus{status(5, "aa"), status(5, "bb")}); !errors.Is(err, ErrDiffer) {
		t.Errorf("two that differ: %v, want %v", err, ErrDiffer)
	}
	for what, second := range map[string]NodeStatus{
		"one behind": status(4, "bb"), "one without a hash": status(5, ""), "one that is down": {Err: ErrNotRunning, Of: &Node{Name: "n"}},
	} {
		if err := Agreement([]NodeStatus{status(5, "aa"), second}); err == nil || errors.Is(err, ErrDiffer) {
			t.Errorf("%s: %v, want to go on waiting", what, err)
		}
	}
}
