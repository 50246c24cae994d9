package sim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Placed is what a placement of groups on nodes looks like.
type Placed struct {
	GroupSpread float64 // sessions of the largest group, for the average
	NodeSpread  float64 // sessions of the fullest node, for the average
	LeaderMost  float64 // work of the busiest node while all are there, for the average
	LostMost    float64 // the same for the worst loss of Need.Lost nodes, for the average of all nodes
	Moved       float64 // share of all replicas that one more node takes over
	Unled       int     // groups without a majority at the worst loss
}

// cluster is a placement: the nodes of each group, in the order in which they would lead.
type cluster struct {
	replicas [][]int
	sessions []float64 // of each group
	leader   []int
}

// Place deals people's sessions to groups by the hash of the subject, and the groups to nodes by rendezvous hashing
// with at most an even share each; then it takes nodes away. Of people, one in a thousand has a hundred sessions, as robots do.
func (f Fleet) Place(seed uint64) Placed {
	rng := rand.New(rand.NewPCG(seed, 2))
	c := f.deal(rng, f.Nodes)
	var p Placed
	total := 0.0
	for _, s := range c.sessions {
		total += s
		p.GroupSpread = max(p.GroupSpread, s)
	}
	p.GroupSpread /= total / float64(f.Groups)
	held := make([]float64, f.Nodes)
	for g, nodes := range c.replicas {
		for _, n := range nodes {
			held[n] += c.sessions[g]
		}
	}
	p.NodeSpread = slices.Max(held) / (total * float64(f.Replicas) / float64(f.Nodes))
	p.LeaderMost, _ = c.work(nil, f.Nodes)
	for first := range f.Nodes {
		lost := map[int]bool{}
		for i := range f.Lost {
			lost[(first+i)%f.Nodes] = true
		}
		most, unled := c.work(lost, f.Nodes)
		p.LostMost, p.Unled = max(p.LostMost, most), max(p.Unled, unled)
	}
	p.Moved = moved(c.replicas, f.deal(rng, f.Nodes+1).replicas) / float64(f.Groups*f.Replicas)
	return p
}

// deal makes a placement on nodes nodes. The random numbers decide sizes only: places follow from hashes.
func (f Fleet) deal(rng *rand.Rand, nodes int) *cluster {
	c := &cluster{sessions: make([]float64, f.Groups), leader: make([]int, f.Groups)}
	const people = 500_000
	for range people {
		weight := 1.0
		if rng.IntN(1000) == 0 {
			weight = 100
		}
		c.sessions[rng.IntN(f.Groups)] += weight
	}
	most := int(math.Ceil(float64(f.Groups*f.Replicas) / float64(nodes)))
	count, leads := make([]int, nodes), make([]int, nodes)
	for g := range f.Groups {
		order := make([]int, nodes)
		for n := range order {
			order[n] = n
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(score(g, b), score(g, a)) })
		var chosen []int
		for _, n := range order {
			if len(chosen) < f.Replicas && count[n] < most {
				chosen = append(chosen, n)
				count[n]++
			}
		}
		for _, n := range order { // the last groups may find their places taken: one more is the price
			if len(chosen) < f.Replicas && !slices.Contains(chosen, n) {
				chosen = append(chosen, n)
				count[n]++
			}
		}
		slices.SortStableFunc(chosen, func(a, b int) int { return cmp.Compare(leads[a], leads[b]) })
		leads[chosen[0]]++
		c.replicas = append(c.replicas, chosen)
	}
	return c
}

// score is what rendezvous hashing compares: a node that comes or goes moves nothing between the others.
func score(group, node int) uint64 {
	x := uint64(group)*0x9e3779b97f4a7c15 ^ uint64(node+1)*0xbf58476d1ce4e5b9
	x ^= x >> 31
	x *= 0x94d049bb133111eb
	return x ^ x>>29
}

// work returns what the busiest node does, for the average while all are there, and how many groups are without a majority. Of a
// group's work, the leader does half and the followers share the rest; requests enter at all nodes alike and do not count.
func (c *cluster) work(lost map[int]bool, nodes int) (most float64, unled int) {
	done, total := make([]float64, nodes), 0.0
	for g, replicas := range c.replicas {
		alive := slices.DeleteFunc(slices.Clone(replicas), func(n int) bool { return lost[n] })
		total += c.sessions[g]
		if 2*len(alive) <= len(replicas) {
			unled++
			continue
		}
		leader := alive[0]
		if leader != replicas[0] {
			leader = alive[g%len(alive)] // whoever wins
		}
		for _, n := range alive {
			if n == leader {
				done[n] += c.sessions[g] / 2
			} else {
				done[n] += c.sessions[g] / 2 / float64(len(replicas)-1)
			}
		}
	}
	return slices.Max(done) / (total / float64(nodes)), unled
}

// moved counts the replicas that are on nodes where they were not.
func moved(before, after [][]int) float64 {
	n := 0
	for g := range before {
		for _, node := range after[g] {
			if !slices.Contains(before[g], node) {
				n++
			}
		}
	}
	return float64(n)
}
