package drill

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/drill/load"
	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/timeline"
)

func TestEveryFaultMustBeFelt(t *testing.T) {
	for _, test := range []struct {
		serves serving
		on     string
		want   amount
	}{
		{served, "n1", acked(windowOps)}, {degraded, "all links", tried(leastTried)}, {standing, "every node", tried(leastTried)},
		{standing, allNodes, amount{}}, {served, allNodes, acked(windowOps)},
	} {
		if got := (Scenario{Serves: test.serves}).usual(test.on); got != test.want {
			t.Errorf("usual(serves %d, on %s) = %+v, want %+v", test.serves, test.on, got, test.want)
		}
	}
	rec := history.NewRecorder()
	rec.Try()
	rec.Try()
	rec.Add(history.Op{Outcome: history.Unknown})
	if got := tried(1).seen(rec, &strike{tried: 1}); got != 1 {
		t.Errorf("tried since one of two = %d, want 1", got)
	}
	if got := acked(1).seen(rec, &strike{}); got != 0 {
		t.Errorf("acknowledged of an unknown one = %d, want 0", got)
	}
}

// evidence is as much as must be there.
func evidence() load.Results {
	seen := load.Results{Late: []check.LateTry{{}}}
	for i := range leastSessions {
		seen.Ops = append(seen.Ops, history.Op{Session: i})
	}
	book := check.Ledger{Incrs: []check.Increment{{Outcome: history.Done}}, Finals: make([]check.LedgerRead, 3)}
	for range leastEntries - 1 {
		book.Entries = append(book.Entries, check.Entry{Outcome: history.Done})
	}
	seen.Ledgers = []check.Ledger{book}
	seen.Expiring = []check.Expiring{{Created: check.Span{Call: time.Second, Return: 2 * time.Second}, Probes: []check.Probe{{Span: check.Span{Return: 6 * time.Second}}}}}
	return seen
}

func TestThinEvidenceIsADoubt(t *testing.T) {
	fault := timeline.Span{From: 5 * time.Second, To: 7 * time.Second}
	if got := thin(evidence(), 3, fault); len(got) > 0 {
		t.Fatalf("thin(enough) = %q, want nothing", got)
	}
	for want, spoil := range map[string]func(*load.Results){
		"sessions were worked on":        func(r *load.Results) { r.Ops[3].Outcome = history.Unknown },
		"nodes showed ledger 0":          func(r *load.Results) { r.Ledgers[0].Finals = r.Ledgers[0].Finals[:2] },
		"changes of ledgers":             func(r *load.Results) { r.Ledgers[0].Incrs[0].Outcome = history.Unknown },
		"late requests":                  func(r *load.Results) { r.Late = nil },
		"lived while the fault held":     func(r *load.Results) { r.Expiring[0].Probes[0].Return = 4 * time.Second },
		"0 changes of ledgers were ackn": func(r *load.Results) { r.Ledgers = nil },
	} {
		seen := evidence()
		spoil(&seen)
		if got := thin(seen, 3, fault); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("thin() = %q, want one about %q", got, want)
		}
	}
}

func TestUnansweredRequestsAreExcusedOnlyForAsLongAsNobodyCouldAnswer(t *testing.T) {
	op := history.Op{Patient: true, Outcome: history.Unknown, Began: 10 * time.Second, Return: 30 * time.Second}
	for _, test := range []struct {
		excused timeline.Span
		want    int
	}{
		{timeline.Span{}, 1},
		{timeline.Span{From: 10 * time.Second, To: 28 * time.Second}, 0},
		{timeline.Span{From: 10 * time.Second, To: 26 * time.Second}, 1},
		{timeline.Span{From: 31 * time.Second, To: 90 * time.Second}, 1},
	} {
		if got := unanswered([]history.Op{op}, []timeline.Span{test.excused}, 3*time.Second); got != test.want {
			t.Errorf("unanswered(excused %v) = %d, want %d", test.excused, got, test.want)
		}
	}
	op.Outcome, op.Answer.Code = history.Done, sessnode.OK
	if got := unanswered([]history.Op{op}, nil, 0); got != 0 {
		t.Errorf("unanswered(an answer) = %d, want 0", got)
	}
}

func TestAGapIsTheMachinesOnlyAsFarAsItStoodStill(t *testing.T) {
	for _, test := range []struct {
		gap, stood time.Duration
		want       result.Verdict
	}{
		{3 * time.Second, 0, result.Pass}, {3001 * time.Millisecond, 0, result.Fail}, {4 * time.Second, time.Second, result.Inconclusive},
		{9 * time.Second, time.Second, result.Fail},
	} {
		if got := gapVerdict(test.gap, 3*time.Second, test.stood); got != test.want {
			t.Errorf("gapVerdict(%v, stood still %v) = %s, want %s", test.gap, test.stood, got, test.want)
		}
	}
}

func TestStallsTellAJumpOfTheClockFromATimeInWhichNothingRan(t *testing.T) {
	s := &stalls{}
	s.learn(stallTick, stallTick)
	s.learn(stallTick+stallBound, stallTick+stallBound) // short enough
	s.learn(stallTick+stallBound+time.Second, stallTick+stallBound+time.Second)
	if s.worst() != stallBound+time.Second || s.total() != s.worst() || s.jump() != 0 {
		t.Errorf("after a stall: worst %v, total %v, jump %v", s.worst(), s.total(), s.jump())
	}
	s.learn(stallTick, stallTick-time.Hour)
	if s.jump() != time.Hour || s.total() != stallBound+time.Second {
		t.Errorf("after a jump back: total %v, jump %v, want %v and 1h", s.total(), s.jump(), stallBound+time.Second)
	}
}

func TestTheReplayOfANightlyDrillHoldsAsLong(t *testing.T) {
	nightly := In(Nightly)
	at := slices.IndexFunc(nightly, func(s Scenario) bool { return s.Name == "leader-kill" })
	for want, r := range map[string]*run{
		"sessnode drill leader-kill --seed 7 --hold 6s": {scenario: nightly[at]},
		"sessnode drill leader-kill --seed 7 --hold 9s": {scenario: nightly[at], cfg: Config{Hold: 9 * time.Second}},
		"sessnode drill leader-kill --seed 7":           {scenario: In(Quick)[0]},
	} {
		hold := r.cfg.Hold
		r.cfg = DefaultConfig()
		r.cfg.Seed, r.cfg.Hold = 7, hold
		if got := r.replay(); got != want {
			t.Errorf("replay() = %q, want %q", got, want)
		}
	}
}
