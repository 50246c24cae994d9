package clock

import (
	"slices"
	"sync"
	"time"

	"github.com/sessnode/sessnode/internal/sabotage"
)

const (
	// slewDivisor bounds how fast cluster time is bent: a twentieth (5 %) of what has passed.
	slewDivisor = 20

	// StepAfter is how far behind the median of the voters' clocks a stamp must be to jump there instead of hurrying.
	// Clocks under NTP agree far better, and a shorter gap is caught up by the slew within 40 seconds.
	StepAfter = 2 * time.Second

	// SampleAge is how long what a peer's clock read stays evidence. A leader asks every few seconds.
	SampleAge = 30 * time.Second
)

// Stamper makes the stamps of one leadership: create one when taking office, forget it when leaving.
//
// It starts from the committed cluster time, and steps forward only once a majority of the voters' clocks were heard and
// agree. It is safe for concurrent use.
type Stamper struct {
	clock Clock
	self  string

	mu     sync.Mutex
	last   int64         // the last stamp given, ns since the epoch
	at     time.Duration // monotonic time of that stamp
	begun  bool          // a stamp was given
	voters []string
	peers  map[string]sample
}

// sample is what a peer's wall clock read, tied to this node's monotonic clock: so a step of this node's own wall clock
// leaves it true.
type sample struct {
	offset int64 // peer's wall clock minus own monotonic clock, ns
	at     time.Duration
}

// NewStamper returns the stamper of a leader called self, whose first stamp is later than start (ns since the epoch): the
// committed cluster time, or the node's Estimate of it, if that is later.
func NewStamper(c Clock, self string, start int64) *Stamper {
	return &Stamper{clock: c, self: self, last: start, at: c.Monotonic(), voters: []string{self}, peers: map[string]sample{}}
}

// SetVoters says whose clocks count. Until it is called only the leader's own does.
func (s *Stamper) SetVoters(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.voters = slices.Clone(ids)
	for id := range s.peers {
		if !slices.Contains(s.voters, id) {
			delete(s.peers, id)
		}
	}
}

// Begin moves the clock forward to start, unless it is past that already. A leader calls it once it knows the committed
// cluster time, before the first Stamp.
func (s *Stamper) Begin(start int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.clock.Monotonic(); start > s.last+int64(now-s.at) {
		s.last, s.at = start, now
	}
}

// Observe records what a peer's wall clock read somewhere between the monotonic times sent and received; the middle counts.
func (s *Stamper) Observe(peer string, wall time.Time, sent, received time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	middle := sent + (received-sent)/2
	s.peers[peer] = sample{offset: wall.UnixNano() - int64(middle), at: received}
}

// Stamp returns the present cluster time, ns since the epoch: later than every stamp before it.
func (s *Stamper) Stamp() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sabotage.On(sabotage.FrozenClock) && s.begun {
		return s.last
	}
	s.begun = true
	now := s.clock.Monotonic()
	elapsed := max(int64(now-s.at), 0)
	even := s.last + elapsed
	gap := pull(s.ahead(even, now), len(s.voters))
	if gap > int64(StepAfter) {
		s.last = even + gap
	} else {
		s.last = max(even+min(max(gap, -elapsed/slewDivisor), elapsed/slewDivisor), s.last+1)
	}
	s.at = now
	return s.last
}

// Behind returns how far the last stamp is behind the median of the voters' clocks (negative = ahead), for the metrics.
func (s *Stamper) Behind() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Monotonic()
	return time.Duration(pull(s.ahead(s.last+max(int64(now-s.at), 0), now), len(s.voters)))
}

// ahead lists how far each voter's wall clock is ahead of even, leaving out those not heard lately.
func (s *Stamper) ahead(even int64, now time.Duration) []int64 {
	list := make([]int64, 0, len(s.voters))
	for _, id := range s.voters {
		if id == s.self {
			list = append(list, s.clock.Wall().UnixNano()-even)
			continue
		}
		if p, heard := s.peers[id]; heard && now-p.at <= SampleAge {
			list = append(list, p.offset+int64(now)-even)
		}
	}
	return list
}

// Heard reports whether the clocks of a majority of the voters, the leader's own included, are known.
func (s *Stamper) Heard() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ahead(s.last, s.clock.Monotonic())) > len(s.voters)/2
}
