package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/nodeport"
	"github.com/sessnode/sessnode/fsm"
)

// TestFateOfEveryError lists what may be concluded from each error of Raft and of the node port.
func TestFateOfEveryError(t *testing.T) {
	for _, c := range []struct {
		err  error
		want fate
	}{
		{nil, done},
		{raft.ErrNotLeader, notDone},
		{raft.ErrEnqueueTimeout, notDone},
		{raft.ErrLeadershipTransferInProgress, notDone},
		{raft.ErrLeadershipLost, unknown},
		{raft.ErrAbortedByRestore, unknown},
		{raft.ErrRaftShutdown, unknown},
		{errStopped, unknown},
		{errors.New("write raft.db: no space left on device"), unknown},
		{context.DeadlineExceeded, unknown},
		{io.ErrUnexpectedEOF, unknown},
		{&nodeport.CallError{Kind: nodeport.ErrNotSent, Err: io.EOF}, notDone},
		{&nodeport.CallError{Kind: nodeport.ErrLost, Err: context.Canceled}, unknown},
		{&nodeport.RemoteError{Code: sessnode.CodeUnavailable, Reason: sessnode.ReasonNoLeader}, notDone},
		{&nodeport.RemoteError{Code: sessnode.CodeInvalid}, notDone},
		{&nodeport.RemoteError{Code: sessnode.CodeUnknown}, unknown},
	} {
		if got := fateOf(c.err); got != c.want {
			t.Errorf("fateOf(%v) = %d, want %d", c.err, got, c.want)
		}
		if c.err == nil {
			continue
		}
		if got := fateOf(fmt.Errorf("wrapped: %w", c.err)); got != c.want {
			t.Errorf("fateOf(wrapped %v) = %d, want %d", c.err, got, c.want)
		}
	}
}

// TestZeroOutcomePromisesNothing holds the zero value to "unknown", also over the wire.
func TestZeroOutcomePromisesNothing(t *testing.T) {
	if (outcome{}).fate != unknown || over(outcome{}).fate != unknown || (&outcomeFrame{Fate: 99}).outcome(new(fsm.Result)).fate != unknown {
		t.Error("an outcome that nobody set is not unknown")
	}
	if (&outcomeFrame{Fate: uint64(done), Result: []byte{1}}).outcome(new(fsm.Result)).fate != unknown {
		t.Error("a result that cannot be read is not unknown")
	}
	refusal := over(refused(sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonOverload, "busy")))
	if refusal.fate != notDone || !errors.Is(refusal.err, sessnode.ErrUnavailable) || sessnode.ReasonOf(refusal.err) != sessnode.ReasonOverload {
		t.Errorf("a refusal came over the wire as %+v", refusal)
	}
}

// over sends an outcome over the wire.
func over(o outcome) outcome {
	var f outcomeFrame
	f.fill(o, nil)
	return f.outcome(new(fsm.Result))
}
