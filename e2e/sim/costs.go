// Package sim is the model behind docs/explanation/beyond-one-group.md: what one Raft group carries, by what its operations
// were measured to cost, and how many groups, nodes and bytes a larger store would need. What the model computes, a simulation
// plays through event by event; a test compares the two, and the page's tables with both. Nothing here runs a node, and all of
// it is deterministic.
package sim

import (
	"encoding/json"
	"fmt"
	"os"
)

// Op is what one operation of a client costs a group, in processor time by the place where it is spent.
type Op struct {
	EntryUS    float64 `json:"entry_us"`    // at the node that the client asked: HTTP, encoding, and for a read the answer
	LeaderUS   float64 `json:"leader_us"`   // at the leader, the HTTP of the entry not included
	FollowerUS float64 `json:"follower_us"` // at each follower
	ApplyUS    float64 `json:"apply_us"`    // of these, at each replica: the state machine, one operation after the other
	LogBytes   float64 `json:"log_bytes"`   // in the log of each replica
	WireBytes  float64 `json:"wire_bytes"`  // between the nodes of three, all together
}

// Costs are the measured inputs. costs.json holds them.
type Costs struct {
	Ops map[string]Op `json:"ops"` // create, read, patch, touch

	FlushUS       float64 `json:"flush_us"`        // of one flushed write of 4 KiB
	SyncsPerEntry float64 `json:"syncs_per_entry"` // flushes of each log for one entry

	SessionBytes    float64 `json:"session_bytes"`    // live, with all indexes, in each replica
	TombstoneBytes  float64 `json:"tombstone_bytes"`  // of an ended session, for an hour
	RememberedBytes float64 `json:"remembered_bytes"` // of an operation id, for five minutes
	ResidentFactor  float64 `json:"resident_factor"`  // resident for live
	SnapshotBytes   float64 `json:"snapshot_bytes"`   // of a session in a snapshot
	RestoreUS       float64 `json:"restore_us"`       // of a session out of a snapshot, on one processor
	WriteUS         float64 `json:"write_us"`         // of a session into a snapshot

	Commands []string `json:"commands"` // that measure all this
}

// Load reads costs.json.
func Load(file string) (Costs, error) {
	var c Costs
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	return c, c.Validate()
}

// Validate reports what a model can not work with.
func (c Costs) Validate() error {
	for _, name := range []string{"create", "read", "patch", "touch"} {
		if o, has := c.Ops[name]; !has || o.EntryUS <= 0 {
			return fmt.Errorf("the costs of %s are missing", name)
		}
	}
	for name, x := range map[string]float64{"flush_us": c.FlushUS, "syncs_per_entry": c.SyncsPerEntry, "session_bytes": c.SessionBytes,
		"tombstone_bytes": c.TombstoneBytes, "remembered_bytes": c.RememberedBytes, "resident_factor": c.ResidentFactor,
		"snapshot_bytes": c.SnapshotBytes, "restore_us": c.RestoreUS, "write_us": c.WriteUS} {
		if x <= 0 {
			return fmt.Errorf("%s is missing", name)
		}
	}
	return nil
}

// Save writes costs.json.
func (c Costs) Save(file string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
