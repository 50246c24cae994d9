package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/sessnode/sessnode/cluster/gossip"
)

// sim is a world of nodes with disks, a network that the test breaks at will, and an account of what was founded. It
// is single-threaded: every interleaving is a choice of the test.
type sim struct {
	nodes    []*simNode
	clusters int        // cluster ids handed out
	founded  []Proposal // every proposal that any node ever founded, once each

	// The choices; each has an honest default.
	view    func(n *simNode) View            // what a node sees
	lose    func() bool                      // a message gets lost
	disk    func() (written bool, err error) // how a write ends
	crash   func() bool                      // the node stops in the middle of founding
	between func()                           // anything may happen before and after a message arrives
	sent    func(to *simNode, body []byte)   // notes a message, to replay it later
}

// simNode is a data directory and, while it runs, the machine over it.
type simNode struct {
	sim     *sim
	id      string
	addr    string
	expect  int
	down    bool
	gone    bool // its disk is lost: the id never comes back
	busy    int  // steps on the stack
	machine *Machine

	record  []byte // on disk; nil = nothing
	cluster string // on disk
}

func newSim(n, expect int) *sim {
	s := &sim{
		lose:    func() bool { return false },
		disk:    func() (bool, error) { return true, nil },
		crash:   func() bool { return false },
		between: func() {},
		sent:    func(*simNode, []byte) {},
	}
	s.view = s.truth
	for i := range n {
		s.add(fmt.Sprintf("%c-1", 'a'+i), fmt.Sprintf("%c:7001", 'a'+i), expect)
	}
	return s
}

func (s *sim) add(id, addr string, expect int) *simNode {
	n := &simNode{sim: s, id: id, addr: addr, expect: expect}
	s.nodes = append(s.nodes, n)
	n.start()
	return n
}

// start makes a machine from what is on disk.
func (n *simNode) start() {
	var record *Record
	if n.record != nil {
		record = new(Record)
		if err := record.UnmarshalBinary(n.record); err != nil {
			panic(err)
		}
	}
	m, err := New(Config{
		Expect: n.expect, View: func() View { return n.sim.view(n) }, Record: record, Persist: n.persist, Found: n.found,
		Caller: simCaller{n}, NewCluster: n.sim.newCluster, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	n.machine, n.down = m, false
}

func (s *sim) newCluster() string {
	s.clusters++
	return fmt.Sprintf("k%d", s.clusters)
}

func (n *simNode) persist(r *Record) error {
	written, err := n.sim.disk()
	if !written {
		return err
	}
	n.record = nil
	if r != nil {
		raw, encodeErr := r.MarshalBinary()
		if encodeErr != nil {
			panic(encodeErr)
		}
		n.record = raw
	}
	return err
}

var errCrash = errors.New("crashed")

func (n *simNode) found(_ context.Context, p Proposal) error {
	if !slices.ContainsFunc(n.sim.founded, p.Equal) { // Raft's first write: from here on the cluster may exist
		n.sim.founded = append(n.sim.founded, p)
	}
	if n.sim.crash() {
		n.down = true
		return errCrash
	}
	n.cluster = p.Cluster
	return nil
}

// member is what n says about itself.
func (n *simNode) member() gossip.Member {
	m := gossip.Member{ID: n.id, NodeAddr: n.addr, Cluster: n.cluster, Fresh: n.cluster == "", Alive: !n.down && !n.gone}
	if n.cluster != "" {
		m.Generation = FirstGeneration
	}
	return m
}

// truth is what a node sees when gossip works: everyone whose disk exists.
func (s *sim) truth(n *simNode) View {
	v := View{Self: n.member()}
	for _, o := range s.nodes {
		if o != n && !o.gone {
			v.Others = append(v.Others, o.member())
		}
	}
	return v
}

// step runs one step of n, unless one is under way.
func (n *simNode) step() {
	if n.down || n.gone || n.busy > 0 {
		return
	}
	n.busy++
	machine := n.machine
	_, _ = machine.Step(context.Background()) // errors are the network's and the disk's, as chosen
	n.busy--
}

// adopt joins the cluster that some other node is in, as package membership does.
func (n *simNode) adopt(cluster string) {
	if n.down || n.gone || n.cluster != "" || n.machine.Withdraw(cluster) != nil {
		return
	}
	n.cluster = cluster
}

// deliver hands a message to whoever is at the address.
func (s *sim) deliver(addr string, body []byte) ([]byte, error) {
	for _, n := range s.nodes {
		if n.addr == addr && !n.down && !n.gone {
			s.sent(n, body)
			return n.machine.HandlePledge(context.Background(), body)
		}
	}
	return nil, errors.New("connection refused")
}

type simCaller struct{ from *simNode }

var errLost = errors.New("lost")

func (c simCaller) Call(_ context.Context, addr string, _ uint8, body []byte) ([]byte, error) {
	s, machine := c.from.sim, c.from.machine
	s.between()
	if s.lose() {
		return nil, errLost
	}
	reply, err := s.deliver(addr, body)
	s.between()
	if s.lose() {
		return nil, errLost
	}
	if c.from.down || c.from.machine != machine { // the asking process is no more
		return nil, errCrash
	}
	return reply, err
}

// overlap returns two founded proposals that share a member, which must never exist.
func (s *sim) overlap() (string, bool) {
	for i, p := range s.founded {
		for _, q := range s.founded[i+1:] {
			for _, m := range p.Members {
				if _, shared := q.Peer(m.ID); shared {
					return fmt.Sprintf("%s is a member of both %v and %v", m.ID, p, q), true
				}
			}
		}
	}
	return "", false
}
