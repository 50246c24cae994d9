package cluster

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/nodeport"
)

// handOverFor bounds how long a leader that stops tries to be succeeded first. Without a successor the others elect one by
// themselves, a heartbeat later.
const handOverFor = 3 * time.Second

// Transfer hands leadership to another voter, by id or name; empty = to the one that is furthest. It may be called at any
// node and returns once the present leader has stepped down. ErrInvalid means that there is no such voter.
func (n *Node) Transfer(ctx context.Context, to string) error {
	err := n.atLeader(ctx, methodTransfer, pack(&transferFrame{To: to}), func(ctx context.Context) error { return n.transfer(ctx, to) })
	return decorate(err, "transfer", "")
}

// atLeader does something that the leader alone can do: here, or by asking the leader over the node port.
func (n *Node) atLeader(ctx context.Context, method nodeport.Method, frame []byte, here func(context.Context) error) error {
	if err := n.begin(); err != nil {
		return err
	}
	defer n.end()
	ctx, cancel := n.deadline(ctx)
	defer cancel()
	if _, isLeader := n.leading(); isLeader {
		return here(ctx)
	}
	leader, _, _ := n.leader()
	if leader.id == "" || leader.id == n.id {
		return noLeader("no leader is known")
	}
	_, err := n.port.Call(ctx, leader.dial(), method, frame)
	return err
}

func (n *Node) handleTransfer(ctx context.Context, _ string, body []byte) ([]byte, error) {
	var f transferFrame
	if err := unpack(body, &f); err != nil {
		return nil, sessnode.Errorf(sessnode.CodeInvalid, "", "%v", err)
	}
	return nil, n.transfer(ctx, f.To)
}

// transfer hands over from this node, if it leads. Raft refuses while its main loop is busy, for example with a disk write: that
// passes, so it is asked again until ctx ends.
func (n *Node) transfer(ctx context.Context, to string) error {
	to, err := n.successor(to)
	if err != nil {
		return err
	}
	begin := n.raft.LeadershipTransfer
	if to != "" {
		target, err := n.voterCalled(to)
		if err != nil {
			return err
		}
		if string(target.ID) == n.id {
			return nil
		}
		begin = func() raft.Future { return n.raft.LeadershipTransferToServer(target.ID, target.Address) }
	}
	for try := 0; ; try++ {
		err := n.futures.wait(ctx, begin())
		if !errors.Is(err, raft.ErrEnqueueTimeout) || !n.pause(ctx, try) {
			return handOverError(err)
		}
	}
}

func handOverError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, raft.ErrNotLeader) {
		return noLeader("the leader has changed meanwhile")
	}
	return noLeader("leadership was not handed over: " + err.Error())
}

// voterCalled finds a voter as memberCalled finds any node.
func (n *Node) voterCalled(to string) (raft.Server, error) {
	var voters raft.Configuration
	for _, s := range n.servers() {
		if s.Suffrage == raft.Voter {
			voters.Servers = append(voters.Servers, s)
		}
	}
	id, err := n.memberCalled(voters, to)
	i := slices.IndexFunc(voters.Servers, func(s raft.Server) bool { return s.ID == id })
	if err != nil {
		return raft.Server{}, err
	}
	return voters.Servers[i], nil
}

// handOver tries to leave a successor behind, within bounds. It reports whether this node is not the leader any more.
func (n *Node) handOver(ctx context.Context, to string) bool {
	ctx, cancel := context.WithTimeout(ctx, handOverFor)
	defer cancel()
	for try := 0; ; try++ {
		if _, isLeader := n.leading(); !isLeader {
			return true
		}
		if len(n.voters()) < 2 {
			return false
		}
		if err := n.transfer(ctx, to); err != nil {
			n.log.Info("leadership is not handed over yet", "error", err)
		}
		if !n.pause(ctx, try) {
			break
		}
	}
	_, isLeader := n.leading()
	return !isLeader
}
