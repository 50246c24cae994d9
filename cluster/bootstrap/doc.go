// Package bootstrap founds a cluster exactly once. Counting the nodes that one happens to see is not enough: with more
// nodes than expected, two groups can each count to three and found two clusters. Here exactly N fresh nodes pledge
// themselves, durably, to one proposal.
//
// The rules, for N = 1, 3 or 5:
//
//  1. A node that sees exactly N fresh nodes (itself among them) and no node with state, and whose id is the lowest,
//     writes down a proposal: a random cluster id and the members' ids and addresses. It is the proposal's coordinator,
//     and only it can ever found that cluster.
//  2. It asks every member for a pledge. A member that sees the same N nodes writes the proposal down and agrees. It
//     holds one proposal at a time and refuses all others.
//  3. With all N pledges the coordinator writes down that its proposal is complete, and founds: it bootstraps Raft on
//     itself only. The others learn of it through gossip and Raft.
//  4. A node lets go of a proposal only when it can never be founded any more: its own, while incomplete, or another's
//     whose coordinator says, when asked, that it has let go. A complete proposal is never let go.
//
// So two proposals that share a single member are never both founded: at the moment of completion each member holds the
// proposal, and from then on nothing releases it. Lost messages, restarts and nodes that see different things cost time
// only. It rests on two things that this package cannot see: ids are minted in the data directory and never reused, and
// what was persisted survives a restart.
//
// # When the coordinator is gone for good
//
// A member whose coordinator lost its disk before founding waits for ever: it cannot know whether the cluster was
// founded. Nothing was stored yet, so the cure is short: stop the members, remove their data directories and start them
// again; they mint new ids, which no old proposal names. Should the lost coordinator come back after all, its proposal
// can gather no majority. Status names the coordinator that a node waits for.
package bootstrap
