// Package fsm is the deterministic state machine: it turns one log entry after another into the state of all sessions.
//
// It knows no clock, no randomness, no network, no disk and no logger. Time is the leader's stamp in each entry (cluster
// time), ids and keys come with the change, and every loop that could depend on map order is sorted. So replicas that
// applied the same entries hold the same state, whenever and from whichever snapshot they started; the state hash says so.
//
// A Machine is safe for concurrent use: one goroutine applies, restores and captures, any number read.
package fsm
