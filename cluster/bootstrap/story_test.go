package bootstrap

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sessnode/sessnode/cluster/gossip"
)

// sees limits what nodes see to the listed ids; a node that is not listed sees the truth.
func (s *sim) sees(views map[string]string) {
	s.view = func(n *simNode) View {
		v := s.truth(n)
		if ids, limited := views[n.id[:1]]; limited {
			v.Others = slices.DeleteFunc(v.Others, func(m gossip.Member) bool { return !strings.Contains(ids, m.ID[:1]) })
		}
		return v
	}
}

func (s *sim) node(letter string) *simNode {
	i := slices.IndexFunc(s.nodes, func(n *simNode) bool { return n.id[:1] == letter && !n.gone })
	return s.nodes[i]
}

// mustFound checks which clusters were founded, by their coordinators and ids, like "a-1:k1".
func (s *sim) mustFound(t *testing.T, want ...string) {
	t.Helper()
	got := []string{}
	for _, p := range s.founded {
		got = append(got, p.Coordinator().ID+":"+p.Cluster)
	}
	if !slices.Equal(got, append([]string{}, want...)) {
		t.Errorf("founded %v, want %v", got, want)
	}
}

func TestFreshNodesFoundOneClusterOnTheLowest(t *testing.T) {
	for _, n := range []int{1, 3, 5} {
		s := newSim(n, n)
		for _, node := range s.nodes[1:] {
			node.step()
		}
		s.mustFound(t)
		s.nodes[0].step()
		s.mustFound(t, "a-1:k1")
		if got := len(s.founded[0].Members); got != n {
			t.Errorf("the cluster has %d members, want %d", got, n)
		}
	}
}

func TestTooFewOrTooManyNodesFoundNothing(t *testing.T) {
	for n, want := range map[int]string{2: "2 of 3", 4: "4 fresh nodes"} {
		s := newSim(n, 3)
		for _, node := range s.nodes {
			node.step()
			if got := node.machine.Status(); !strings.Contains(got, want) {
				t.Errorf("%d nodes: Status() = %q, want it to say %q", n, got, want)
			}
		}
		s.mustFound(t)
	}
}

func TestAVisibleClusterDisablesFounding(t *testing.T) {
	for name, change := range map[string]func(*gossip.Member){
		"alive":                     func(m *gossip.Member) { m.Cluster, m.Generation, m.Fresh = "old", 1, false },
		"dead":                      func(m *gossip.Member) { m.Cluster, m.Generation, m.Fresh, m.Alive = "old", 1, false, false },
		"with state but no cluster": func(m *gossip.Member) { m.Fresh = false },
	} {
		s := newSim(4, 3)
		s.view = func(n *simNode) View {
			v := s.truth(n)
			for i := range v.Others {
				if v.Others[i].ID == "d-1" {
					change(&v.Others[i])
				}
			}
			return v
		}
		s.node("a").step()
		if len(s.founded) != 0 || s.node("a").record != nil {
			t.Errorf("%s: founded %v, record %v, want nothing", name, s.founded, s.node("a").record)
		}
	}
}

func TestRestartedCoordinatorResumesItsOwnProposal(t *testing.T) {
	s := newSim(3, 3)
	s.node("c").down = true
	s.view = func(n *simNode) View { // gossip has not noticed
		v := s.truth(n)
		for i := range v.Others {
			v.Others[i].Alive = true
		}
		return v
	}
	s.node("a").step()
	s.mustFound(t)
	s.node("a").start()
	s.node("b").start() // pledged; must give the same answer from its disk
	s.node("c").start()
	s.node("a").step()
	s.mustFound(t, "a-1:k1")
}

func TestCrashWhileFoundingEndsInTheSameCluster(t *testing.T) {
	s := newSim(3, 3)
	s.crash = func() bool { return true }
	s.node("a").step()
	s.crash = func() bool { return false }
	s.node("b").down = true // the pledges are on disk: nobody needs to be asked again
	s.node("a").start()
	s.node("a").step()
	s.mustFound(t, "a-1:k1")
	if got := s.node("a").cluster; got != "k1" {
		t.Errorf("the coordinator is in cluster %q, want k1", got)
	}
}

func TestProposalThatGaveWayWhileCollectingIsNotFounded(t *testing.T) {
	s := newSim(5, 3)
	s.sees(map[string]string{"a": "be", "b": "cd", "c": "bd", "d": "bc", "e": "ab"})
	calls := 0
	s.between = func() {
		if calls++; calls != 4 { // b has the pledges of c and d, and is about to read the last answer
			return
		}
		s.sees(map[string]string{"a": "be", "b": "ae", "e": "ab"})
		s.node("a").step()
	}
	s.node("b").step()
	s.mustFound(t, "a-1:k2")
	if what, bad := s.overlap(); bad {
		t.Error(what)
	}
}

func TestCompleteProposalNeverGivesWay(t *testing.T) {
	s := newSim(5, 3)
	s.sees(map[string]string{"b": "cd", "c": "bd", "d": "bc"})
	s.crash = func() bool { return true }
	s.node("b").step() // complete, and founded as far as Raft is concerned, but the cluster id was not written
	s.crash = func() bool { return false }
	s.node("b").start()
	s.sees(map[string]string{"a": "be", "b": "ae", "e": "ab"})
	s.node("a").step()
	s.mustFound(t, "b-1:k1")
}

func TestMemberLetsGoOnlyWhenItsCoordinatorDid(t *testing.T) {
	s := newSim(5, 3)
	s.node("d").down = true
	s.view = func(n *simNode) View { // b believes that d is there
		v := s.truth(n)
		v.Others = slices.DeleteFunc(v.Others, func(m gossip.Member) bool { return !strings.Contains("bcd", m.ID[:1]) })
		for i := range v.Others {
			v.Others[i].Alive = true
		}
		return v
	}
	s.node("b").step()
	c := s.node("c")
	c.step()
	if c.record == nil {
		t.Fatal("the member let go of a proposal that its coordinator holds")
	}
	s.sees(map[string]string{"a": "bc", "b": "ac", "c": "ab"})
	s.node("a").step() // b gives way, c still holds b's
	s.mustFound(t)
	c.step()
	s.node("a").step()
	s.mustFound(t, "a-1:k2")
}

func TestAnotherNodeAtTheAddressProvesNothing(t *testing.T) {
	s := newSim(3, 3)
	s.node("c").down = true
	s.view = func(n *simNode) View {
		v := s.truth(n)
		for i := range v.Others {
			v.Others[i].Alive = true
		}
		return v
	}
	s.node("a").step()
	b := s.node("b")
	if b.record == nil {
		t.Fatal("b did not pledge")
	}
	wipe(s, s.node("a")) // another id at the old address
	b.step()
	if b.record == nil {
		t.Error("b let go on the word of another node")
	}
	if got := b.machine.Status(); !strings.Contains(got, "a-1") {
		t.Errorf("Status() = %q, want the name of the coordinator that is waited for", got)
	}
	q := request{kind: askHeld, to: "a-1", proposal: b.machine.record.Proposal}
	if got := s.handle(t, s.node("a"), q); got.verdict != refused {
		t.Errorf("a node answered %v for another", got.verdict)
	}
	q.to = b.id
	if got := s.handle(t, b, q); got.verdict != refused {
		t.Errorf("a member answered %v in its coordinator's place", got.verdict)
	}
}

type echo struct{ answer answer }

func (e echo) Call(context.Context, string, uint8, []byte) ([]byte, error) { return e.answer.encode() }

func TestAnswerUnderAnotherNameIsNoAnswer(t *testing.T) {
	m := &Machine{config: Config{Caller: echo{answer{from: "x-1", verdict: held}}, CallTimeout: 1e9}}
	if a, err := m.ask(t.Context(), request{kind: askPledge, to: "b-1"}, "b:1"); err == nil {
		t.Errorf("ask(b-1) answered by x-1 = %+v, nil, want an error", a)
	}
}

// handle sends q to n without a network.
func (s *sim) handle(t *testing.T, n *simNode, q request) answer {
	t.Helper()
	body, err := q.encode()
	if err != nil {
		t.Fatal(err)
	}
	reply, err := n.machine.HandlePledge(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	a, err := decodeAnswer(reply)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPledgeIsRefusedToWhatTheNodeWouldNotFound(t *testing.T) {
	good := []Peer{{"a-1", "a:7001"}, {"b-1", "b:7001"}, {"c-1", "c:7001"}}
	with := func(change func([]Peer)) []Peer {
		members := slices.Clone(good)
		change(members)
		return members
	}
	for name, members := range map[string][]Peer{
		"another size":         append(slices.Clone(good), Peer{"d-1", "d:1"}, Peer{"e-1", "e:1"}),
		"without this node":    with(func(m []Peer) { m[1] = Peer{"bb-1", "bb:1"} }),
		"another address":      with(func(m []Peer) { m[1].Addr = "b:9" }),
		"members not seen":     with(func(m []Peer) { m[2] = Peer{"x-1", "x:1"} }),
		"unordered":            with(func(m []Peer) { m[0], m[2] = m[2], m[0] }),
		"one address twice":    with(func(m []Peer) { m[2].Addr = m[0].Addr }),
		"itself as its author": {{"b-1", "b:7001"}, {"c-1", "c:7001"}, {"d-1", "d:1"}},
		"none":                 nil,
	} {
		s := newSim(3, 3)
		q := request{kind: askPledge, to: "b-1", proposal: Proposal{Cluster: "k", Generation: 1, Members: members}}
		if got := s.handle(t, s.node("b"), q); got.verdict != refused || s.node("b").record != nil {
			t.Errorf("%s: verdict %v, record %v, want a refusal without trace", name, got.verdict, s.node("b").record)
		}
	}
	s := newSim(3, 3)
	q := request{kind: askPledge, to: "b-1", proposal: Proposal{Cluster: "k", Generation: 1, Members: good}}
	if got := s.handle(t, s.node("b"), q); got.verdict != held {
		t.Fatalf("a sound proposal was refused: %s", got.reason)
	}
	if got := s.handle(t, s.node("c"), q); got.verdict != refused || s.node("c").record != nil {
		t.Errorf("a request for b got verdict %v and record %v from c, want a refusal without trace", got.verdict, s.node("c").record)
	}
	q.proposal.Cluster = "k2"
	if got := s.handle(t, s.node("b"), q); got.verdict != refused {
		t.Errorf("a second proposal got verdict %v, want a refusal", got.verdict)
	}
}

func TestPledgeThatCannotBeWrittenIsNotGiven(t *testing.T) {
	s := newSim(3, 3)
	s.disk = func() (bool, error) { return false, errors.New("disk full") }
	q := request{kind: askPledge, to: "b-1", proposal: Proposal{Cluster: "k", Generation: 1, Members: []Peer{
		{"a-1", "a:7001"}, {"b-1", "b:7001"}, {"c-1", "c:7001"}}}}
	body, err := q.encode()
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := s.node("b").machine.HandlePledge(t.Context(), body); err == nil {
		t.Errorf("HandlePledge with a full disk = %x, nil, want an error", reply)
	}
}

func TestWithdrawKeepsThePledge(t *testing.T) {
	s := newSim(3, 3)
	s.node("c").expect = 5
	s.node("c").start() // refuses, so that nothing gets founded
	s.node("a").step()
	a, b, c := s.node("a").machine, s.node("b").machine, s.node("c").machine
	if err := b.Withdraw("other"); !errors.Is(err, ErrPledged) {
		t.Errorf("Withdraw of a pledged member = %v, want ErrPledged", err)
	}
	if err := b.Withdraw("k1"); err != nil {
		t.Errorf("Withdraw into the pledged cluster = %v", err)
	}
	if err := c.Withdraw("other"); err != nil {
		t.Errorf("Withdraw without a pledge = %v", err)
	}
	if err := a.Withdraw("other"); err != nil || s.node("a").record != nil {
		t.Errorf("Withdraw of an incomplete coordinator = %v, record %v, want nil and no record", err, s.node("a").record)
	}
	s.node("a").step()
	s.mustFound(t)
}

func TestNodeThatExpectsNothingNeverTakesPart(t *testing.T) {
	s := newSim(1, 0)
	finished, err := s.nodes[0].machine.Step(t.Context())
	if !finished || err != nil || s.nodes[0].record != nil {
		t.Errorf("Step() = %v, %v, want finished and nothing written", finished, err)
	}
}

func TestRunEndsWhenTheClusterStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(1, 1)
		if err := s.nodes[0].machine.Run(t.Context()); err != nil {
			t.Errorf("Run() = %v", err)
		}
		s.mustFound(t, "a-1:k1")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := newSim(2, 3).nodes[0].machine.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run(ended) = %v, want context.Canceled", err)
		}
	})
}

func TestConfigIsRefusedWithAllFaults(t *testing.T) {
	_, err := New(Config{Expect: 2})
	for _, want := range []string{"expect is 2", "Persist"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() = %v, want it to name %q", err, want)
		}
	}
}
