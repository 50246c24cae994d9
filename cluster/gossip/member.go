package gossip

// Member is one node as it describes itself.
type Member struct {
	ID         string // minted in the node's data directory and never reused; memberlist's node name
	Name       string // what the operator calls it
	Cluster    string // the cluster's id; empty before the node has founded or adopted one
	Generation uint64 // which life of the cluster; 0 while Cluster is empty
	NodeAddr   string // host:port of Raft and RPC
	HTTPAddr   string // host:port of the HTTP API; empty where it serves none
	Version    string // of the software, for people
	MinFormat  uint64 // the oldest log format that it reads
	MaxFormat  uint64 // the newest log format that it reads
	Voter      bool   // it may become a voter; not that it is one, which only the Raft configuration knows
	Fresh      bool   // it has no Raft state and belongs to no cluster
	Keys       string // fingerprints of its cluster keys, separated by spaces, the one that it speaks first; empty = it does not say
	KeyFileBad bool   // its key file has changed and cannot be used, so that these are older
	Leaving    bool   // it is about to leave its cluster for good
	Alive      bool   // by gossip, on the node that answers; not part of the metadata
	Applied    uint64 // apply index when it last spoke
}

// foreign reports whether the two belong to different clusters, or to different lives of one. A node without a cluster is
// foreign to nobody.
func foreign(a, b Member) bool {
	if a.Cluster == "" || b.Cluster == "" {
		return false
	}
	if a.Cluster != b.Cluster {
		return true
	}
	return a.Generation != 0 && b.Generation != 0 && a.Generation != b.Generation
}
