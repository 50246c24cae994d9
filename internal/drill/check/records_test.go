package check

import (
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// expect compares the checkers that were violated with those wanted.
func expect(t *testing.T, name string, got []Violation, want ...string) {
	t.Helper()
	names := Names(got)
	for _, w := range want {
		if names[w] == 0 {
			t.Errorf("%s: got %v, want %s", name, got, w)
		}
	}
	if len(names) != len(want) {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

func TestLedgers(t *testing.T) {
	final := func(number int64, names ...string) []LedgerRead {
		has := map[string]bool{}
		for _, n := range names {
			has[n] = true
		}
		return []LedgerRead{{Node: 2, Found: true, Names: has, Number: number}}
	}
	entries := []Entry{{"x1", history.Done}, {"x2", history.Unknown}, {"x3", history.NotDone}}
	incrs := []Increment{{2, history.Done, 2}, {3, history.Done, 5}, {4, history.Unknown, 0}, {8, history.NotDone, 0}}
	ledger := func(finals []LedgerRead) []Ledger {
		return []Ledger{{Session: 7, Entries: entries, Incrs: incrs, Finals: finals}}
	}
	expect(t, "all there", Ledgers(ledger(final(5, "x1"))))
	expect(t, "doubts came true", Ledgers(ledger(final(9, "x1", "x2"))))
	expect(t, "lost entry", Ledgers(ledger(final(5, "x2"))), Lost)
	expect(t, "failed entry took effect", Ledgers(ledger(final(5, "x1", "x3"))), Lost)
	expect(t, "gone", Ledgers(ledger([]LedgerRead{{Node: 1}})), Lost)
	expect(t, "lost increment", Ledgers(ledger(final(3, "x1"))), Counter)
	expect(t, "increment twice", Ledgers(ledger(final(10, "x1"))), Counter)
	expect(t, "one number twice", Ledgers([]Ledger{{Incrs: []Increment{{1, history.Done, 1}, {1, history.Done, 1}}, Finals: final(2)}}), Counter)
}

func TestPops(t *testing.T) {
	pop := func(value string) history.Op {
		return history.Op{Kind: history.Pop, Answer: history.Answer{Value: value}}
	}
	expect(t, "different", Pops([]history.Op{pop("x"), pop("y"), pop(""), pop("")}))
	expect(t, "twice", Pops([]history.Op{pop("x"), pop("y"), pop("x")}), PopOnce)
}

func TestDeadTokens(t *testing.T) {
	all := func(change func(*LateTry)) []LateTry {
		var tries []LateTry
		for node := range 3 {
			for _, kind := range LateAttack() {
				try := LateTry{Session: 1, Node: node, Kind: kind, Code: sessnode.CodeNotFound}
				if kind == history.Create {
					try.Code = sessnode.CodeConflict
				}
				change(&try)
				tries = append(tries, try)
			}
		}
		return tries
	}
	expect(t, "all refused", DeadTokens(all(func(*LateTry) {}), 3))
	for _, kind := range LateAttack() {
		expect(t, "late "+kind.String()+" succeeds at one node", DeadTokens(all(func(try *LateTry) {
			if try.Kind == kind && try.Node == 2 {
				try.Code = sessnode.OK
			}
		}), 3), Dead)
	}
	expect(t, "no answer", DeadTokens(all(func(try *LateTry) {
		if try.Kind == history.Put {
			try.Outcome = history.Unknown
		}
	}), 3), Coverage)
	expect(t, "a node left out", DeadTokens(all(func(*LateTry) {})[6:], 3), Coverage)
}

func TestExpiry(t *testing.T) {
	sec := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	span := func(from, to float64) Span { return Span{sec(from), sec(to)} }
	probe := func(from, to float64, found bool) Probe { return Probe{Span: span(from, to), Found: found} }
	idle := func(probes ...Probe) []Expiring { // active until 1.1 s, promised to 3, enforced at 3 + 1 + 5 = 9.1 at the latest
		return []Expiring{{Idle: sec(2), Created: span(0, 0.1), Activities: []Span{span(1, 1.1)}, Probes: probes}}
	}
	expect(t, "ends between promise and enforcement", Expiry(idle(probe(2.5, 2.6, true), probe(8.8, 9.5, false)), 1))
	expect(t, "ends at the promise", Expiry(idle(probe(3, 3.1, false)), 1))
	expect(t, "ends before the promise", Expiry(idle(probe(2.5, 2.6, false)), 1), Early)
	expect(t, "a minute late", Expiry(idle(probe(60, 60.1, true), probe(70, 70.1, false)), 1), Late)
	expect(t, "sent in time, answered late", Expiry(idle(probe(9, 20, true), probe(20, 20.1, false)), 1))
	expect(t, "served again", Expiry(idle(probe(8, 8.1, false), probe(8.2, 8.3, true), probe(9, 9.1, false)), 1), Late)
	expect(t, "never seen to end", Expiry(idle(probe(2, 2.1, true)), 1), Coverage)

	stray := func(probes ...Probe) []Expiring {
		s := idle(probes...)
		s[0].Stray = true
		return s
	}
	expect(t, "late, but a read of it may have been late", Expiry(stray(probe(60, 60.1, true), probe(70, 70.1, false)), 0))
	expect(t, "early is early, whatever came late", Expiry(stray(probe(2.5, 2.6, false)), 0), Early)
	expect(t, "served again, whatever came late", Expiry(stray(probe(8, 8.1, false), probe(8.2, 8.3, true)), 0), Late)
	expect(t, "what cannot be judged does not count", Expiry(stray(probe(8, 8.1, false)), 1), Coverage)

	life := func(probes ...Probe) []Expiring {
		return []Expiring{{Lifetime: sec(4), Created: span(0, 0.1), Activities: []Span{span(3, 3.1)}, Probes: probes}}
	}
	expect(t, "activity does not extend a lifetime", Expiry(life(probe(3.5, 3.6, true), probe(4.5, 4.6, false)), 1))
	expect(t, "lifetime cut", Expiry(life(probe(2, 2.1, false)), 1), Early)
	expect(t, "lifetime overrun", Expiry(life(probe(6.2, 6.3, true), probe(7, 7.1, false)), 1), Late)

	absolute := []Expiring{{Expires: sec(5), Created: span(0, 0.1), Probes: []Probe{probe(8, 8.1, true), probe(9, 9.1, false)}}}
	expect(t, "absolute end overrun", Expiry(absolute, 1), Late)
}

func TestReplicas(t *testing.T) {
	expect(t, "equal", Replicas([]Replica{{"n1", 9, "aa"}, {"n2", 9, "aa"}}))
	expect(t, "another hash", Replicas([]Replica{{"n1", 9, "aa"}, {"n2", 9, "ab"}}), StateHash)
	expect(t, "behind", Replicas([]Replica{{"n1", 9, "aa"}, {"n2", 8, "aa"}}), StateHash)
	expect(t, "silent", Replicas([]Replica{{"n1", 9, "aa"}, {"n2", 9, ""}}), Coverage)
}

func TestLogs(t *testing.T) {
	log := func(node string, digests ...string) Log {
		l := Log{Node: node, Entries: map[uint64]LogEntry{}}
		for i, d := range digests {
			l.Entries[uint64(i+1)] = LogEntry{Term: 2, Digest: d}
		}
		return l
	}
	expect(t, "equal", Logs([]Log{log("n1", "x", "y"), log("n2", "x", "y")}, 2, 2))
	expect(t, "a tail that was never committed", Logs([]Log{log("n1", "x", "y"), log("n2", "x", "z")}, 1, 1))
	expect(t, "divergence", Logs([]Log{log("n1", "x", "y"), log("n2", "x", "z")}, 2, 2), LogEqual)
	expect(t, "nothing in common", Logs([]Log{log("n1"), log("n2", "x")}, 2, 1), Coverage)
}

func TestQuorums(t *testing.T) {
	stood := []Span{{10 * time.Second, 20 * time.Second}}
	expect(t, "before, across and after", Quorums([]history.Op{at(8, 9, incr(1, 1, 1)), at(9, 11, incr(1, 1, 1)),
		at(12, 21, incr(1, 1, 1)), at(22, 23, incr(1, 1, 1)), at(12, 13, unknown(incr(1, 1, 1)))}, stood))
	expect(t, "a write within", Quorums([]history.Op{at(12, 13, incr(1, 1, 1))}, stood), NoQuorum)
	expect(t, "a read within", Quorums([]history.Op{at(12, 13, read(1, 0, 1, a0))}, stood), NoQuorum)
}
