package bootstrap

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestNoTwoFoundedClustersShareAMember is the promise of the package: whatever is lost, delayed, repeated, restarted,
// wiped or wrongly seen, in whatever order.
func TestNoTwoFoundedClustersShareAMember(t *testing.T) {
	founded := 0
	rapid.Check(t, func(t *rapid.T) {
		expect := rapid.SampledFrom([]int{3, 3, 3, 5}).Draw(t, "expect")
		s := newSim(expect+rapid.IntRange(0, 2).Draw(t, "extra"), expect)
		chaos(t, s)
		for range rapid.IntRange(10, 80).Draw(t, "rounds") {
			disturb(t, s)
			if what, bad := s.overlap(); bad {
				t.Fatal(what)
			}
		}
		founded += len(s.founded)
	})
	if founded < 5 { // a world in which nothing is ever founded proves nothing; sixty runs had 16 to 36
		t.Errorf("only %d clusters were founded in all runs", founded)
	}
}

// chaos turns every choice of the world over to a random source that rapid seeds, so that a failure can be replayed.
func chaos(t *rapid.T, s *sim) {
	seed := rapid.Uint64().Draw(t, "seed")
	r := rand.New(rand.NewPCG(seed, 1))
	oneIn := func(n int) bool { return r.IntN(n) == 0 }
	lossy := rapid.SampledFrom([]int{4, 20, 1000}).Draw(t, "one message lost in")
	blind := rapid.SampledFrom([]int{2, 6, 1000}).Draw(t, "one view wrong in")
	depth := 0
	var old []func()
	s.lose = func() bool { return oneIn(lossy) }
	s.crash = func() bool { return oneIn(3) }
	s.disk = func() (bool, error) {
		switch r.IntN(20) {
		case 0:
			return false, errors.New("disk full")
		case 1:
			return true, errors.New("sync failed")
		}
		return true, nil
	}
	s.view = func(n *simNode) View {
		v := s.truth(n)
		if !oneIn(blind) {
			return v
		}
		size := s.nodes[0].expect - 1 // as many as are expected, but the wrong ones
		if size > len(v.Others) || oneIn(4) {
			size = r.IntN(len(v.Others) + 1)
		}
		r.Shuffle(len(v.Others), func(i, j int) { v.Others[i], v.Others[j] = v.Others[j], v.Others[i] })
		v.Others = v.Others[:size]
		for i := range v.Others { // news has not arrived yet
			v.Others[i].Cluster, v.Others[i].Generation, v.Others[i].Fresh, v.Others[i].Alive = "", 0, true, true
		}
		return v
	}
	s.sent = func(to *simNode, body []byte) {
		old = append(old, func() {
			if !to.down && !to.gone {
				_, _ = to.machine.HandlePledge(t.Context(), body)
			}
		})
	}
	s.between = func() {
		if depth > 3 {
			return
		}
		depth++
		defer func() { depth-- }()
		n := s.nodes[r.IntN(len(s.nodes))]
		switch r.IntN(12) {
		case 0, 1:
			n.step()
		case 2:
			restart(n)
		case 3:
			if len(old) > 0 {
				old[r.IntN(len(old))]() // late or repeated
			}
		case 4:
			join(s, n, r)
		}
	}
}

// disturb does one thing between the steps.
func disturb(t *rapid.T, s *sim) {
	n := s.nodes[rapid.IntRange(0, len(s.nodes)-1).Draw(t, "node")]
	switch rapid.IntRange(0, 19).Draw(t, "what") {
	case 0:
		restart(n)
	case 1:
		n.down = true
	case 2:
		wipe(s, n)
	case 3:
		move(n)
	case 4:
		s.between()
	default:
		if n.down && !n.gone {
			restart(n)
		}
		n.step()
	}
}

func restart(n *simNode) {
	if !n.gone {
		n.start()
	}
}

// wipe loses n's disk; a new node with a new id takes its address.
func wipe(s *sim, n *simNode) {
	if n.gone || len(s.nodes) > 12 {
		return
	}
	n.gone = true
	id := fmt.Sprintf("%c-%d", n.id[0], len(s.nodes)+1)
	s.add(id, n.addr, n.expect)
}

// move restarts n on another address.
func move(n *simNode) {
	if !n.gone {
		n.addr += "1"
		n.start()
	}
}

// join makes n follow some node that is in a cluster.
func join(s *sim, n *simNode, r *rand.Rand) {
	o := s.nodes[r.IntN(len(s.nodes))]
	if o.cluster != "" {
		n.adopt(o.cluster)
	}
}

// TestCalmAfterAnyStormEndsInOneCluster: pledges that can never be honoured are let go, so that nodes which lost nothing
// found their cluster once messages arrive and everyone sees the same.
func TestCalmAfterAnyStormEndsInOneCluster(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expect := rapid.SampledFrom([]int{1, 3, 5}).Draw(t, "expect")
		s := newSim(expect, expect)
		calm := *s
		// Too many nodes at first, so that several proposals compete. The last ids never coordinate: no pledge waits for them.
		for i := range rapid.IntRange(0, min(2, expect-1)).Draw(t, "extra") {
			s.add(fmt.Sprintf("z-%d", i), fmt.Sprintf("z%d:7001", i), expect)
		}
		chaos(t, s)
		for range rapid.IntRange(0, 40).Draw(t, "rounds") {
			n := s.nodes[rapid.IntRange(0, len(s.nodes)-1).Draw(t, "node")]
			if rapid.IntRange(0, 5).Draw(t, "what") == 0 {
				restart(n)
			} else {
				n.step()
			}
		}
		if len(s.founded) > 0 && slices.ContainsFunc(s.founded[0].Members, func(p Peer) bool { return p.ID[0] == 'z' }) {
			t.Skip("founded with a node that is about to leave")
		}
		for _, n := range s.nodes[expect:] {
			n.gone = true
		}
		s.nodes = s.nodes[:expect]
		s.view, s.lose, s.disk, s.crash, s.between, s.sent = calm.view, calm.lose, calm.disk, calm.crash, calm.between, calm.sent
		for range 10 {
			for _, n := range s.nodes {
				if n.down {
					restart(n)
				}
				n.step()
				for _, o := range s.nodes {
					if o.cluster != "" {
						n.adopt(o.cluster)
					}
				}
			}
		}
		for _, n := range s.nodes {
			if n.cluster == "" || n.cluster != s.nodes[0].cluster {
				t.Fatalf("node %s is in cluster %q, %s in %q; status: %s", n.id, n.cluster, s.nodes[0].id, s.nodes[0].cluster, n.machine.Status())
			}
		}
		if len(s.founded) != 1 {
			t.Fatalf("founded %v, want exactly one", s.founded)
		}
	})
}
