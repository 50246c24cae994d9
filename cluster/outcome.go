package cluster

import (
	"errors"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/nodeport"
	"github.com/sessnode/sessnode/fsm"
)

// fate is what is known about a change after one try.
type fate uint8

const (
	unknown fate = iota // it may have been made, or may yet be; the zero value, because it promises least
	notDone             // it was certainly not made, and this try will not make it
	done                // it is in the log and was applied
)

// outcome is what one try came to.
type outcome struct {
	fate   fate
	result *fsm.Result // if done; nil where there is nothing to tell. It is shared: nobody changes it.
	err    error       // if not done: why
}

// told returns the result.
func (o outcome) told() fsm.Result {
	if o.result == nil {
		return fsm.Result{}
	}
	return *o.result
}

// fateOf is the one place that turns an error of Raft or of the node port into a fate (hashicorp/raft v1.7.3, and its PR #561
// for ErrLeadershipLost). Nil is done.
//
// ErrRaftShutdown, a failed or stalled log store, time-outs and whatever is not known here are unknown: the entry may be on a
// disk, and may be committed later.
func fateOf(err error) fate {
	switch {
	case err == nil:
		return done
	case errors.Is(err, raft.ErrNotLeader), // Raft refused it before appending
		errors.Is(err, raft.ErrEnqueueTimeout),               // Raft never took it
		errors.Is(err, raft.ErrLeadershipTransferInProgress), // Raft refused it before appending
		errors.Is(err, nodeport.ErrNotSent):
		return notDone
	case errors.Is(err, raft.ErrLeadershipLost), errors.Is(err, raft.ErrAbortedByRestore), errors.Is(err, raft.ErrRaftShutdown),
		errors.Is(err, nodeport.ErrLost):
		return unknown
	}
	var remote *nodeport.RemoteError
	if errors.As(err, &remote) && remote.Code != sessnode.CodeUnknown {
		return notDone // the leader answered that it did not take the frame
	}
	return unknown
}

// noLeader is the error of a change or read that found nobody to decide it.
func noLeader(detail string) *sessnode.Error {
	return sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonNoLeader, "%s", detail)
}

// refused makes the outcome of a try that was certainly not made.
func refused(err error) outcome { return outcome{fate: notDone, err: err} }
