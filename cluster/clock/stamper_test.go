package clock

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var epoch = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// fake is a clock whose hands the test moves.
type fake struct {
	wall time.Time
	mono time.Duration
}

func (f *fake) Wall() time.Time          { return f.wall }
func (f *fake) Monotonic() time.Duration { return f.mono }
func (f *fake) pass(d time.Duration)     { f.wall = f.wall.Add(d); f.mono += d }

// heard tells the stamper what the peers' clocks read now.
func heard(s *Stamper, f *fake, peers map[string]time.Time) {
	for id, wall := range peers {
		s.Observe(id, wall, f.mono, f.mono)
	}
}

// TestOneBrokenClockMovesNothing holds a clock an hour off, in either direction, against two good ones for an hour.
func TestOneBrokenClockMovesNothing(t *testing.T) {
	for _, c := range []struct {
		name           string
		self, one, two time.Duration // how far each wall clock is off
	}{
		{"leader an hour ahead", time.Hour, 0, 0},
		{"leader an hour behind", -time.Hour, 0, 0},
		{"follower an hour ahead", 0, time.Hour, 0},
		{"follower an hour behind", 0, 0, -time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{wall: epoch.Add(c.self)}
			s := NewStamper(f, "a", epoch.UnixNano())
			s.SetVoters([]string{"a", "b", "c"})
			for passed := time.Duration(0); passed < time.Hour; passed += time.Second {
				f.pass(time.Second)
				real := f.wall.Add(-c.self)
				heard(s, f, map[string]time.Time{"b": real.Add(c.one), "c": real.Add(c.two)})
				if got := time.Unix(0, s.Stamp()).Sub(real); got.Abs() > time.Millisecond {
					t.Fatalf("after %v the stamp is %v off, want 0", passed, got)
				}
			}
		})
	}
}

// TestOutageIsPaidWhenAllAgree restarts three nodes after two hours.
func TestOutageIsPaidWhenAllAgree(t *testing.T) {
	f := &fake{wall: epoch.Add(2 * time.Hour)}
	s := NewStamper(f, "a", epoch.UnixNano())
	s.SetVoters([]string{"a", "b", "c"})
	if got := s.Stamp() - epoch.UnixNano(); got > int64(time.Millisecond) {
		t.Fatalf("alone, the stamp moved by %v, want nothing before a median is known", time.Duration(got))
	}
	heard(s, f, map[string]time.Time{"b": f.wall})
	if got := time.Unix(0, s.Stamp()).Sub(epoch); got != 2*time.Hour {
		t.Fatalf("with two of three agreeing on two hours the stamp moved by %v", got)
	}
}

// TestMissingVoicesVoteForNow lists what the median comes to when not all are heard.
func TestMissingVoicesVoteForNow(t *testing.T) {
	for _, c := range []struct {
		ahead  []int64
		voters int
		want   int64
	}{
		{nil, 3, 0},
		{[]int64{50}, 1, 50},
		{[]int64{50}, 3, 0},
		{[]int64{50, 90}, 3, 50},
		{[]int64{-50, 90}, 3, 0},
		{[]int64{-50, -90}, 3, -50},
		{[]int64{50, 60, 9000}, 3, 60},
		{[]int64{50, 60}, 2, 50},
		{[]int64{-50, 60}, 2, 0},
		{[]int64{-50, -60}, 2, -50},
		{[]int64{50, 60, 70}, 5, 50},
		{[]int64{50, 60, 70}, 4, 50},
		{[]int64{50, 60}, 4, 0},
		{[]int64{50, 60}, 0, 0},
	} {
		if got := pull(c.ahead, c.voters); got != c.want {
			t.Errorf("pull(%v, %d) = %d, want %d", c.ahead, c.voters, got, c.want)
		}
	}
}

// TestOldSamplesAreNoEvidence lets what was heard grow stale.
func TestOldSamplesAreNoEvidence(t *testing.T) {
	f := &fake{wall: epoch.Add(time.Hour)}
	s := NewStamper(f, "a", epoch.UnixNano())
	s.SetVoters([]string{"a", "b", "c"})
	heard(s, f, map[string]time.Time{"b": epoch.Add(time.Hour)})
	f.pass(SampleAge + time.Second)
	if got := time.Unix(0, s.Stamp()).Sub(epoch); got > SampleAge+2*time.Second {
		t.Errorf("the stamp followed a stale sample by %v", got)
	}
	s.SetVoters([]string{"a", "c", "d"})
	if len(s.peers) != 0 {
		t.Errorf("a peer that no longer votes is still counted: %v", s.peers)
	}
}

// TestOwnStepMovesNothing steps the leader's own wall clock while the peers' clocks agree with the old time.
func TestOwnStepMovesNothing(t *testing.T) {
	f := &fake{wall: epoch}
	s := NewStamper(f, "a", epoch.UnixNano())
	s.SetVoters([]string{"a", "b", "c"})
	heard(s, f, map[string]time.Time{"b": epoch, "c": epoch})
	f.wall = f.wall.Add(time.Hour)
	f.pass(time.Second)
	if got := time.Unix(0, s.Stamp()).Sub(epoch); got != time.Second {
		t.Errorf("after a second and a step of the own clock by an hour the stamp moved by %v, want 1s", got)
	}
}

// TestStampsOnlyRiseAndOnlySlew tries random clocks: a stamp is later than the one before it, moves at the speed of the
// monotonic clock within 5 %, and where it jumps a majority of the voters reads at least that time.
func TestStampsOnlyRiseAndOnlySlew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &fake{wall: epoch}
		voters := []string{"a", "b", "c", "d", "e"}[:rapid.SampledFrom([]int{1, 2, 3, 4, 5}).Draw(t, "voters")]
		s := NewStamper(f, "a", epoch.Add(rapid.SampledFrom([]time.Duration{0, -time.Hour, time.Hour}).Draw(t, "committed")).UnixNano())
		s.SetVoters(voters)
		before, at := s.Stamp(), f.mono
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			f.pass(time.Duration(rapid.Int64Range(0, int64(10*time.Second)).Draw(t, "elapsed")))
			if rapid.Bool().Draw(t, "step") {
				f.wall = f.wall.Add(time.Duration(rapid.Int64Range(-int64(2*time.Hour), int64(2*time.Hour)).Draw(t, "by")))
			}
			if len(voters) > 1 && rapid.Bool().Draw(t, "hear") {
				off := time.Duration(rapid.Int64Range(-int64(2*time.Hour), int64(2*time.Hour)).Draw(t, "off"))
				s.Observe(rapid.SampledFrom(voters[1:]).Draw(t, "peer"), epoch.Add(f.mono+off), f.mono, f.mono)
			}
			got := s.Stamp()
			elapsed := int64(f.mono - at)
			if got <= before {
				t.Fatalf("stamp %d after %d", got, before)
			}
			if fastest := before + elapsed + elapsed/20; got > fastest+1 {
				agree := 0
				for _, ahead := range s.ahead(got, f.mono) {
					if ahead >= 0 {
						agree++
					}
				}
				if agree*2 < len(voters) || agree == 0 {
					t.Fatalf("jumped by %v with %d of %d clocks there", time.Duration(got-before-elapsed), agree, len(voters))
				}
			}
			if slowest := before + elapsed - elapsed/20; got < slowest {
				t.Fatalf("moved %d in %d", got-before, elapsed)
			}
			before, at = got, f.mono
		}
	})
}

// TestEstimateRunsOn follows a leader's stamps on an own monotonic clock.
func TestEstimateRunsOn(t *testing.T) {
	f := &fake{wall: epoch, mono: time.Minute}
	e := NewEstimate(f)
	f.pass(time.Second)
	if got := e.Now(); got != 0 {
		t.Fatalf("Now() before anything was learned = %d, want 0", got)
	}
	e.Learn(1000)
	f.pass(time.Microsecond)
	e.Learn(1500)
	if got := e.Now(); got != 2000 {
		t.Errorf("Now() = %d, want 2000: a stamp behind the estimate must not set it back", got)
	}
	e.Learn(5000)
	if got := e.Now(); got != 5000 {
		t.Errorf("Now() = %d, want 5000", got)
	}
	e.Replace(10)
	if got := e.Now(); got != 10 {
		t.Errorf("Now() after Replace = %d, want 10", got)
	}
}

// TestBeginOnlyMovesForward starts a stamper that waited for the committed time.
func TestBeginOnlyMovesForward(t *testing.T) {
	f := &fake{wall: epoch.Add(-time.Hour)}
	s := NewStamper(f, "a", 0)
	s.Begin(epoch.UnixNano())
	s.Begin(epoch.Add(-time.Minute).UnixNano())
	f.pass(time.Second)
	if got := time.Unix(0, s.Stamp()).Sub(epoch); got < 950*time.Millisecond || got > 1050*time.Millisecond {
		t.Errorf("a second after Begin the stamp is %v past it", got)
	}
}
