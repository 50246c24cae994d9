package nodeport

import (
	"errors"
	"fmt"
	"time"

	"github.com/sessnode/sessnode"
)

// What became of a call that got no answer. Compare with errors.Is.
var (
	// ErrNotSent means that the peer certainly did not get the call: no connection came about, or the call was not written to
	// its end. It is safe to try again, also elsewhere. Such an error is sessnode.ErrUnavailable too.
	ErrNotSent = errors.New("call was not sent")

	// ErrLost means that the call was written and no answer came: the peer may have done it, or may yet. Such an error is
	// sessnode.ErrUnknown too.
	ErrLost = errors.New("call was sent and no answer came")
)

// Why a challenge ended without a connection. Both ends see the same one; compare with errors.Is.
var (
	// ErrWrongKey means that the two nodes do not hold the same cluster key, or that somebody replayed an old challenge.
	ErrWrongKey = errors.New("the cluster keys differ")

	// ErrWrongCluster means that both nodes belong to a cluster, but not to the same.
	ErrWrongCluster = errors.New("the nodes belong to different clusters")

	// ErrWrongGeneration means that one of the nodes missed that the cluster was restored or recovered.
	ErrWrongGeneration = errors.New("the nodes belong to different lives of the cluster")

	// ErrSameNode means that the peer claims this node's own id: the node dialled itself, or a data directory was copied.
	ErrSameNode = errors.New("both ends claim the same node id")

	// ErrWrongNode means that another node answers at the address than the one that was asked for ("ID@HOST:PORT"). Only the
	// dialling end sees it.
	ErrWrongNode = errors.New("another node answers at this address")

	// ErrVersion means that the nodes speak different versions of the challenge.
	ErrVersion = errors.New("the nodes speak different versions of the node protocol")

	// ErrProtocol means that what came is not the node protocol at all.
	ErrProtocol = errors.New("not the node protocol")

	// ErrClosed means that the Port, or its Raft side, was closed.
	ErrClosed = errors.New("node port closed")
)

// CallError is a call that got no answer. Kind is ErrNotSent or ErrLost, and Err is the cause: one of this package's errors,
// one of the context's, or the network's.
type CallError struct {
	Addr string
	Kind error
	Err  error
}

// Error returns one line.
func (e *CallError) Error() string {
	return fmt.Sprintf("node %s: %v: %v", e.Addr, e.Kind, e.Err)
}

// Unwrap makes errors.Is see the kind, the store's sentinel for it, and the cause.
func (e *CallError) Unwrap() []error {
	outcome := sessnode.ErrUnknown
	if e.Kind == ErrNotSent {
		outcome = sessnode.ErrUnavailable
	}
	return []error{e.Kind, outcome, e.Err}
}

// RemoteError is an error that the peer's handler answered. errors.Is sees the sentinel of Code, and errors.As finds a
// *sessnode.Error, as if the handler had run here.
type RemoteError struct {
	Peer       string // the node id of the one that answered
	Code       sessnode.Code
	Op, App    string
	Reason     string
	Detail     string
	RetryAfter time.Duration
}

// Error returns the store's line for it. The peer stays out: the reader of the error has no use for which node answered.
func (e *RemoteError) Error() string { return e.domain().Error() }

// Unwrap returns the *sessnode.Error that the handler answered.
func (e *RemoteError) Unwrap() error { return e.domain() }

func (e *RemoteError) domain() *sessnode.Error {
	sentinel := e.Code.Info().Err
	if sentinel == nil {
		sentinel = sessnode.ErrUnknown // a peer that answers an error with the code OK: promise least
	}
	return &sessnode.Error{Op: e.Op, App: e.App, Reason: e.Reason, Detail: e.Detail, RetryAfter: e.RetryAfter, Err: sentinel}
}

// remoteError turns a handler's error into what travels.
func remoteError(err error) *RemoteError {
	out := &RemoteError{Code: sessnode.CodeOf(err)}
	var domain *sessnode.Error
	if errors.As(err, &domain) {
		out.Op, out.App, out.Reason = domain.Op, domain.App, domain.Reason
		out.Detail, out.RetryAfter = domain.Detail, domain.RetryAfter
		return out
	}
	out.Detail = err.Error()
	return out
}
