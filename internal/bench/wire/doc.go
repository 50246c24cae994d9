// Package wire speaks the HTTP API over one connection with as little work as can be: a request is one write, and of an
// answer only its status and its error code are looked at. A load generator that shares its processors with the store must
// not measure itself.
//
// It is not for applications: nothing is tried again, no other node is asked, and no session is taken out of an answer. A
// Conn belongs to one goroutine.
package wire
