// Package sessnode is the domain of the session store: sessions, tokens, app policies, the changes a client may ask for,
// the three outcomes of a change, and the errors that keep "the session does not exist" apart from "the store cannot
// answer".
//
// It imports the standard library only, does no I/O, reads no clock and starts no goroutine. Everything in it is a plain
// value: safe to copy, and safe to share between goroutines as long as nobody writes to it. The replicated state machine
// (package fsm), the node (package cluster), the HTTP API (package httpapi) and the Go client (package client) all speak in
// these words and none of them is imported from here.
package sessnode
