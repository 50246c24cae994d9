// Package readindex decides when a node may answer a read from its own memory: the rule, without any I/O.
//
// For all the reads that wait, a node asks every voter once. Each answers with its current term; the leader, if an entry of
// its term is applied, adds its commit index and who votes. If a majority of those voters is in the leader's term, no other
// leader can have acknowledged a write before the reads began: it would have needed a majority in a later term, voters
// persist a term before they vote in it, terms never fall, and any two majorities share a voter (configurations change by
// one server at a time). So the leader's commit index covers every write acknowledged before the reads began, and the node
// may answer once it has applied that much. This costs one round trip and no disk write, and rests on no clock.
//
// Three things are easy to get wrong, and hashicorp/raft's VerifyLeader has two of them: an answer that was sent before the
// read began proves nothing (each round has a fresh nonce); an answer of a server without a vote proves nothing; and a
// leader that has not applied an entry of its own term does not know what is committed. The explorer in the tests leaves
// each of them out in turn and finds the stale read.
//
// A Round and a Queue are safe for concurrent use.
package readindex
