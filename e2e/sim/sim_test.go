package sim

import (
	"flag"
	"math"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of the page anew")

const page = "../../docs/explanation/beyond-one-group.md"

func costs(t *testing.T) Costs {
	t.Helper()
	c, err := Load("costs.json")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestThePageShowsWhatTheModelSays. After new costs: go test ./e2e/sim -update
func TestThePageShowsWhatTheModelSays(t *testing.T) {
	was, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want, err := costs(t).Fill(string(was))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(was) {
		t.Errorf("%s shows other tables than the model and costs.json give: go test ./e2e/sim -update", page)
	}
}

// TestPlayedCapacityIsTheComputedOne: the closed formula and the events must not tell two stories.
func TestPlayedCapacityIsTheComputedOne(t *testing.T) {
	c := costs(t)
	for _, op := range ops[:3] {
		played, computed := c.Capacity(op), c.PlayedBound(op)
		if off := math.Abs(played/computed - 1); off > 0.05 {
			t.Errorf("Capacity(%s) = %.0f played, %.0f computed: %.1f %% apart, want 5 at most", op, played, computed, 100*off)
		}
	}
	slow := c
	slow.FlushUS *= 100 // then the disk decides, not the processors
	if played, computed := slow.Capacity("create"), slow.PlayedBound("create"); math.Abs(played/computed-1) > 0.05 || computed > c.PlayedBound("create")/2 {
		t.Errorf("Capacity(create) with slow flushes = %.0f played, %.0f computed", played, computed)
	}
}

// TestPlayedShareOfProcessorsIsTheComputedOne below the capacity.
func TestPlayedShareOfProcessorsIsTheComputedOne(t *testing.T) {
	c := costs(t)
	rate := c.PlayedBound("patch") / 2
	p := c.Play("patch", rate, 60_000/rate, 5)
	if want := rate * c.Ops["patch"].LeaderUS / 1e6 / cores; math.Abs(p.Leader/want-1) > 0.05 {
		t.Errorf("the leader's processors were busy %.3f of the time, computed %.3f", p.Leader, want)
	}
	if p.P99 < p.P50 || p.P50 <= 0 {
		t.Errorf("latencies p50 %v, p99 %v", p.P50, p.P99)
	}
}

// TestAFleetHoldsWhatItWasSizedFor: played placement and losses stay within what the sizes took for granted.
func TestAFleetHoldsWhatItWasSizedFor(t *testing.T) {
	for _, f := range costs(t).Aims() {
		for seed := range uint64(2) {
			p := f.Place(seed)
			if p.NodeSpread > imbalance {
				t.Errorf("%d replicas, seed %d: the fullest node has × %.2f, sized for × %.2f", f.Replicas, seed, p.NodeSpread, imbalance)
			}
			if p.Unled > 0 {
				t.Errorf("%d replicas, seed %d: %d groups lost their majority with %d nodes", f.Replicas, seed, p.Unled, f.Lost)
			}
			// The busiest node does p.LostMost times the mean of all nodes; work is counted without what enters anywhere, so this is pessimistic.
			if busiest := f.BusyShare / f.Imbalance * p.LostMost; busiest > 1 {
				t.Errorf("%d replicas, seed %d: after a loss the busiest node needs %.2f of its processors", f.Replicas, seed, busiest)
			}
			if even := 1 / float64(f.Nodes+1); p.Moved < even/2 || p.Moved > 4*even {
				t.Errorf("%d replicas, seed %d: one more node moves %.3f of all replicas, an even share is %.3f", f.Replicas, seed, p.Moved, even)
			}
		}
		if f.BusyShareLost > 0.8 || f.ResidentBytes > memoryBytes*memoryShare {
			t.Errorf("%d replicas: %.2f of the processors after a loss, %.0f resident bytes", f.Replicas, f.BusyShareLost, f.ResidentBytes)
		}
	}
}

// TestALossOfAMajorityIsSeen: the check above can fail.
func TestALossOfAMajorityIsSeen(t *testing.T) {
	f := costs(t).Aims()[0]
	f.Lost = f.Nodes - 1
	if p := f.Place(1); p.Unled == 0 {
		t.Error("with one node left, every group kept its majority")
	}
}

// TestOperationIDsBoundChangesFirst: the page says so in words.
func TestOperationIDsBoundChangesFirst(t *testing.T) {
	for _, op := range []string{"create", "patch"} {
		if b := Least(costs(t).Bounds(Mix{op: 1}, 3)); b.Name != "room for operation ids" {
			t.Errorf("%s is bounded by %q first, at %.0f a second: the page says otherwise", op, b.Name, b.PerSecond)
		}
	}
}

// TestMoreIsNeverCarriedByLess.
func TestMoreIsNeverCarriedByLess(t *testing.T) {
	c := costs(t)
	before := Fleet{}
	for n := 1e6; n <= 1e9; n *= 2 {
		f := c.Size(Need{n, n / 100, 3, 1, imbalance})
		if f.Nodes < before.Nodes || f.Groups < before.Groups {
			t.Errorf("%.0f sessions need %d nodes and %d groups, half of them %d and %d", n, f.Nodes, f.Groups, before.Nodes, before.Groups)
		}
		before = f
	}
}
