package sim

import "math"

// Limits of the code as it is today, and what the model takes for granted about machines.
const (
	batchOps       = 1024      // fsm.MaxBatchOps: an entry closes before it holds more operations,
	batchBytes     = 256 << 10 // or more bytes
	windowBytes    = 1 << 30   // fsm.WindowBytes: what the operation ids of one state machine may take
	windowSeconds  = 300       // for how long they are remembered
	tombstoneTime  = 3600      // seconds, by the default policy
	snapshotEvery  = 0.5       // of the state's bytes, in bytes of log: cluster/compact.go
	cores          = 8         // of a node
	memoryBytes    = 64e9      // of a node
	memoryShare    = 0.8       // of it that may be resident
	busy           = 0.6       // of its processors that a node may use while all nodes are there
	linkBytes      = 125e6     // a second: what a node may spend on moving groups, a tenth of 10 Gbit/s
	groupsPerNode  = 12        // at least, so that sizes even out and a lost node's work goes to many
	restartSeconds = 60        // in which a node that lost its disk has a group back from a snapshot
)

// Mix is what a second of work consists of, in operations of clients.
type Mix map[string]float64

// Mixed is the mixed workload of the benchmarks: 80 % reads, 15 % reads with touch, 4 % patches, 1 % creates. Of the reads with touch,
// the part that is older than the touch resolution reaches the log: a session that is read every thirty seconds, with a
// resolution of a minute, every second time.
func Mixed(perSecond float64) Mix {
	const through = 0.5
	return Mix{"read": perSecond * 0.95, "folded": perSecond * 0.15 * through, "patch": perSecond * 0.04, "create": perSecond * 0.01}
}

// op returns what an operation costs. A folded touch is one that a read left behind: nodes send them on together about once a
// second, so it costs no request of its own. What it costs the others is taken to be what a touch of its own does, which is too much.
func (c Costs) op(name string) Op {
	if name != "folded" {
		return c.Ops[name]
	}
	o := c.Ops["touch"]
	o.EntryUS = 0
	return o
}

// writes returns the changes a second that carry an operation id.
func (m Mix) writes() float64 { return m["create"] + m["patch"] }

// load is a demand in seconds of processor time, or bytes, a second.
type load struct {
	entry, leader, follower, apply, log, wire float64
	entries                                   float64 // of the log, at least
}

func (c Costs) load(m Mix) load {
	var l load
	for name, rate := range m {
		o := c.op(name)
		l.entry += rate * o.EntryUS / 1e6
		l.leader += rate * o.LeaderUS / 1e6
		l.follower += rate * o.FollowerUS / 1e6
		if o.LogBytes > 0 {
			l.apply += rate * o.ApplyUS / 1e6
			l.entries += rate / min(batchOps, math.Max(1, math.Floor(batchBytes/o.LogBytes)))
		}
		l.log += rate * o.LogBytes
		l.wire += rate * o.WireBytes
	}
	return l
}

// Bound is one thing that a group runs into, and how often a second the mix can be had before that.
type Bound struct {
	Name      string
	PerSecond float64
}

// Bounds returns what bounds one group of replicas replicas whose nodes do nothing else. perOp is the mix of one operation.
func (c Costs) Bounds(perOp Mix, replicas int) []Bound {
	l := c.load(perOp)
	n := float64(replicas)
	flush := l.entries * c.SyncsPerEntry * c.FlushUS / 1e6
	remembered := perOp.writes() * windowSeconds * c.RememberedBytes
	return []Bound{
		{"processors of the leader, clients at all nodes", cores / (l.entry/n + l.leader)},
		{"processors of all nodes, work shared out perfectly", n * cores / (l.entry + l.leader + (n-1)*l.follower)},
		{"one entry in flight: flushed, then applied", 1 / (flush + l.apply)},
		{"room for operation ids", windowBytes / remembered},
	}
}

// Least returns the bound that is met first.
func Least(bounds []Bound) Bound {
	least := bounds[0]
	for _, b := range bounds[1:] {
		if b.PerSecond < least.PerSecond {
			least = b
		}
	}
	return least
}

// GroupSessions is how many sessions one group may hold so that one node has them back in restartSeconds.
func (c Costs) GroupSessions() float64 {
	return restartSeconds / (c.RestoreUS/1e6 + c.SnapshotBytes/linkBytes)
}

// Need is what a store asks for.
type Need struct {
	Sessions  float64
	PerSecond float64
	Replicas  int
	Lost      int // nodes that may be lost at once without anybody waiting
	Imbalance float64
}

// Fleet is what carries a need.
type Fleet struct {
	Need
	Groups, Nodes                       int
	ByMemory, ByProcessors, ByLink      int     // nodes that each of them would ask for alone
	LiveBytes, ResidentBytes            float64 // of one node
	BusyShare, BusyShareLost            float64 // of a node's processors, while all are there and after the loss
	LogPerNode, WirePerNode, SnapshotIO float64 // bytes a second
	SnapshotBytes                       float64 // of one group
	MoveSeconds, RefillSeconds          float64 // to give a new node its share; to have a lost node's replicas anew
	Lifetime                            float64 // seconds that a session lives on average, by the creates and the number
	GroupPerSecond, GroupWrites         float64
}

// Size computes the smallest fleet. Hop is what a request costs more for not arriving at a replica: it is handed on
// once, as a change is handed to its leader today.
func (c Costs) Size(n Need) Fleet {
	f := Fleet{Need: n}
	mix := Mixed(n.PerSecond)
	l := c.load(mix)
	r := float64(n.Replicas)
	f.Lifetime = n.Sessions / mix["create"]
	state := c.stateBytes(n.Sessions, mix)
	whole := state * r * c.ResidentFactor * n.Imbalance
	work := (l.entry + l.leader + (r-1)*l.follower + c.hop(mix)) * n.Imbalance
	lost := float64(n.Lost)
	f.ByMemory = int(math.Ceil(whole/(memoryBytes*memoryShare) + lost))
	f.ByProcessors = int(math.Ceil(work/(cores*busy) + lost))
	f.ByLink = int(math.Ceil(l.wire*(r-1)/2*n.Imbalance/linkBytes + lost)) // measured with two followers
	f.Nodes = max(f.ByMemory, f.ByProcessors, f.ByLink, n.Replicas)
	nodes := float64(f.Nodes)
	perGroup := c.GroupSessions()
	byWindow := mix.writes() * windowSeconds * c.RememberedBytes / (windowBytes * 0.5) // half full in ordinary hours
	byApply := l.apply / busy
	f.Groups = int(math.Ceil(max(1, n.Sessions*n.Imbalance/perGroup, byWindow*n.Imbalance, byApply*n.Imbalance)))
	if f.Nodes > n.Replicas {
		f.Groups = max(f.Groups, int(math.Ceil(groupsPerNode*nodes/r)))
	}
	g := float64(f.Groups)
	f.LiveBytes, f.ResidentBytes = state*r/nodes, state*r*c.ResidentFactor/nodes
	f.BusyShare, f.BusyShareLost = work/nodes/cores, work/(nodes-lost)/cores
	f.LogPerNode, f.WirePerNode = l.log*r/nodes, l.wire*(r-1)/2/nodes
	f.SnapshotBytes = n.Sessions / g * c.SnapshotBytes
	f.SnapshotIO = l.log * r / nodes / (snapshotEvery * c.SessionBytes / c.SnapshotBytes)
	share := n.Sessions * r / nodes // sessions of one node
	f.MoveSeconds = max(share*c.SnapshotBytes/linkBytes, share*c.RestoreUS/1e6/(cores*(1-busy)))
	f.RefillSeconds = math.Ceil(g*r/nodes/(nodes-1)) * n.Sessions / g * (c.SnapshotBytes/linkBytes + c.RestoreUS/1e6) // a group is restored by one processor
	f.GroupPerSecond, f.GroupWrites = n.PerSecond/g, mix.writes()/g
	return f
}

// stateBytes is what one replica of everything holds, live.
func (c Costs) stateBytes(sessions float64, mix Mix) float64 {
	return sessions*c.SessionBytes + mix["create"]*tombstoneTime*c.TombstoneBytes + mix.writes()*windowSeconds*c.RememberedBytes
}

// hop is the processor time, in seconds a second, of handing reads to a replica. Changes are handed on in their costs already.
// It is taken to be what a change costs the leader beyond applying it: a frame that is read, and an answer that is written.
func (c Costs) hop(m Mix) float64 {
	touch := c.Ops["touch"]
	return m["read"] * (touch.LeaderUS - touch.FollowerUS) / 1e6
}
