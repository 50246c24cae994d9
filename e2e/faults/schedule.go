// Package faults is the fault test: rounds of work and injuries over real processes, each followed by every checker.
//
// A round passes only if every fault has landed, enough was acknowledged in every fault's window, and no checker has
// anything to say. What could not be decided is a failure.
package faults

import (
	"math/rand/v2"
)

// Fault is one way to hurt a cluster under load.
type Fault string

// The faults.
const (
	LeaderKill      Fault = "leader-kill"       // SIGKILL, and a restart
	LeaderPauseTick Fault = "leader-pause-0.2s" // SIGSTOP for about an election time-out, so that it may or may not lose office
	LeaderPause     Fault = "leader-pause-2s"   // SIGSTOP long enough for a new leader; the old one wakes up in office
	LeaderPauseLong Fault = "leader-pause-10s"
	LeaderStop      Fault = "leader-stop" // SIGTERM, and a restart
	FollowerKill    Fault = "follower-kill"
	FollowerPause   Fault = "follower-pause"
	FollowerStop    Fault = "follower-stop"
	MajorityPause   Fault = "majority-pause" // both followers: nothing may be acknowledged meanwhile
	PowerCut        Fault = "power-cut"      // all nodes at once, and what they had not flushed is gone
)

// deck is what the fault test deals from.
var deck = [...]Fault{LeaderKill, LeaderPauseTick, LeaderPause, LeaderPauseLong, LeaderStop, FollowerKill, FollowerPause,
	FollowerStop, MajorityPause, PowerCut}

// Schedule deals the faults to rounds, perRound to each: shuffled by seed, but the whole deck before any fault comes again.
func Schedule(seed uint64, rounds, perRound int) [][]Fault {
	rng := rand.New(rand.NewPCG(seed, 0))
	var dealt []Fault
	for len(dealt) < rounds*perRound {
		pass := deck
		rng.Shuffle(len(pass), func(i, j int) { pass[i], pass[j] = pass[j], pass[i] })
		dealt = append(dealt, pass[:]...)
	}
	schedule := make([][]Fault, rounds)
	for i := range schedule {
		schedule[i] = dealt[i*perRound : (i+1)*perRound]
	}
	return schedule
}
