// Package membership brings nodes that gossip shows into the Raft configuration, and keeps their addresses right.
//
// The line that it holds: gossip says who exists, the configuration says who votes. A node that falls silent, leaves
// gossip or is taken for dead changes nothing here; nothing in this package removes or demotes. What it does, one change
// at a time and always against the configuration that it looked at (prevIndex):
//
//   - a node of this cluster that is not in the configuration is added as a non-voter;
//   - a non-voter that has kept up for a while becomes a voter: AddVoter alone would let it vote at once, because
//     hashicorp/raft has no staging;
//   - a known node on a new address is edited in place: removing and adding would shrink the quorum in between.
//
// Voters come in pairs, up to Rules.MaxVoters: an even number tolerates no more failures than the odd one below it. A
// replacement (same name, new id) is a non-voter until its predecessor is removed, which is an operator's command. Decide
// returns what waits and why, for the operator to see.
//
// A fresh node joins from its own side: it adopts the one cluster that it sees (Joiner) and waits to be added.
package membership
