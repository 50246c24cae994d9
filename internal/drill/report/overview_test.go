package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/result/resulttest"
)

func TestColumnsThatLookTheSameAreDrawnAsOne(t *testing.T) {
	r := result.Result{SlotMS: 100}
	for i := range 600 {
		r.Slots = append(r.Slots, result.Slot{OK: 20 + i%7})
	}
	r.Slots[300] = result.Slot{Refused: 3}
	var c canvas
	strip(&c, columnsOf(&r, mostColumns), axis{60000}, 0, 50)
	if got := strings.Count(c.b.String(), "<rect"); got != 3 {
		t.Errorf("a strip with one bad slot has %d rectangles, want 3", got)
	}
	if want := `<rect class="s-refused" x="50%" width="0.17%" y="0" height="50"/>`; !strings.Contains(c.b.String(), want) {
		t.Errorf("the bad slot is not %s", want)
	}
}

func TestASingleOperationOfMillionsIsSeen(t *testing.T) {
	for _, s := range []result.Slot{{OK: 5000, Unknown: 1}, {OK: 1, Retried: 1, Refused: 1, Unknown: 9999}, {OK: 1}, {Retried: 7, Refused: 7, Unknown: 7}} {
		parts, sum := shares(s), 0
		for i, n := range []int{s.OK, s.Retried, s.Refused, s.Unknown} {
			sum += parts[i]
			if (n > 0) != (parts[i] > 0) {
				t.Errorf("shares(%+v) = %v: %s is there and not drawn, or not there and drawn", s, parts, kinds[i])
			}
		}
		if sum != shareSteps {
			t.Errorf("shares(%+v) = %v fill %d of %d", s, parts, sum, shareSteps)
		}
	}
	if got := shares(result.Slot{}); got != [4]int{} {
		t.Errorf("shares(nothing) = %v", got)
	}
}

func TestALongDrillIsDrawnInFewColumnsAndLosesNothing(t *testing.T) {
	r := result.Result{SlotMS: 100, Slots: make([]result.Slot, 36001)}
	for i := range r.Slots {
		r.Slots[i].OK = 1
	}
	columns, sum := columnsOf(&r, mostColumns), 0
	for _, c := range columns {
		sum += c.slot.OK
	}
	if len(columns) > mostColumns || sum != len(r.Slots) || columns[len(columns)-1].to != 3600100 {
		t.Errorf("%d columns with %d operations until %v, want at most %d with %d", len(columns), sum, columns[len(columns)-1].to, mostColumns, len(r.Slots))
	}
}

func TestAllDrawingsShareOneAxis(t *testing.T) {
	r := resulttest.Passed()
	a := axis{endOf(&r)}
	edge := fmt.Sprintf(`class="edge" x1="%s"`, percent(a.at(r.Faults[0].FromMS)))
	for name, c := range map[string]chart{"overview": overview(&r, a), "scatter": scatter(&r, a), "applied": applied(&r, a)} {
		if !strings.Contains(string(c.Plot), edge) {
			t.Errorf("%s does not mark the fault at %s", name, edge)
		}
	}
}

// TestLengthsOfWindowsDoNotLieOnEachOther crowds windows, and finds their labels apart.
func TestLengthsOfWindowsDoNotLieOnEachOther(t *testing.T) {
	r := result.Result{SlotMS: 100, Slots: make([]result.Slot, 600)}
	for _, from := range []float64{100, 9000, 9600, 10200, 30000, 33000, 59700} {
		r.Windows = append(r.Windows, result.Window{FromMS: from, ToMS: from + 250, During: "x"})
	}
	var c canvas
	windows(&c, &r, axis{60000})
	var taken [][2]float64
	for _, m := range regexp.MustCompile(`class="length" x="([0-9.]+)%" y="[0-9.]+" text-anchor="(start|end)"`).FindAllStringSubmatch(c.b.String(), -1) {
		x, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		span := [2]float64{x, x + labelWidth - 0.6}
		if m[2] == "end" {
			span = [2]float64{x - labelWidth + 0.6, x}
		}
		for _, other := range taken {
			if span[0] < other[1] && span[1] > other[0] {
				t.Errorf("labels at %v and %v lie on each other", span, other)
			}
		}
		taken = append(taken, span)
	}
	if len(taken) < 4 {
		t.Errorf("%d of 7 windows have a label", len(taken))
	}
	if got := strings.Count(c.b.String(), "<title>no write for 250 ms"); got != 7 {
		t.Errorf("%d windows are marked, want 7", got)
	}
}

func TestLinesOfALogStandWithTheNearestEvent(t *testing.T) {
	r := resulttest.Passed()
	groups := logGroups(&r)
	if len(groups) != 2 || len(groups[0].Lines) != 6 || len(groups[1].Lines) != 3 || !groups[0].Open || groups[1].Open {
		t.Errorf("groups = %+v, want 6 lines at the fault and 3 where it was healed", groups)
	}
	if got := groups[0].Lines[0].Since; got != "-1.80 s" {
		t.Errorf("the first line is %q from the fault, want -1.80 s", got)
	}
}
