package bench

import (
	"context"

	"github.com/sessnode/sessnode"
)

// Store is what the load goes to: a cluster, or a fake in tests. Its methods are safe for concurrent use.
type Store interface {
	// Nodes returns the nodes as they are now.
	Nodes(ctx context.Context) (Nodes, error)

	// Connect prepares one client's connection to a node. It does not dial.
	Connect(n Node) Conn

	// RevokeSubject ends the sessions of a subject and returns how many.
	RevokeSubject(ctx context.Context, subject string) (uint64, error)
}

// Conn is one client's connection to one node. It belongs to one goroutine.
type Conn interface {
	// Do makes one operation and returns sessnode.OK, or the code of what went wrong. body is JSON, good until Do returns.
	// It returns within the time that a request has, and soon after ctx has ended; ctx is the same in all calls.
	Do(ctx context.Context, o Operation, token sessnode.Token, body []byte) sessnode.Code

	// Close gives the connection up.
	Close() error
}

// Node is one node of the store.
type Node struct {
	ID     string
	Name   string
	URL    string // of its HTTP API
	Leader bool
	Voter  bool
	Alive  bool
}
