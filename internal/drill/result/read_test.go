package result

import (
	"testing"
	"time"
)

func TestOneInconclusiveDrillKeepsASuiteFromPassing(t *testing.T) {
	of := func(vs ...Verdict) []Result {
		all := make([]Result, len(vs))
		for i, v := range vs {
			all[i].Verdict = v
		}
		return all
	}
	for _, c := range []struct {
		name string
		all  []Result
		want Verdict
	}{
		{"none was played", nil, Inconclusive},
		{"all passed", of(Pass, Pass), Pass},
		{"one is in doubt", of(Pass, Inconclusive, Pass), Inconclusive},
		{"one has no verdict", of(Pass, ""), Inconclusive},
		{"one failed", of(Inconclusive, Fail, Pass), Fail},
	} {
		if got := Overall(c.all); got != c.want {
			t.Errorf("%s: Overall() = %s, want %s", c.name, got, c.want)
		}
	}
}

func TestASlotIsAsGoodAsWhatWasAcknowledgedInIt(t *testing.T) {
	for _, c := range []struct {
		slot Slot
		want Served
	}{
		{Slot{OK: 3}, Fully},
		{Slot{OK: 3, Retried: 1}, Partly},
		{Slot{OK: 3, Unknown: 1}, Partly},
		{Slot{Retried: 1, Refused: 9}, Partly},
		{Slot{}, Silent},
		{Slot{Refused: 1}, Refusing},
		{Slot{Refused: 5, Unknown: 1}, Unsure},
	} {
		if got := c.slot.Served(); got != c.want {
			t.Errorf("%+v.Served() = %d, want %d", c.slot, got, c.want)
		}
	}
}

func TestGapTellsItsLengthAndWhetherItIsSplit(t *testing.T) {
	g := Gap{FromMS: 100.5, ToMS: 1480.5}
	if g.Length() != 1380*time.Millisecond || g.Split() {
		t.Errorf("%+v: Length() = %v, Split() = %v, want 1.38s, false", g, g.Length(), g.Split())
	}
	if g.DetectMS = 1; !g.Split() {
		t.Errorf("%+v: Split() = false, want true", g)
	}
}

func TestFindTellsAMissingCheckFromAFailedOne(t *testing.T) {
	r := Result{Checks: []Check{{Name: "a", Verdict: Fail}, {Name: "b", Verdict: Pass}}}
	if c, found := r.Find("a"); !found || c.Verdict != Fail {
		t.Errorf("Find(a) = %+v, %v", c, found)
	}
	if _, found := r.Find("c"); found {
		t.Error("Find(c) found a check that is not there")
	}
	if got := r.Held(); got != 1 {
		t.Errorf("Held() = %d, want 1", got)
	}
}
