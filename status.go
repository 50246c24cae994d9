package sessnode

import "time"

// Status is a node's own view of its cluster.
type Status struct {
	Cluster    string // the cluster's id; empty before it is founded
	Generation uint64
	Node       string // this node's id
	Leader     string // the leader's id; empty while none is known
	Term       uint64
	Now        time.Time // committed cluster time
	Commit     uint64
	Applied    uint64
	StateHash  string
	Sessions   uint64
	Bytes      uint64
	Budget     uint64
	Drills     bool // an operator may drill this node where it runs
	Members    []Member
}

// Member is one node as this node sees it.
type Member struct {
	ID       string
	Name     string
	NodeAddr string // Raft and RPC
	HTTPAddr string
	Voter    bool
	Leader   bool
	Alive    bool   // by gossip
	Applied  uint64 // as last heard
	Version  string

	// Keys are the fingerprints of the cluster keys that it has in force, the one that it speaks first; empty: it has none, or is
	// of a version that does not say. KeyFileBad: its key file has changed and cannot be used, so that these are older.
	Keys       []string
	KeyFileBad bool
}

// Check is one line of a readiness report.
type Check struct {
	Name   string
	OK     bool
	Detail string // a few words for a person
}

// Page is one page of an app's sessions.
type Page struct {
	Sessions []Session
	Next     string // the cursor of the next page; empty at the end
}

// AppInfo is one app.
type AppInfo struct {
	Name      string
	Declared  bool
	Policy    Policy
	Sessions  uint64 // live and not yet removed
	Anonymous uint64
	Bytes     uint64
}
