package nodelog

import (
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode/internal/drill/timeline"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func lines(t *testing.T, node, text string) []Line {
	t.Helper()
	all, err := Read(strings.NewReader(text), node, start)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLinesGetTheirPlaceInTime(t *testing.T) {
	a := lines(t, "n1", "time=2026-01-02T03:04:05.500Z level=INFO msg=starting\ngoroutine 1 [running]:\n"+
		"time=2026-01-02T03:04:07.000Z level=WARN msg=late\n")
	b := lines(t, "n2", "time=2026-01-02T03:04:06.000Z level=INFO msg=\"took office\" term=3\n")
	all := Merge(a, b)
	want := []Line{{500 * time.Millisecond, "n1", "level=INFO msg=starting"}, {500 * time.Millisecond, "n1", "goroutine 1 [running]:"},
		{time.Second, "n2", `level=INFO msg="took office" term=3`}, {2 * time.Second, "n1", "level=WARN msg=late"}}
	for i := range want {
		if all[i] != want[i] {
			t.Errorf("line %d = %+v, want %+v", i, all[i], want[i])
		}
	}
	in := Around(all, []timeline.Span{{From: 900 * time.Millisecond, To: 3 * time.Second}}, 1)
	if len(in) != 1 || in[0].Node != "n2" {
		t.Errorf("Around(limit 1) = %+v, want the line that says who leads", in)
	}
}

func TestElectionIsTheFirstAfterTheFault(t *testing.T) {
	all := lines(t, "n2", `time=2026-01-02T03:04:05.100Z level=INFO msg="took office" term=2
time=2026-01-02T03:04:06.000Z level=INFO msg="entering candidate state" term=3
time=2026-01-02T03:04:06.100Z level=INFO msg="entering candidate state" term=4
time=2026-01-02T03:04:06.200Z level=INFO msg="took office" term=4
`)
	asked, office, found := Election(all, 500*time.Millisecond, time.Minute)
	if !found || asked != time.Second || office != 1200*time.Millisecond {
		t.Errorf("Election() = %v, %v, %v, want 1s, 1.2s, true", asked, office, found)
	}
	if _, _, found := Election(all, 2*time.Second, time.Minute); found {
		t.Error("Election() found one after the last")
	}
	if _, _, found := Election(all, 0, 50*time.Millisecond); found {
		t.Error("Election() found one after the end")
	}
}

func TestAnOverlongLineIsCut(t *testing.T) {
	all := lines(t, "n1", "time=2026-01-02T03:04:05.500Z "+strings.Repeat("é", 1000))
	if got := len(all[0].Text); got > maxText+3 {
		t.Errorf("%d bytes, want at most %d", got, maxText)
	}
}
