package timeline

import (
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

const ms = time.Millisecond

func write(from, to time.Duration, tries int, outcome history.Outcome) history.Op {
	op := history.Op{Kind: history.Patch, Began: from, Call: from, Return: to, Outcome: outcome, Tries: make([]history.Try, tries)}
	if outcome == history.Done {
		op.Answer.Code = sessnode.OK
	}
	return op
}

func read(from, to time.Duration) history.Op {
	op := write(from, to, 1, history.Done)
	op.Kind = history.Read
	return op
}

func TestSlotsTellHowOperationsEnded(t *testing.T) {
	slots := Slots([]history.Op{
		write(0, 10*ms, 1, history.Done), read(0, 20*ms), write(0, 150*ms, 3, history.Done),
		write(0, 160*ms, 1, history.NotDone), write(0, 170*ms, 2, history.Unknown), write(0, 900*ms, 1, history.Done),
	}, 250*ms)
	if len(slots) != 3 {
		t.Fatalf("%d slots, want 3", len(slots))
	}
	if s := slots[0]; s.OK != 2 || s.Reads != 1 {
		t.Errorf("first slot = %+v, want 2 ok, 1 of them read", s)
	}
	if s := slots[1]; s.OK != 0 || s.Retried != 1 || s.Refused != 1 || s.Unknown != 1 {
		t.Errorf("second slot = %+v, want 1 retried, 1 refused, 1 unknown", s)
	}
}

func TestGapsCountAcknowledgedWritesOnly(t *testing.T) {
	ops := []history.Op{
		write(0, 100*ms, 1, history.Done), read(0, 400*ms), write(0, 500*ms, 1, history.Unknown), write(0, 900*ms, 2, history.Done),
		write(0, 950*ms, 1, history.Done),
	}
	gaps := Gaps(ops, Span{0, 1300 * ms}, 200*ms)
	want := []Span{{100 * ms, 900 * ms}, {950 * ms, 1300 * ms}}
	if len(gaps) != 2 || gaps[0] != want[0] || gaps[1] != want[1] {
		t.Errorf("Gaps() = %v, want %v", gaps, want)
	}
	if got := Gaps(nil, Span{ms, 5 * ms}, 0); len(got) != 1 || got[0] != (Span{ms, 5 * ms}) {
		t.Errorf("Gaps(nothing acknowledged) = %v, want the whole span", got)
	}
	if at, found := FirstWrite(ops, 100*ms); !found || at != 900*ms {
		t.Errorf("FirstWrite(after 100 ms) = %v, %v, want 900ms, true", at, found)
	}
	if _, found := FirstWrite(ops, time.Second); found {
		t.Error("FirstWrite(after the last) found one")
	}
}

func TestAckedWithinNeedsBothEnds(t *testing.T) {
	ops := []history.Op{write(0, 2*ms, 1, history.Done), write(2*ms, 4*ms, 1, history.Done), write(2*ms, 9*ms, 1, history.Done),
		write(2*ms, 4*ms, 1, history.Unknown)}
	if got := AckedWithin(ops, Span{ms, 5 * ms}); got != 1 {
		t.Errorf("AckedWithin = %d, want 1", got)
	}
}

func TestPointsKeepWhatIsSlowOrFailed(t *testing.T) {
	var ops []history.Op
	for i := range 1000 {
		ops = append(ops, write(time.Duration(i)*ms, time.Duration(i+1)*ms, 1, history.Done))
	}
	ops[500].Return += 3 * time.Second
	ops[700].Outcome = history.Unknown
	points := Points(ops, 100)
	if len(points) > 100 {
		t.Fatalf("%d points, want at most 100", len(points))
	}
	slow, doubt := false, false
	for i, p := range points {
		slow = slow || p.TookMS == 3001
		doubt = doubt || p.Outcome == unknown
		if i > 0 && p.AtMS < points[i-1].AtMS {
			t.Fatal("points are not in the order of time")
		}
	}
	if !slow || !doubt {
		t.Errorf("the slowest was kept: %v, the unknown one: %v; want both", slow, doubt)
	}
}

func TestLatenciesAreByPhaseOfTheFirstTry(t *testing.T) {
	ops := []history.Op{write(ms, 3*ms, 1, history.Done), write(4*ms, 30*ms, 2, history.Done), read(12*ms, 13*ms)}
	rows := Latencies(ops, Span{0, 10 * ms}, Span{10 * ms, 20 * ms}, Span{20 * ms, 30 * ms})
	if len(rows) != 2 || rows[0].Count != 2 || rows[0].MaxMS != 26 || rows[0].Kind != "write" || rows[1].Phase != "during" {
		t.Errorf("Latencies() = %+v", rows)
	}
}
