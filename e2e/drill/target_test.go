//go:build e2e

package drill

import (
	"strings"
	"syscall"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/sabotage"
)

// TestALiveClusterIsDrilled plays what may be played, and finds the cluster as it was.
func TestALiveClusterIsDrilled(t *testing.T) {
	s := newLiveSite(t, ordinary)
	p := s.play("step-down", "drain", "--confirm", s.id, "--seed", seed(t), "--people", "8")
	if p.exit != passed || len(p.results) != 2 {
		t.Fatalf("exit %d, want %d and two results:\n%s%s", p.exit, passed, p.out, p.err)
	}
	for _, r := range p.results {
		if len(r.Checks) < 10 || r.Counts.Acked < 500 || r.Counts.LateTries == 0 || len(r.Faults) == 0 || r.Environment.Target != s.id {
			t.Errorf("%s: %d checks, %+v, %d faults, of %q: the report is thin", r.Scenario, len(r.Checks), r.Counts, len(r.Faults), r.Environment.Target)
		}
		if c, judged := r.Find("tokens"); judged {
			t.Errorf("%s judged the tokens in files that are out of reach: %+v", r.Scenario, c)
		}
	}
	noKey(t, p)
	s.untouched()
}

// TestWhatAnOperatorDoesIsJudged: the leader is killed and started again by hand; and nothing at all is done.
func TestWhatAnOperatorDoesIsJudged(t *testing.T) {
	t.Parallel() // it waits more than it works
	s := newLiveSite(t, ordinary)
	r := s.start("by-hand", "--confirm", s.id, "--seed", seed(t), "--people", "8")
	r.await("your turn")
	if err := s.Nodes[1].Kill(); err != nil {
		t.Fatal(err)
	}
	r.await("by hand n2")
	if err := s.Nodes[1].Start(); err != nil {
		t.Fatal(err)
	}
	if exit := r.end(); exit != passed {
		t.Errorf("exit %d, want %d:\n%s", exit, passed, r.told())
	}
	p := s.play("by-hand", "--confirm", s.id, "--seed", seed(t), "--people", "8", "--hold", "2s")
	if p.exit != inconclusive || !strings.Contains(strings.Join(p.results[0].Doubts, " "), "nothing was seen to happen") {
		t.Errorf("nobody did anything, exit %d, want %d:\n%s", p.exit, inconclusive, p.out)
	}
	s.untouched()
}

// TestALiveClusterThatIsBrokenFails: also from outside, dead sessions that come back are seen.
func TestALiveClusterThatIsBrokenFails(t *testing.T) {
	t.Setenv("SESSNODE_SABOTAGE", string(sabotage.Resurrect))
	s := newLiveSite(t, broken)
	p := s.play("step-down", "--confirm", s.id, "--seed", seed(t), "--people", "8")
	ghosts, _ := p.results[0].Find("ghosts")
	if p.exit != failed || ghosts.Verdict != result.Fail {
		t.Errorf("exit %d, want %d, and ghosts are %+v:\n%s", p.exit, failed, ghosts, p.out)
	}
	s.untouched()
}

// TestALiveClusterIsLeftAloneUnlessAllAgree: every node, whoever drills it already, and who typed its id.
func TestALiveClusterIsLeftAloneUnlessAllAgree(t *testing.T) {
	t.Run("a node forbids it", func(t *testing.T) {
		s := newLiveSite(t, ordinary, "n3")
		s.refused(5, "every node allows drills", "step-down", "--confirm", s.id)
	})
	s := newLiveSite(t, ordinary)
	s.refused(2, "not the id of this cluster", "step-down", "--confirm", strings.Repeat("0", 32))
	s.refused(2, "no terminal to ask at", "step-down")
	s.refused(2, "only what ends by itself", "leader-kill", "--confirm", s.id)
	s.refused(0, "dry run: nothing was changed", "drain", "--dry-run")

	other := s.client.In("drill-ab12")
	if _, err := other.PutPolicy(t.Context(), sessnode.DefaultPolicy()); err != nil {
		t.Fatal(err)
	}
	s.refused(5, "sessnode app drop drill-ab12 --yes", "step-down", "--confirm", s.id)
	if _, err := other.DropApp(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.refused(0, "dry run", "step-down", "--dry-run")
	if out, code := s.verb("node", "drain", "n2", "--url", s.urls); code != 0 {
		t.Fatal(out)
	}
	s.refused(5, "n2: drained", "step-down", "--confirm", s.id)
	if out, code := s.verb("node", "undrain", "n2", "--url", s.urls); code != 0 {
		t.Fatal(out)
	}
	s.untouched()
}

// TestOfTwoDrillsAtOnceOneGivesWay, or both do: they would hurt each other's nodes.
func TestOfTwoDrillsAtOnceOneGivesWay(t *testing.T) {
	t.Parallel() // it waits more than it works
	s := newLiveSite(t, ordinary)
	one := s.start("step-down", "--confirm", s.id, "--seed", seed(t), "--people", "4")
	two := s.start("step-down", "--confirm", s.id, "--seed", seed(t), "--people", "4")
	first, second := one.end(), two.end()
	if first == passed && second == passed {
		t.Errorf("both were played:\n%s\n%s", one.told(), two.told())
	}
	for _, r := range []*running{one, two} {
		text := r.told()
		if exit := r.ProcessState.ExitCode(); exit != passed && !strings.Contains(text, "another drill has begun") && !strings.Contains(text, "no other drill is under way") {
			t.Errorf("exit %d, and not because of the other:\n%s", exit, text)
		}
	}
	s.untouched()
}

// TestADrillEndsAfterItsLimit: whoever hurt a node by hand has gone away.
func TestADrillEndsAfterItsLimit(t *testing.T) {
	t.Parallel() // it waits more than it works
	s := newLiveSite(t, ordinary)
	r := s.start("by-hand", "--confirm", s.id, "--seed", seed(t), "--people", "4", "--max-duration", "30s", "--hold", "20s")
	r.await("your turn")
	if err := s.Nodes[2].Kill(); err != nil {
		t.Fatal(err)
	}
	if exit := r.end(); exit != inconclusive || !strings.Contains(r.told(), "ended after 30s (--max-duration)") || strings.Contains(r.told(), "not undone yet") {
		t.Errorf("exit %d, want %d and the reason:\n%s", exit, inconclusive, r.told())
	}
	if err := s.Nodes[2].Start(); err != nil {
		t.Fatal(err)
	}
	s.untouched()
}

// refused demands that a drill ends so, says so, and has changed nothing.
func (s *liveSite) refused(exit int, says string, args ...string) {
	s.t.Helper()
	before := s.state()
	out, got := s.verb(append([]string{"drill", "--target", s.urls, "--out", s.t.TempDir()}, args...)...)
	if got != exit || !strings.Contains(out, says) {
		s.t.Errorf("drill %v exits with %d, want %d and %q in:\n%s", args, got, exit, says, out)
	}
	if after := s.state(); after != before {
		s.t.Errorf("drill %v changed the cluster", args)
	}
}

// TestADrillThatIsInterruptedHeals: Ctrl-C while a node is drained.
func TestADrillThatIsInterruptedHeals(t *testing.T) {
	t.Parallel() // it waits more than it works
	s := newLiveSite(t, ordinary)
	r := s.start("drain", "--confirm", s.id, "--seed", seed(t), "--people", "4", "--hold", "20s")
	r.await("  drain n") // it has landed; "undrain n" is said before
	if err := r.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if exit := r.end(); exit != 130 || !strings.Contains(r.told(), "interrupted") || strings.Contains(r.told(), "not undone yet") {
		t.Errorf("exit %d, want 130:\n%s", exit, r.told())
	}
	for _, n := range s.Nodes { // at once, and not because the drain has ended by itself
		if out, code := s.verb("check", "--url", "https://"+n.HTTPAddr); code != 0 {
			t.Errorf("%s after the drill: %s", n.Name, out)
		}
	}
	s.untouched()
}

// TestASecondCtrlCTellsWhatIsLeft: the nodes hang, so that nothing can be undone.
func TestASecondCtrlCTellsWhatIsLeft(t *testing.T) {
	t.Parallel() // it waits more than it works
	s := newLiveSite(t, ordinary)
	r := s.start("drain", "--confirm", s.id, "--seed", seed(t), "--people", "4", "--hold", "20s")
	r.await("  drain n") // it has landed; "undrain n" is said before
	for _, n := range s.Nodes {
		if err := n.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r.await("interrupted")
	if err := r.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if exit := r.end(); exit != 130 {
		t.Errorf("exit %d, want 130", exit)
	}
	_, left, _ := strings.Cut(r.told(), "not undone yet; by hand:\n")
	if !strings.Contains(left, "sessnode node undrain n") || strings.Count(left, "sessnode app drop drill-") != 2 {
		t.Errorf("the second Ctrl-C tells %q of:\n%s", left, r.told())
	}
	for _, n := range s.Nodes {
		if err := n.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(left) {
		_, command, _ := strings.Cut(strings.TrimSpace(line), "sessnode ")
		await(t, "the command to work", func() error { return s.works(strings.Fields(command)) })
	}
	s.untouched()
}

// TestANodeWorksAgainAfterItsDrillWasKilled: nobody is left to undo anything, and what is owed was told before.
func TestANodeWorksAgainAfterItsDrillWasKilled(t *testing.T) {
	t.Parallel() // it waits more than it works
	s := newLiveSite(t, ordinary)
	r := s.start("drain", "--confirm", s.id, "--seed", seed(t), "--people", "4")
	r.await("  drain n") // it has landed; "undrain n" is said before
	if err := r.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = r.end()
	who := r.command("node undrain")[2]
	if out, code := s.verb("status", "--url", s.urls); code != 1 || !strings.Contains(out, "drained") {
		t.Errorf("after the drill was killed: status exits with %d, want 1 and a drained node:\n%s", code, out)
	}
	s.awaitReady() // within leftLimit: by itself
	t.Log(who, "works again")
	s.refused(5, "sessnode app drop drill-", "drain", "--confirm", s.id)
	for range 2 {
		out, _ := s.verb("drill", "drain", "--dry-run", "--target", s.urls)
		_, command, _ := strings.Cut(out, "goes with: sessnode ")
		command, _, _ = strings.Cut(command, "\n")
		if err := s.works(append(strings.Fields(command), "--url", s.urls)); err != nil {
			t.Error(err)
		}
	}
	s.untouched()
}
