package bench

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sessnode/sessnode"
)

func TestSharesOfWorkloadsAreWhole(t *testing.T) {
	for _, w := range Workloads() {
		var counts [operations]int
		for percent := range 100 {
			counts[w.at(percent)]++
		}
		if counts != w.shares {
			t.Errorf("%s: operations at all percents = %v, want %v", w.Name, counts, w.shares)
		}
		if got, err := ParseWorkload(w.Name); err != nil || got != w {
			t.Errorf("ParseWorkload(%q) = %v, %v", w.Name, got, err)
		}
	}
	if _, err := ParseWorkload("write"); err == nil || !strings.Contains(err.Error(), "create, read, patch, touch, mixed") {
		t.Errorf("ParseWorkload(write) = %v, want an error with the names", err)
	}
}

func TestPlansSayAllFaultsAtOnce(t *testing.T) {
	if err := DefaultPlan().Validate(); err != nil {
		t.Errorf("the default plan: %v", err)
	}
	bad := Plan{Clients: []int{0, 5000}, Duration: time.Hour, WarmUp: -1, PayloadBytes: 10, Rate: -1, MostSessions: 1}
	err := bad.Validate()
	for _, want := range []string{"workload", "clients is 0", "clients is 5000", "repeat", "duration is 1h", "warmup", "payload is 10", "sessions is 0", "rate"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v, want it to name %q", err, want)
		}
	}
	long := DefaultPlan()
	long.Duration, long.Repeat = MaxDuration, 99
	if err := long.Validate(); err == nil || !strings.Contains(err.Error(), "99 runs") {
		t.Errorf("Validate of a plan of many hours = %v", err)
	}
}

func TestRoutesAreComparedOneAfterTheOther(t *testing.T) {
	p := DefaultPlan()
	p.Workloads, p.Clients, p.Routes, p.Repeat = Workloads()[:2], []int{1, 16}, []string{"leader", "follower"}, 2
	var got []string
	for _, s := range p.steps() {
		got = append(got, string("0123456789"[s.round])+" "+s.workload.Name+" "+map[int]string{1: "one", 16: "many"}[s.clients]+" "+s.route)
	}
	want := []string{
		"1 create one leader", "1 create one follower", "1 create many leader", "1 create many follower",
		"1 read one leader", "1 read one follower", "1 read many leader", "1 read many follower",
	}
	for _, line := range slices.Clone(want) {
		want = append(want, "2"+line[1:])
	}
	if !slices.Equal(got, want) {
		t.Errorf("order of runs:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestChoosingNodes(t *testing.T) {
	nodes := Nodes{
		{ID: "n3-x", Name: "n3", URL: "http://c", Voter: true, Alive: true},
		{ID: "n2-x", Name: "n2", URL: "http://b", Voter: true, Alive: true, Leader: true},
		{ID: "n1-x", Name: "n1", URL: "http://a", Voter: true, Alive: true},
		{ID: "n4-x", Name: "n4", URL: "http://d", Voter: true},
		{ID: "n5-x", Name: "n5", Voter: true, Alive: true},
		{ID: "n0-x", Name: "n0", URL: "http://f", Alive: true},
	}
	for route, want := range map[string]string{
		"all": "n0,n1,n2,n3", "leader": "n2", "follower": "n1", "followers": "n1,n3",
		"n3": "n3", "n3,n1": "n3,n1", "n2-x": "n2", "http://f": "n0",
		"n4": "error", "n5": "error", "": "error", "n1,": "error", "n1,n1": "error", "n1,n1-x": "error", "Leader": "error",
	} {
		chosen, err := nodes.Choose(route)
		got := strings.Join(names(chosen), ",")
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("Choose(%q) = %s (%v), want %s", route, got, err, want)
		}
	}
	alone := Nodes{{ID: "u", Name: "u", URL: "http://u", Alive: true}}
	if chosen, err := alone.Choose("all"); err != nil || len(chosen) != 1 {
		t.Errorf("Choose(all) without roles = %v, %v", chosen, err)
	}
	for _, route := range []string{"leader", "follower", "followers"} {
		if _, err := alone.Choose(route); err != errNoRoles {
			t.Errorf("Choose(%q) without roles = %v, want %v", route, err, errNoRoles)
		}
	}
	if _, err := (Nodes{nodes[1]}).Choose("follower"); err == nil {
		t.Error("a leader alone has a follower")
	}
}

func TestDistributions(t *testing.T) {
	const n, draws = 100, 200_000
	for _, d := range []Distribution{Uniform, Zipf} {
		if got, err := ParseDistribution(d.String()); err != nil || got != d {
			t.Errorf("ParseDistribution(%q) = %v, %v", d, got, err)
		}
		pick := d.picker(rand.New(rand.NewPCG(1, 2)), n)
		counts := make([]int, n)
		for range draws {
			counts[pick()]++
		}
		first, last := counts[0], counts[n-1]
		switch d {
		case Uniform: // 2000 each; one in a million strays by a tenth
			if slices.Min(counts) < 1700 || slices.Max(counts) > 2300 {
				t.Errorf("uniform: %d to %d of each, want about 2000", slices.Min(counts), slices.Max(counts))
			}
		case Zipf: // 100^1.1 = 158 times as often
			if ratio := float64(first) / float64(last); ratio < 100 || ratio > 250 || slices.Max(counts) != first {
				t.Errorf("zipf: the first is asked for %v times as often as the last, want about 158", ratio)
			}
		}
		if only := d.picker(rand.New(rand.NewPCG(1, 2)), 1); only() != 0 {
			t.Errorf("%v picks something else than the only one", d)
		}
	}
	if _, err := ParseDistribution("normal"); err == nil {
		t.Error("ParseDistribution(normal) succeeds")
	}
}

func TestASeedDecidesWhatIsSentAboutWhichSession(t *testing.T) {
	sequence := func(seed uint64) (list []string) {
		p := planOf(t, "mixed", 1)
		p.Seed = seed
		tokens := []sessnode.Token{"a", "b", "c", "d", "e", "f", "g"}
		w := newWorker(p.steps()[0], p, 3, []Conn{spy{&list}}, tokens, newLedger(1000))
		for range 500 {
			w.do(t.Context())
		}
		return list
	}
	one, again, other := sequence(1), sequence(1), sequence(2)
	if !slices.Equal(one, again) || slices.Equal(one, other) {
		t.Errorf("equal seeds are equal: %v, other seeds are equal: %v, want true, false", slices.Equal(one, again), slices.Equal(one, other))
	}
}

func TestASchedulesStepsAreEvenAndCountedRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.1, 3_000).Draw(t, "rate")
		s := newSchedule(time.Unix(1e9, 0), rate)
		to := s.start.Add(time.Duration(rapid.Int64Range(-1e9, 1e9).Draw(t, "to")))
		n := uint64(0)
		for s.at(n).Before(to) {
			n++
		}
		if got := s.before(to); got != n {
			t.Errorf("before(%v) = %d, counted %d", to, got, n)
		}
		step := s.at(11).Sub(s.at(10)) - time.Duration(float64(time.Second)/rate)
		if step < -2 || step > 2 {
			t.Errorf("a step is %v off", step)
		}
	})
}

func TestBodiesHaveThePayloadThatWasAskedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(minPayload, 5000).Draw(t, "size")
		p := newPayload(rand.New(rand.NewPCG(1, 2)), size)
		var made struct {
			Token, Subject, Idle string
			Attrs                map[string]json.RawMessage
		}
		if err := json.Unmarshal(p.create("the-token", "the-subject"), &made); err != nil {
			t.Fatal(err)
		}
		before := made.Attrs
		made.Attrs = nil
		if err := json.Unmarshal(p.create("the-token", "the-subject"), &made); err != nil {
			t.Fatal(err)
		}
		total := 0
		for name, v := range made.Attrs {
			if slices.Equal(before[name], v) {
				t.Errorf("two sessions have the same %s", name)
			}
		}
		for _, v := range made.Attrs {
			total += len(v)
		}
		if made.Token != "the-token" || made.Subject != "the-subject" || made.Idle != idle || len(made.Attrs) != 4 || total != size {
			t.Errorf("made %+v with %d bytes of values, want %d", made, total, size)
		}
		var one, two struct{ Set map[string]string }
		if json.Unmarshal(p.patch(), &one) != nil || json.Unmarshal(p.patch(), &two) != nil || len(one.Set) != 1 {
			t.Fatal("a patch is no JSON of one attribute")
		}
		for name, v := range one.Set {
			if made.Attrs[name] == nil || `"`+v+`"` == string(made.Attrs[name]) || v == two.Set[name] || len(v)+2 != len(made.Attrs[name]) {
				t.Errorf("patch of %s: %q after %s, want another value of the same size", name, v, made.Attrs[name])
			}
		}
	})
}
