package demo

import (
	"errors"
	"testing"
	"time"

	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/people"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/sessnodetest"
)

var errOpen = errors.New("no answer")

// at is a moment of a story, in seconds.
func at(s float64) time.Time { return time.Unix(1000, 0).Add(time.Duration(s * float64(time.Second))) }

func one(begun, ended float64, a answer) tried {
	return tried{begun: at(begun), ended: at(ended), answer: a}
}

// expect fails unless a judgement has the outcome that it should.
func expect(t *testing.T, what string, want Outcome) func(Outcome, string) {
	t.Helper()
	return func(got Outcome, detail string) {
		t.Helper()
		if got != want || detail == "" {
			t.Errorf("%s: %v (%s), want %v", what, got, detail, want)
		}
	}
}

func TestAKillThatDidNotLandIsNoFault(t *testing.T) {
	n1, n2 := &local.Node{Name: "n1"}, &local.Node{Name: "n2"}
	good := landed{leader: n1, pid: 7, gone: true, term: 2, agreed: true, successor: n2, next: 3}
	expect(t, "a good kill", Held)(judgeKill(good))
	for what, spoil := range map[string]func(*landed){
		"SIGKILL did not end it":  func(l *landed) { l.killErr = errOpen },
		"its pid is still there":  func(l *landed) { l.gone = false },
		"nobody is sure it led":   func(l *landed) { l.agreed = false },
		"the term did not change": func(l *landed) { l.next = 2 },
		"it leads again":          func(l *landed) { l.successor = n1 },
	} {
		l := good
		spoil(&l)
		expect(t, what, Unjudged)(judgeKill(l))
	}
	l := good
	l.successor = nil
	expect(t, "no new leader", Broken)(judgeKill(l))
}

func TestAgreementOnTheLeaderNeedsAllNodes(t *testing.T) {
	status := func(leader string, term uint64, err error) local.NodeStatus {
		return local.NodeStatus{Status: sessnode.Status{Leader: leader, Term: term}, Err: err}
	}
	if !agreeOnLeader([]local.NodeStatus{status("a", 2, nil), status("a", 2, nil)}, 2) {
		t.Error("two nodes that agree do not")
	}
	for what, second := range map[string]local.NodeStatus{
		"another leader": status("b", 2, nil), "another term": status("a", 3, nil), "no leader": status("", 2, nil), "no answer": status("a", 2, errOpen),
	} {
		if agreeOnLeader([]local.NodeStatus{status("a", 2, nil), second}, 2) {
			t.Errorf("%s counts as agreement", what)
		}
	}
}

func TestAWaitRunsFromTheFirstClickThatWasNotServed(t *testing.T) {
	all := []tried{one(0, 5, served), one(6, 6.1, served), one(7, 8, unclear), one(8, 9, refused), one(9, 9.5, served), one(10, 10.1, served)}
	if longest, whole := longestWait(all, at(6)); longest != 2500*time.Millisecond || !whole {
		t.Errorf("longestWait() = %v, %v; want 2.5s from 7 to 9.5, true", longest, whole)
	}
	if _, whole := longestWait(all[:4], at(6)); whole {
		t.Error("a wait that has not ended counts as whole")
	}
}

func TestTheGapIsBrokenOnlyWhereItDoesNotEnd(t *testing.T) {
	killed := at(1)
	good := []tried{one(0, 0.1, served), one(0.9, 1.4, served), one(2, 2.1, served)}
	expect(t, "half a second", Held)(judgeGap(good, good, killed))
	expect(t, "no look after the kill", Broken)(judgeGap(good[:2], good, killed))
	expect(t, "no write after the kill", Broken)(judgeGap(good, good[:2], killed))
	expect(t, "still waiting", Broken)(judgeGap(append(good, one(3, 4, unclear)), good, killed))
	expect(t, "too long", Broken)(judgeGap(append(good, one(3, 14, served)), good, killed))
	expect(t, "nothing", Broken)(judgeGap(nil, nil, killed))
}

func TestASurvivorMustKnowThePersonForSure(t *testing.T) {
	good := survived{name: "ada", subject: "ada"}
	expect(t, "signed in", Held)(judgeSurvivor(good, "ada"))
	for what, test := range map[string]struct {
		spoil func(*survived)
		want  Outcome
	}{
		"the app says nobody":         {func(s *survived) { s.name = "" }, Broken},
		"the app says somebody else":  {func(s *survived) { s.name = "grace" }, Broken},
		"the store says not found":    {func(s *survived) { s.readErr = sessnode.ErrNotFound }, Broken},
		"the store has somebody else": {func(s *survived) { s.subject = "grace" }, Broken},
		"the app gives no answer":     {func(s *survived) { s.appErr = people.ErrNotServed }, Unjudged},
		"the store gives no answer":   {func(s *survived) { s.readErr = sessnode.ErrUnavailable }, Unjudged},
	} {
		s := good
		test.spoil(&s)
		expect(t, what, test.want)(judgeSurvivor(s, "ada"))
	}
}

func TestEveryAcknowledgedClickMustBeThere(t *testing.T) {
	killed, restarted := at(2), at(4)
	writes := []tried{one(0, 1, served), one(2.5, 3, served), {begun: at(3), ended: at(3.5), answer: unclear, sent: true}, one(3.6, 3.7, unclear)}
	expect(t, "all that were acknowledged", Held)(judgeClicks(writes, killed, restarted, 2))
	expect(t, "and the one that is not known", Held)(judgeClicks(writes, killed, restarted, 3))
	expect(t, "one is lost", Broken)(judgeClicks(writes, killed, restarted, 1))
	expect(t, "one was made twice", Broken)(judgeClicks(writes, killed, restarted, 4))
	expect(t, "none while the node was down", Unjudged)(judgeClicks(writes[:1], killed, restarted, 1))
}

func TestOneFalseLogoutBreaksThePromise(t *testing.T) {
	fine := people.Counts{People: 20, Requests: 100}
	clicks := []tried{one(0, 1, served), one(1, 2, unclear)}
	expect(t, "nobody signed out", Held)(judgePeople(fine, clicks, clicks))
	expect(t, "one of the people", Broken)(judgePeople(people.Counts{People: 20, SignedOut: 1}, clicks, clicks))
	expect(t, "an old cookie", Broken)(judgePeople(people.Counts{People: 20, Ghosts: 1}, clicks, clicks))
	expect(t, "ada, looking", Broken)(judgePeople(fine, []tried{one(0, 1, refused)}, clicks))
	expect(t, "ada, writing", Broken)(judgePeople(fine, clicks, []tried{one(0, 1, refused)}))
	expect(t, "odd answers", Unjudged)(judgePeople(people.Counts{People: 20, Odd: 1}, clicks, clicks))
	expect(t, "no people", Unjudged)(judgePeople(people.Counts{}, clicks, clicks))
}

func TestALogoutMustHoldAgainstWritesUnderWay(t *testing.T) {
	done := at(5)
	fine := []tried{one(4, 4.1, served), one(4.9, 5.1, served), one(5.2, 5.3, refused)}
	expect(t, "refused from then on", Held)(judgeLogout("", nil, fine, done))
	expect(t, "a write begun later was made", Broken)(judgeLogout("", nil, append(fine, one(6, 6.1, served)), done))
	expect(t, "the app still knows her", Broken)(judgeLogout("ada", nil, fine, done))
	expect(t, "no answer of the app", Unjudged)(judgeLogout("", people.ErrNotServed, fine, done))
	expect(t, "no write came later", Unjudged)(judgeLogout("", nil, fine[:2], done))
}

func TestTheOldCookieMustBeNobodysEveryTime(t *testing.T) {
	expect(t, "nobody", Held)(judgeAsked([]asked{{"", nil}, {"", nil}}))
	expect(t, "once she is back", Broken)(judgeAsked([]asked{{"", nil}, {"", errOpen}, {"ada", nil}}))
	expect(t, "once no answer", Unjudged)(judgeAsked([]asked{{"", nil}, {"", errOpen}}))
	expect(t, "never asked", Unjudged)(judgeAsked(nil))
}

// TestTheAttackTellsTheDeadFromTheLiving runs the real requests against a real store: on a session that lives they get in.
func TestTheAttackTellsTheDeadFromTheLiving(t *testing.T) {
	store := sessnodetest.New(t).Client(local.AppName)
	token, _, err := store.Create(t.Context(), client.Create{Subject: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "a session that lives", Broken)(judgeAttack(attack(t.Context(), store, token)))
	token, _, err = store.Create(t.Context(), client.Create{Subject: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Revoke(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	all := attack(t.Context(), store, token)
	expect(t, "a session that was revoked", Held)(judgeAttack(all))
	for i, a := range all {
		spoilt := append([]attacked(nil), all...)
		spoilt[i].got = nil
		expect(t, "late "+a.what+" let in", Broken)(judgeAttack(spoilt))
		spoilt[i].got = sessnode.ErrUnknown
		expect(t, "late "+a.what+" without an answer", Unjudged)(judgeAttack(spoilt))
	}
	expect(t, "not everything was tried", Unjudged)(judgeAttack(all[:3]))
}
