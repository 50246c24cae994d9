package cluster

import "time"

// Strain makes the node believe that something came late by d.
func (n *Node) Strain(d time.Duration) { n.strain.late(d, time.Now()) }

// Allowance is what the node's time-outs allow for strain.
func (n *Node) Allowance() time.Duration { return n.strain.allowance(time.Now()) }

// Patience is how long the node bears a silent leader, by Raft's configuration.
func (n *Node) Patience() time.Duration { return n.raft.ReloadableConfig().HeartbeatTimeout }

// MostUnanswered is how many questions a peer may leave unanswered.
const MostUnanswered = mostUnanswered

// Unanswered makes the node believe that a peer leaves so many more of its questions unanswered.
func (n *Node) Unanswered(id string, more int32) { n.electorate().unanswered(id).Add(more) }
