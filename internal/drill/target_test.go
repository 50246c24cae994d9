package drill

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/local"
)

// healthy is a cluster of three that may be drilled.
func healthy() examined {
	e := examined{ready: make([]string, 3), apps: []sessnode.AppInfo{{Name: "web", Declared: true}, {Name: "drill-0", Declared: false}}}
	var members []sessnode.Member
	for _, id := range []string{"1", "2", "3"} {
		members = append(members, sessnode.Member{ID: "id" + id, Name: "n" + id, Voter: true, Alive: true})
	}
	for _, m := range members {
		e.nodes = append(e.nodes, local.NodeStatus{Of: &local.Node{Name: m.Name}, Life: local.Running,
			Status: sessnode.Status{Cluster: "c", Node: m.ID, Leader: "id2", Term: 4, Members: members, Bytes: 10, Budget: 100, Drills: true}})
	}
	return e
}

func TestOnlyAFitClusterIsDrilled(t *testing.T) {
	fit := healthy().fitness()
	if unmet := fit.Unmet(); len(unmet) > 0 || fit.Cluster != "c" || fit.Leader != "n2" || fit.Nodes != 3 {
		t.Fatalf("a healthy cluster: %+v", fit)
	}
	for title, spoil := range map[string]func(*examined){
		"every node answers":       func(e *examined) { e.nodes[0].Err, e.ready[0] = errors.New("refused"), "" },
		"all are of one cluster":   func(e *examined) { e.nodes[2].Cluster = "another" },
		"all follow one leader":    func(e *examined) { e.nodes[2].Leader = "id1" },
		"every node is ready":      func(e *examined) { e.ready[1] = "drained" },
		"a node may be lost":       func(e *examined) { e.nodes[1].Members = e.nodes[1].Members[:2] },
		"every node allows drills": func(e *examined) { e.nodes[2].Drills = false },
		"no other drill is under way": func(e *examined) {
			e.apps = append(e.apps, sessnode.AppInfo{Name: "drill-ab12", Declared: true})
		},
		"there is room for sessions": func(e *examined) { e.nodes[0].Bytes = 81 },
	} {
		e := healthy()
		spoil(&e)
		unmet := e.fitness().Unmet()
		if len(unmet) != 1 || unmet[0].Title != title || unmet[0].Cure == "" || unmet[0].Seen == "" {
			t.Errorf("%s: unmet are %+v, want this one with its cure", title, unmet)
		}
	}
}

func TestWhoIsOnTheWayInOrOutForbidsADrill(t *testing.T) {
	for want, spoil := range map[string]func(*sessnode.Member){
		"n3: joining, or leaving": func(m *sessnode.Member) { m.Voter = false },
		"n3: not alive by gossip": func(m *sessnode.Member) { m.Alive = false },
	} {
		e := healthy()
		e.nodes[1].Members = append([]sessnode.Member{}, e.nodes[1].Members...)
		spoil(&e.nodes[1].Members[2])
		if unmet := e.fitness().Unmet(); len(unmet) != 1 || unmet[0].Seen != want {
			t.Errorf("unmet are %+v, want %q", unmet, want)
		}
	}
}

func TestADroppedAppIsNoDrill(t *testing.T) {
	apps := []sessnode.AppInfo{{Name: "drill-1"}, {Name: "drill-2", Sessions: 1}, {Name: "drill-3", Declared: true}, {Name: "web", Declared: true}}
	if got := strings.Join(drillApps(apps), " "); got != "drill-2 drill-3" {
		t.Errorf("drillApps() = %s, want those that are declared or have sessions", got)
	}
}

func TestWhatIsOwedStaysUntilItIsUndone(t *testing.T) {
	var done []string
	broken := errors.New("no node answers")
	fails := true
	o := &Owed{}
	o.Enter("drop", func(context.Context) error { done = append(done, "drop"); return nil })
	o.Enter("undrain", func(context.Context) error {
		if fails {
			return broken
		}
		done = append(done, "undrain")
		return nil
	})
	if got := strings.Join(o.Commands(), " "); got != "undrain drop" {
		t.Errorf("Commands() = %q, want the newest first", got)
	}
	if err := o.settleAll(); !errors.Is(err, broken) || !strings.Contains(err.Error(), "undrain") {
		t.Errorf("settleAll() = %v, want %v with the command", err, broken)
	}
	if got := strings.Join(o.Commands(), " "); got != "undrain" {
		t.Errorf("Commands() = %q, want what could not be undone", got)
	}
	fails = false
	if err := o.settleAll(); err != nil || len(o.Commands()) > 0 || strings.Join(done, " ") != "drop undrain" {
		t.Errorf("settleAll() = %v, left %q, done %q", err, o.Commands(), done)
	}
}

func TestAHandIsSeenByWhatIsNotAsBefore(t *testing.T) {
	before := glance{nodes: 3, leader: "n1", term: 4, wrong: map[string]string{"n3": "is not ready: storage"}}
	for _, test := range []struct {
		now      glance
		what, on string
	}{
		{before, "", ""},
		{glance{nodes: 3, term: 5, wrong: before.wrong}, "", ""}, // an election: nobody leads yet
		{glance{nodes: 3, leader: "n2", term: 5, wrong: before.wrong}, "n2 leads in term 5, after n1 in term 4", "n1"},
		{glance{nodes: 3, leader: "n1", term: 4, wrong: map[string]string{"n2": "gives no answer"}}, "n2 gives no answer", "n2"},
		{glance{nodes: 3, leader: "n2", term: 5, wrong: map[string]string{"n1": "is not ready: drained"}}, "n1 is not ready: drained", "n1"},
	} {
		if what, on := test.now.differs(before); what != test.what || on != test.on {
			t.Errorf("%+v differs by %q on %q, want %q on %q", test.now, what, on, test.what, test.on)
		}
	}
}

func TestTimeWithoutAMajorityReachesFromTheLastLookToTheNext(t *testing.T) {
	l := lostMajority{able: 1}
	for _, look := range []struct {
		from, to time.Duration
		lost     bool
	}{{2, 3, false}, {4, 5, true}, {6, 7, true}, {8, 9, false}, {10, 11, true}, {12, 13, false}} {
		l.look(look.from, look.to, look.lost)
	}
	if len(l.spans) != 2 || l.spans[0].From != 2 || l.spans[0].To != 9 || l.spans[1].From != 8 || l.spans[1].To != 13 {
		t.Errorf("spans are %v, want 2 to 9 and 8 to 13", l.spans)
	}
	for silent, want := range map[int]bool{0: false, 1: false, 2: true, 3: true} {
		if got := (glance{nodes: 3, silent: silent}).noMajority(); got != want {
			t.Errorf("%d of 3 silent: no majority %v, want %v", silent, got, want)
		}
	}
	if (glance{nodes: 4, silent: 1}).noMajority() || !(glance{nodes: 4, silent: 2}).noMajority() {
		t.Error("of four nodes one may be lost, and not two")
	}
}

func TestTheReportOfALiveDrillSaysWhatWasOutOfReach(t *testing.T) {
	step, _ := Named("step-down")
	cfg := DefaultConfig()
	cfg.Seed, cfg.Nodes, cfg.Budget = 7, 4, TargetBudget
	cfg.Target = &Target{ID: "c0ffee", URL: "https://a,https://b", Flags: "--ca-file ca.crt", Limit: TargetLimit, Owed: &Owed{}}
	if err := cfg.Validate(); err != nil {
		t.Errorf("Validate(four nodes of a live cluster) = %v", err)
	}
	r := &run{cfg: cfg, scenario: step}
	r.begin()
	if want := "sessnode drill step-down --target https://a --ca-file ca.crt --seed 7"; r.result.Replay != want {
		t.Errorf("replay = %q, want %q", r.result.Replay, want)
	}
	if env := r.result.Environment; env.Target != "c0ffee" || env.Profile != "" || env.ElectMS != 0 {
		t.Errorf("environment = %+v: claims what is not known", env)
	}
	if all := strings.Join(r.result.Limits, " "); !strings.Contains(all, "out of reach") || strings.Contains(all, "one disk") {
		t.Errorf("limits = %q", all)
	}
	cfg.Target.Limit = time.Second
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "--max-duration") {
		t.Errorf("Validate(a second) = %v", err)
	}
}

func TestADrillThatTookTooLongIsInDoubt(t *testing.T) {
	r := &run{cfg: Config{Target: &Target{Limit: time.Nanosecond}, Observer: Silent{}}}
	playing, stop := r.bounded(t.Context())
	defer stop()
	<-playing.Done()
	if !r.tooLong(playing) || r.result.Judge() == result.Pass || len(r.result.Doubts) != 1 {
		t.Errorf("after its limit: doubts %q, verdict %s", r.result.Doubts, r.result.Judge())
	}
	other, cancel := r.bounded(t.Context())
	cancel()
	r.cfg.Target.Limit = time.Hour
	if other, cancel = r.bounded(t.Context()); r.tooLong(other) {
		t.Error("a drill within its limit took too long")
	}
	cancel()
	if r.tooLong(other) {
		t.Error("a drill that was interrupted took too long")
	}
}

func TestNobodysHandsAreNeededInASuite(t *testing.T) {
	live := 0
	for _, s := range Scenarios() {
		if s.Live {
			live++
		}
		for _, suite := range Suites() {
			if s.ByHand && s.In(suite) {
				t.Errorf("%s is in %s", s.Name, suite)
			}
		}
	}
	if live != 3 {
		t.Errorf("%d scenarios may be played on a live cluster, want step-down, drain and by-hand", live)
	}
	hand, _ := Named("by-hand")
	if _, _, err := Run(t.Context(), hand, DefaultConfig()); err == nil {
		t.Error("by-hand was played on a cluster of its own")
	}
	kill, _ := Named("leader-kill")
	cfg := DefaultConfig()
	cfg.Target = &Target{Limit: TargetLimit}
	if _, _, err := Run(t.Context(), kill, cfg); err == nil {
		t.Error("leader-kill was played on a live cluster")
	}
}
