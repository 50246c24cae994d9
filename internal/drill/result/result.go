// Package result is what a drill leaves behind: the verdict with its reasons, and the evidence that a report is drawn from.
//
// A Result is a plain value, written as result.json (Schema names the version of that format) and read back for reports and
// replays. Nothing in it is a token or a key. All moments are milliseconds since the drill's clock was started, on the
// monotonic clock of the one process that drills; names of fields are promised to stay within a schema version.
package result

import "time"

// Schema is the version of result.json.
const Schema = 1

// Verdict is what a drill concludes.
type Verdict string

// The verdicts. A drill that could not judge everything is never a PASS.
const (
	Pass         Verdict = "PASS"
	Fail         Verdict = "FAIL"         // a promise was broken: exit code 20
	Inconclusive Verdict = "INCONCLUSIVE" // something could not be judged, and nothing was seen to be broken: exit code 21
)

// Result is one drill: one scenario, run once.
type Result struct {
	Schema   int       `json:"schema"`
	Verdict  Verdict   `json:"verdict"`
	Scenario string    `json:"scenario"` // its name, such as leader-kill
	Title    string    `json:"title"`    // a sentence: what is done to the cluster
	Seed     uint64    `json:"seed"`
	Started  time.Time `json:"started"`
	TookMS   float64   `json:"took_ms"`
	Replay   string    `json:"replay"` // the command that repeats it

	Checks     []Check     `json:"checks"`               // in the order in which they are shown; never empty
	Violations []Violation `json:"violations,omitempty"` // the evidence of what is broken, at most a few of each kind
	Doubts     []string    `json:"doubts,omitempty"`     // why it is inconclusive, a sentence each

	Gap     Gap       `json:"gap"`     // the longest time in which no write was acknowledged
	Windows []Window  `json:"windows"` // every such time that is worth a row, longest first
	Phases  []Phase   `json:"phases"`
	Faults  []Fault   `json:"faults"`
	Tenures []Tenure  `json:"tenures"` // who led when
	Slots   []Slot    `json:"slots"`   // availability, a slot for each SlotMS
	SlotMS  float64   `json:"slot_ms"`
	Latency []Latency `json:"latency"` // percentiles by phase and kind of operation
	Points  []Point   `json:"points"`  // single operations, a sample that holds all slow and all failed ones
	Applied []Series  `json:"applied"` // each node's applied index over time
	Logs    []Line    `json:"logs"`    // what the nodes wrote around each fault, merged by time

	Counts      Counts      `json:"counts"`
	People      People      `json:"people"`
	Environment Environment `json:"environment"`
	Limits      []string    `json:"limits"` // what this drill does not prove, a sentence each
}

// Check is one question that the drill answers.
type Check struct {
	Name    string  `json:"name"`             // stable, such as lost-writes
	Title   string  `json:"title"`            // for people, such as "acknowledged writes lost"
	Verdict Verdict `json:"verdict"`          // Inconclusive: it could not be judged
	Got     string  `json:"got"`              // short, such as 0 or 1.38 s
	Want    string  `json:"want,omitempty"`   // such as 0 or <= 3 s
	Detail  string  `json:"detail,omitempty"` // one line more, such as "of 11,604 acknowledged (2 unknown)"
}

// Violation is one thing that was seen to be broken, with the operations that show it.
type Violation struct {
	Check  string   `json:"check"`
	Detail string   `json:"detail"`
	Trace  []string `json:"trace,omitempty"`
}

// Gap is the longest time without an acknowledged write as clients saw it, and what the first election behind a fault took. Its parts are
// zero where nobody was elected while a fault held, or where the nodes' logs do not tell.
type Gap struct {
	FromMS     float64 `json:"from_ms"`
	ToMS       float64 `json:"to_ms"`
	DetectMS   float64 `json:"detect_ms"`   // from the fault until a node asks for an election
	ElectMS    float64 `json:"elect_ms"`    // until a node is in office
	RedirectMS float64 `json:"redirect_ms"` // until a client's write is acknowledged
}

// Window is a time without an acknowledged write.
type Window struct {
	FromMS float64 `json:"from_ms"`
	ToMS   float64 `json:"to_ms"`
	During string  `json:"during"` // the fault or phase it lies in
}

// Phase is a part of the drill: start, warm-up, steady, fault, recover, steady again, verify.
type Phase struct {
	Name   string  `json:"name"`
	FromMS float64 `json:"from_ms"`
	ToMS   float64 `json:"to_ms"`
}

// Fault is one thing that was done to a node or a link.
type Fault struct {
	Name   string  `json:"name"` // such as kill, pause, cut
	On     string  `json:"on"`   // a node, or a link such as n1 -> n2
	FromMS float64 `json:"from_ms"`
	ToMS   float64 `json:"to_ms"` // when it was healed
	Landed bool    `json:"landed"`
	Proof  string  `json:"proof"` // how it was seen to have landed
}

// Tenure is a time in which a node led.
type Tenure struct {
	Node   string  `json:"node"`
	Term   uint64  `json:"term"`
	FromMS float64 `json:"from_ms"`
	ToMS   float64 `json:"to_ms"`
}

// Slot counts the operations that ended in one slot of time.
type Slot struct {
	OK      int `json:"ok"`      // acknowledged at the first try
	Retried int `json:"retried"` // acknowledged at a later try
	Refused int `json:"refused"` // certainly not made
	Unknown int `json:"unknown"`
	Reads   int `json:"reads"` // of OK and Retried
}

// Latency is how long acknowledged operations took from their first try.
type Latency struct {
	Phase string  `json:"phase"` // before, during or after the fault
	Kind  string  `json:"kind"`  // read or write
	Count int     `json:"count"`
	P50MS float64 `json:"p50_ms"`
	P99MS float64 `json:"p99_ms"`
	MaxMS float64 `json:"max_ms"`
}

// Point is one operation of a client.
type Point struct {
	AtMS    float64 `json:"at_ms"`   // when it ended
	TookMS  float64 `json:"took_ms"` // from its first try
	Write   bool    `json:"write"`
	Outcome string  `json:"outcome"` // ok, retried, refused or unknown
}

// Series is a number over time.
type Series struct {
	Node string      `json:"node"`
	At   [][2]uint64 `json:"at"` // [ms, value]
}

// Line is a line of a node's log.
type Line struct {
	AtMS float64 `json:"at_ms"`
	Node string  `json:"node"`
	Text string  `json:"text"`
}

// Counts are the operations of the clients with known histories.
type Counts struct {
	Attempted   int `json:"attempted"`
	Acked       int `json:"acked"`
	Refused     int `json:"refused"` // certainly not made
	Unknown     int `json:"unknown"`
	AckedFault  int `json:"acked_in_fault"` // asked and acknowledged from the fault until all was whole
	Writes      int `json:"acked_writes"`
	Sessions    int `json:"sessions"`
	Subjects    int `json:"subjects"`
	Revoked     int `json:"revoked"`      // tokens that must be dead
	LateTries   int `json:"late_tries"`   // requests with them
	Expired     int `json:"expired"`      // sessions watched to their end
	Partitions  int `json:"partitions"`   // histories judged by porcupine
	EventsHeard int `json:"events_heard"` // by one who followed all of them
	SearchedMB  int `json:"searched_mb"`  // logs and data files searched for tokens
}

// People are those who use the login app meanwhile.
type People struct {
	Count     int     `json:"count"`
	Requests  int     `json:"requests"`
	Waited    int     `json:"waited"`     // requests that were answered 503 first
	LongestMS float64 `json:"longest_ms"` // the longest wait for a page
	SignedOut int     `json:"signed_out"` // without having logged out
	Ghosts    int     `json:"ghosts"`     // old cookies that were let in
}

// Environment is where it ran.
type Environment struct {
	Version   string   `json:"version"`
	Go        string   `json:"go"`
	System    string   `json:"system"`
	CPUs      int      `json:"cpus"`
	SyncP50MS float64  `json:"sync_p50_ms"` // of a 4 KiB write and fsync where the nodes' data lay
	SyncP99MS float64  `json:"sync_p99_ms"`
	Nodes     int      `json:"nodes"`
	Profile   string   `json:"profile"`
	ElectMS   float64  `json:"election_ms"` // the election time-out
	Clients   int      `json:"clients"`
	People    int      `json:"people"`
	HoldMS    float64  `json:"hold_ms"` // how long a fault was to last at least; 0: as the scenario says
	BudgetMS  float64  `json:"budget_ms"`
	Args      []string `json:"args"`
	Target    string   `json:"target,omitempty"`    // the id of the live cluster that was drilled; empty: one of the drill's own
	LogStore  string   `json:"log_store,omitempty"` // what the nodes kept their logs in; empty: the default
	Sabotage  string   `json:"sabotage,omitempty"`  // the fault of a build that is broken on purpose
}
