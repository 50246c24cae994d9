package readindex

import (
	"errors"
	"sync"
	"testing"
	"time"
)

// zero is a wall clock that nobody looks at.
var zero time.Time

func lead(commit uint64, voters ...string) *Lead { return &Lead{Commit: commit, Voters: voters} }

// TestRoundNeedsAMajorityOfTheLeadersVoters lists which sets of answers are valid.
func TestRoundNeedsAMajorityOfTheLeadersVoters(t *testing.T) {
	three := []string{"a", "b", "c"}
	type from struct {
		id string
		a  Answer
	}
	for _, c := range []struct {
		name  string
		in    []from
		index uint64 // 0 = not valid
	}{
		{"nobody", nil, 0},
		{"the leader alone", []from{{"a", Answer{1, 5, zero, lead(9, three...)}}}, 0},
		{"the leader and one more", []from{{"a", Answer{1, 5, zero, lead(9, three...)}}, {"b", Answer{1, 5, zero, nil}}}, 9},
		{"voters without a leader", []from{{"b", Answer{1, 5, zero, nil}}, {"c", Answer{1, 5, zero, nil}}}, 0},
		{"one voter in a later term", []from{{"a", Answer{1, 5, zero, lead(9, three...)}}, {"b", Answer{1, 6, zero, nil}}}, 0},
		{"one voter in an earlier term", []from{{"a", Answer{1, 5, zero, lead(9, three...)}}, {"b", Answer{1, 4, zero, nil}}}, 0},
		{"a server without a vote", []from{{"a", Answer{1, 5, zero, lead(9, three...)}}, {"d", Answer{1, 5, zero, nil}}}, 0},
		{"a leader that is no voter", []from{{"a", Answer{1, 5, zero, lead(9, "b", "c")}}, {"b", Answer{1, 5, zero, nil}}}, 0},
		{"another round's answer", []from{{"a", Answer{1, 5, zero, lead(9, three...)}}, {"b", Answer{2, 5, zero, nil}}}, 0},
		{"the same voter twice", []from{{"a", Answer{1, 5, zero, lead(9, "a", "b", "c", "d", "e")}}, {"b", Answer{1, 5, zero, nil}}, {"b", Answer{1, 5, zero, nil}}}, 0},
		{"an old leader and a new one", []from{
			{"a", Answer{1, 5, zero, lead(9, three...)}}, {"b", Answer{1, 6, zero, lead(12, three...)}}, {"c", Answer{1, 6, zero, nil}},
		}, 12},
		{"a leader whose voters are unknown", []from{{"a", Answer{1, 5, zero, lead(9)}}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := NewRound(1)
			var got Grant
			var valid bool
			for _, f := range c.in {
				if g, ok := r.Add(f.id, f.a); ok {
					got, valid = g, ok
				}
			}
			if valid != (c.index != 0) || got.Index != c.index {
				t.Errorf("granted %v at %d, want %d", valid, got.Index, c.index)
			}
		})
	}
}

// TestReadNeverJoinsARoundInFlight sends reads in while rounds run: each read's round begins after the read did.
func TestReadNeverJoinsARoundInFlight(t *testing.T) {
	var q Queue
	first, begin := q.Join()
	if !begin {
		t.Fatal("the first read did not begin a round")
	}
	if got := q.Begin(); got != first {
		t.Fatal("Begin did not take the waiting read")
	}
	second, begin := q.Join()
	if begin || second == first {
		t.Fatalf("a read joined the round in flight (same batch %v, begins %v)", second == first, begin)
	}
	third, _ := q.Join()
	if third != second {
		t.Error("two reads that wait are not in one round")
	}
	failed := errors.New("no leader")
	first.Finish(Grant{}, failed)
	<-first.Done()
	if _, err := first.Grant(); err != failed {
		t.Errorf("Grant() = %v, want %v", err, failed)
	}
	if !q.More() {
		t.Fatal("More() = false while two reads wait")
	}
	if got := q.Begin(); got != second || got.Reads() != 2 {
		t.Fatal("the next round did not take both reads")
	}
	if q.More() || q.Begin() != nil {
		t.Fatal("a round was to begin for which no read waits")
	}
	if _, begin := q.Join(); !begin {
		t.Error("after the queue ran dry a read did not begin a round")
	}
}

// TestQueueAnswersEveryRead runs many readers against one runner.
func TestQueueAnswersEveryRead(t *testing.T) {
	var q Queue
	var readers, runners sync.WaitGroup
	for range 200 {
		readers.Go(func() {
			b, begin := q.Join()
			if begin {
				runners.Go(func() {
					for more := true; more; more = q.More() {
						q.Begin().Finish(Grant{Index: 3}, nil)
					}
				})
			}
			<-b.Done()
			if g, err := b.Grant(); err != nil || g.Index != 3 {
				t.Errorf("Grant() = %v, %v", g, err)
			}
		})
	}
	readers.Wait()
	runners.Wait()
}
