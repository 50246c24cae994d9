package check

// Replica is what a node said about its own state at the end, when nothing was being written.
type Replica struct {
	Node    string
	Applied uint64
	Hash    string
}

// Replicas checks that all nodes have applied the same log and hold the same state.
func Replicas(replicas []Replica) []Violation {
	var out []Violation
	for _, r := range replicas {
		if r.Hash == "" {
			out = append(out, violation(Coverage, "node %s reported no state hash", r.Node))
			continue
		}
		first := replicas[0]
		if r.Applied != first.Applied {
			out = append(out, violation(StateHash, "%s applied %d, %s applied %d", first.Node, first.Applied, r.Node, r.Applied))
		}
		if r.Hash != first.Hash {
			out = append(out, violation(StateHash, "at index %d %s has %s, %s has %s", first.Applied, first.Node, first.Hash,
				r.Node, r.Hash))
		}
	}
	return out
}

// LogEntry is what identifies an entry of the replicated log: its term, and a digest of its type and data.
type LogEntry struct {
	Term   uint64
	Digest string
}

// Log is one node's log, by index, as it lies on its disk.
type Log struct {
	Node    string
	Entries map[uint64]LogEntry
}

// Logs checks that no two nodes hold different entries at one index up to and including committed. Where a node has
// compacted its log there is nothing to compare; least is how many indexes all of them must have in common.
func Logs(logs []Log, committed uint64, least int) []Violation {
	var out []Violation
	common := 0
	for index, first := range logs[0].Entries {
		if index > committed {
			continue
		}
		everywhere := true
		for _, other := range logs[1:] {
			entry, has := other.Entries[index]
			everywhere = everywhere && has
			if has && entry != first && len(out) < 10 {
				out = append(out, violation(LogEqual, "index %d: %s has term %d %s, %s has term %d %s", index, logs[0].Node,
					first.Term, first.Digest, other.Node, entry.Term, entry.Digest))
			}
		}
		if everywhere {
			common++
		}
	}
	if common < least {
		out = append(out, violation(Coverage, "the logs have %d entries in common, want at least %d", common, least))
	}
	return out
}
