// Package gossip says which nodes exist, where they listen and what they say about themselves. It wraps
// hashicorp/memberlist: encrypted, labelled with the cluster's name, and deaf to nodes of another cluster.
//
// It does not say who votes. Suspicion, failure and leaving are hints for people and for the joining of nodes; a lost
// packet must never change the Raft configuration (package membership holds that line). Whoever has the key can speak
// for any node, so nothing that is learnt here is evidence: a founding rests on pledges (package bootstrap), a vote on
// Raft.
//
// A Gossip is safe for concurrent use. The key never appears in a log, an error or the metadata.
package gossip
