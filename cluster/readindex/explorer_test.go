package readindex

import (
	"fmt"
	"hash/maphash"
	"testing"
)

// explore visits every reachable state, at most limit of them, and returns the first that grants a stale read. States are
// remembered by a 128-bit hash: that two of some millions collide is less likely than that the machine miscounts.
func explore(b bounds, limit int) (visited int, stale *state, err error) {
	one, two := maphash.MakeSeed(), maphash.MakeSeed()
	seen := map[[2]uint64]struct{}{}
	stack := []state{start(b)}
	for len(stack) > 0 && stale == nil {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		visited++
		s.next(b, func(t state) {
			t = t.canonical()
			id := [2]uint64{maphash.Comparable(one, t), maphash.Comparable(two, t)}
			if _, known := seen[id]; known {
				return
			}
			seen[id] = struct{}{}
			if t.replies != s.replies {
				if index, valid := t.granted(b); valid {
					if t.reading && index < uint64(t.floor) {
						stale = &t
					}
					return // the read is over
				}
			}
			stack = append(stack, t)
		})
		if len(seen) > limit {
			return visited, nil, fmt.Errorf("more than %d states", limit)
		}
	}
	return visited, stale, nil
}

// TestNoReadIsStale visits every state of three voters through two further elections, and of four nodes while the
// configuration changes. A space that is too large to finish is a failure, not a pass.
func TestNoReadIsStale(t *testing.T) {
	for _, c := range []struct {
		name string
		b    bounds
	}{
		{"three voters", bounds{nodes: 3, voters: 0b0111, maxTerm: 3, maxLog: 3}},
		{"three voters and one without a vote", bounds{nodes: 4, voters: 0b0111, maxTerm: 2, maxLog: 2}},
		{"four nodes, one change", bounds{nodes: 4, voters: 0b0111, maxTerm: 2, maxLog: 2, configs: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			visited, stale, err := explore(c.b, 20_000_000)
			if err != nil {
				t.Fatal(err)
			}
			if stale != nil {
				t.Fatalf("a read of index below %d: %+v", stale.floor, *stale)
			}
			t.Logf("%d states", visited)
		})
	}
}

// TestEveryWeakerRuleIsCaught leaves out one part of the rule at a time: the explorer must find a stale read, or the test
// above proves nothing.
func TestEveryWeakerRuleIsCaught(t *testing.T) {
	for _, c := range []struct {
		name string
		b    bounds
	}{
		{"answers given before the read count", bounds{nodes: 3, voters: 0b0111, maxTerm: 2, maxLog: 2, weakness: earlyAcks}},
		{"servers without a vote count", bounds{nodes: 4, voters: 0b0111, maxTerm: 2, maxLog: 2, weakness: nonVoters}},
		{"the leader need not have applied an entry of its term", bounds{nodes: 3, voters: 0b0111, maxTerm: 2, maxLog: 2, weakness: noOwnEntry}},
		{"terms are not compared", bounds{nodes: 3, voters: 0b0111, maxTerm: 2, maxLog: 2, weakness: noTerms}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			visited, stale, err := explore(c.b, 20_000_000)
			if err != nil {
				t.Fatal(err)
			}
			if stale == nil {
				t.Fatalf("no stale read in %d states", visited)
			}
			t.Logf("caught after %d states", visited)
		})
	}
}
