// Package membership brings nodes that gossip shows into the Raft configuration, and keeps their addresses right.
//
// The line that it holds: gossip says who exists, the configuration says who votes. A node that falls silent, leaves
// gossip or is taken for dead changes nothing here. What it does, one change at a time and always against the configuration
// that it looked at (prevIndex):
//
//   - a node of this cluster that is not in the configuration is added as a non-voter;
//   - a non-voter that has kept up for a while becomes a voter: AddVoter alone would let it vote at once, because
//     hashicorp/raft has no staging;
//   - a known node on a new address is edited in place: removing and adding would shrink the quorum in between;
//   - a node that was replaced (another one runs under its name, with a new id and an empty disk) is removed once the new one
//     votes in its place, and only if the old one answers neither gossip nor the leader. Giving a name to another node is an
//     operator's act; silence alone never removes anybody.
//
// Voters come in pairs, up to Rules.MaxVoters: an even number tolerates no more failures than the odd one below it. A
// replacement alone may make it even, for the moment until its predecessor is removed. Decide returns what waits and why, for
// the operator to see. MayRemove judges what operators ask for.
//
// A fresh node joins from its own side: it adopts the one cluster that it sees (Joiner) and waits to be added.
package membership
