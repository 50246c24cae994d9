package faults

import "testing"

func TestTenRoundsHoldEveryFaultAtLeastTwice(t *testing.T) {
	for seed := range uint64(50) {
		count := map[Fault]int{}
		for _, round := range Schedule(seed, 10, 3) {
			if len(round) != 3 {
				t.Fatalf("seed %d: a round has %d faults, want 3", seed, len(round))
			}
			for _, f := range round {
				count[f]++
			}
		}
		for _, f := range deck {
			if count[f] < 2 {
				t.Errorf("seed %d: %s occurs %d times, want at least 2", seed, f, count[f])
			}
		}
	}
}
