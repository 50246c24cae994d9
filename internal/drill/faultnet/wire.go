package faultnet

import "time"

// Hello is the first line of a connection to the switch, as JSON. One of its fields is set.
type Hello struct {
	Dial    *Dial  `json:"dial,omitempty"`
	Packets string `json:"packets,omitempty"` // the node that sends gossip packets over this connection
	Control string `json:"control,omitempty"` // the node that takes commands over this connection
}

// Dial asks for a connection. It is answered with a Dialled line; then bytes flow both ways.
type Dial struct {
	From string `json:"from"` // a node's name
	To   string `json:"to"`   // host:port
}

// Dialled is the answer to a Dial.
type Dialled struct {
	Error   string `json:"error,omitempty"`   // empty: connected
	Refused bool   `json:"refused,omitempty"` // nobody listens there
}

// Packet is one gossip packet on its way to the switch, a JSON line.
type Packet struct {
	To   string `json:"to"`
	Data []byte `json:"data"`
}

// Command is what a node is told to do to itself, a JSON line. Each is answered with a State.
type Command struct {
	ID    uint64         `json:"id"`
	Disk  *DiskFault     `json:"disk,omitempty"`
	Clock *time.Duration `json:"clock,omitempty"` // what is added to its wall clock
	Drift *float64       `json:"drift,omitempty"` // seconds that its clocks gain a second
}

// DiskFault is how a node's disk behaves. The zero value is a disk that works.
type DiskFault struct {
	Delay  time.Duration `json:"delay,omitempty"`  // of each write
	Jitter time.Duration `json:"jitter,omitempty"` // up to this much is added to Delay
	Stall  bool          `json:"stall,omitempty"`  // writes do not come back until the fault is lifted
	Fail   bool          `json:"fail,omitempty"`   // writes fail
	Fill   bool          `json:"fill,omitempty"`   // writes fail as on a full disk
	Free   uint64        `json:"free,omitempty"`   // bytes that are said to be free; counts only with Total
	Total  uint64        `json:"total,omitempty"`  // bytes that the disk is said to have; 0: what it has
}

// State is a node's answer to a Command.
type State struct {
	ID         uint64 `json:"id"`          // of the command
	DiskWrites uint64 `json:"disk_writes"` // that have met the present fault
	Error      string `json:"error,omitempty"`
}
