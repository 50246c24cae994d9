package check

import (
	"github.com/sessnode/sessnode/internal/drill/history"
)

// Ledger is what happened to one session that many clients write to and that nobody ends or overwrites: each entry is an
// attribute of its own, and one counter is incremented by all.
type Ledger struct {
	Session int
	Entries []Entry
	Incrs   []Increment
	Finals  []LedgerRead
}

// Entry is one attribute that was written once.
type Entry struct {
	Name    string
	Outcome history.Outcome
}

// Increment is one addition to the counter.
type Increment struct {
	Delta   int64
	Outcome history.Outcome
	Number  int64 // the counter after it, when Done
}

// LedgerRead is what one node showed at the end.
type LedgerRead struct {
	Node   int
	Found  bool
	Names  map[string]bool
	Number int64
}

// Ledgers checks without any search what porcupine checks with one: every acknowledged entry is there on every node, none
// is there that was certainly not made, and the counter is the sum of the acknowledged increments plus at most those in doubt.
func Ledgers(ledgers []Ledger) []Violation {
	var out []Violation
	for _, l := range ledgers {
		for _, final := range l.Finals {
			if !final.Found {
				out = append(out, violation(Lost, "ledger %d is gone on node %d", l.Session, final.Node+1))
				continue
			}
			out = append(out, entries(l, final)...)
			out = append(out, counter(l, final)...)
		}
		out = append(out, distinct(l)...)
	}
	return out
}

func entries(l Ledger, final LedgerRead) []Violation {
	var out []Violation
	for _, e := range l.Entries {
		switch has := final.Names[e.Name]; {
		case !has && e.Outcome == history.Done:
			out = append(out, violation(Lost, "ledger %d: acknowledged %s is not on node %d", l.Session, e.Name, final.Node+1))
		case has && e.Outcome == history.NotDone:
			out = append(out, violation(Lost, "ledger %d: %s is on node %d although it was certainly not done", l.Session,
				e.Name, final.Node+1))
		}
	}
	return out
}

func counter(l Ledger, final LedgerRead) []Violation {
	var acked, doubtful int64
	for _, i := range l.Incrs {
		switch i.Outcome {
		case history.Done:
			acked += i.Delta
		case history.Unknown:
			doubtful += i.Delta
		}
	}
	if final.Number < acked || final.Number > acked+doubtful {
		return []Violation{violation(Counter, "ledger %d on node %d is %d, acknowledged are %d and %d are in doubt", l.Session,
			final.Node+1, final.Number, acked, doubtful)}
	}
	return nil
}

// distinct: two increments that were answered with one number are one increment lost.
func distinct(l Ledger) []Violation {
	seen := map[int64]bool{}
	for _, i := range l.Incrs {
		if i.Outcome != history.Done {
			continue
		}
		if seen[i.Number] {
			return []Violation{violation(Counter, "ledger %d: two increments were answered with %d", l.Session, i.Number)}
		}
		seen[i.Number] = true
	}
	return nil
}

// Pops checks that no value was handed out twice. Values are unique in a run.
func Pops(ops []history.Op) []Violation {
	var out []Violation
	first := map[string]int{}
	for i := range ops {
		op := &ops[i]
		if op.Kind != history.Pop || !op.OK() || op.Answer.Value == "" {
			continue
		}
		if client, again := first[op.Answer.Value]; again {
			out = append(out, violation(PopOnce, "session %d: %s was popped by client %d and by client %d", op.Session,
				op.Answer.Value, client, op.Client))
		}
		first[op.Answer.Value] = op.Client
	}
	return out
}
