// Package client talks to a sessnode cluster over HTTP: sessions for application servers, listings and policies for
// operators.
//
//	c, err := client.New("sessnode://KEY@n1,n2,n3/web")
//	token, _, err := c.Create(ctx, client.Create{Subject: "ada"})
//	session, err := c.Read(ctx, token)
//
// # Outcomes
//
// Every call ends in one of three ways, and errors.Is tells which on a *sessnode.Error:
//
//   - it is done (nil), or the store refused it for good (sessnode.ErrNotFound, ErrConflict, ErrPrecondition, ...):
//     nothing was changed;
//   - sessnode.ErrUnavailable: the store could not answer. Nothing was changed. It says nothing about the session, so
//     never sign anyone out for it;
//   - sessnode.ErrUnknown, for changes only: the change was sent and its fate is not known. Repeat the call with the same
//     WithOperation, or read.
//
// sessnode.ErrNotFound is only ever what a node of this cluster said in so many words. A 404 of a proxy, a truncated body
// or an answer out of another life of the cluster is sessnode.ErrUnavailable.
//
// # Failover
//
// A call is tried at one node after the other until its deadline (WithTimeout). Each change carries an operation id, and
// the client makes the tokens of Create and Rotate, so that a repeated try has the effect of the first one and nothing
// happens twice. A node that keeps failing is left alone for a while.
//
// # Concurrency
//
// A Client is safe for concurrent use and meant to be shared: one for a process. It runs no goroutine of its own; what
// net/http keeps for idle connections, and WithSharedConnections for each of its own, ends with Close. Neither a token nor the API key appears in an error.
package client
