package check

import (
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

const searchLimit = 10 * time.Second

var (
	a0 = history.Content{A: "a0"}
	a1 = history.Content{A: "a1"}
)

func TestSessionsAcceptsWhatOneOrderExplains(t *testing.T) {
	for name, ops := range map[string][]history.Op{
		"a plain life": {
			at(0, 1, create(1, "", 1)), at(2, 3, patch(1, 0, "a1", 2)), at(4, 5, read(1, 0, 2, a1)), at(6, 7, revoke(1, 0)),
			at(8, 9, gone(history.Read, 1, 0)), at(10, 11, refusedWith(sessnode.CodeConflict, create(1, "", 0))),
		},
		"concurrent patch seen early": {
			at(0, 1, create(1, "", 1)), at(2, 9, patch(1, 0, "a1", 2)), at(3, 4, read(1, 0, 2, a1)), at(5, 6, read(1, 0, 2, a1)),
		},
		"unknown patch that lands late": {
			at(0, 1, create(1, "", 1)), at(2, 3, unknown(patch(1, 0, "a1", 0))), at(4, 5, read(1, 0, 1, a0)),
			at(6, 7, read(1, 0, 2, a1)),
		},
		"unknown creation that never lands": {
			at(0, 1, unknown(create(1, "", 0))), at(2, 3, gone(history.Read, 1, 0)),
		},
		"unknown creation whose version is learnt": {
			at(0, 1, unknown(create(1, "", 0))), at(2, 3, read(1, 0, 1, a0)), at(4, 5, patch(1, 0, "a1", 2)),
		},
		"revocation before an unknown creation": {
			at(0, 1, unknown(create(1, "", 0))), at(2, 3, revoke(1, 0)), at(4, 5, gone(history.Read, 1, 0)),
		},
		"the old token answers in grace, and then no more": {
			at(0, 1, create(1, "", 1)), at(2, 3, rotate(1, 0, false, "", 2)), at(4, 5, read(1, 0, 2, a0)),
			at(6, 7, gone(history.Read, 1, 0)), at(8, 9, read(1, 1, 2, a0)),
		},
		"revocation of a subject": {
			at(0, 1, create(1, "ada", 1)), at(2, 3, everyone("ada", -1, 1)), at(4, 5, gone(history.Patch, 1, 0)),
		},
		"the spared session lives": {
			at(0, 1, create(1, "ada", 1)), at(2, 3, everyone("ada", 1, 0)),
			at(4, 5, withSubject("ada", read(1, 0, 1, a0))),
		},
		"counting": {
			at(0, 1, create(1, "", 1)), at(2, 9, incr(1, 2, 3)), at(2, 9, incr(1, 1, 2)),
		},
		"a certain failure without effect": {
			at(0, 1, create(1, "", 1)), at(2, 3, notDone(patch(1, 0, "a1", 0))), at(4, 5, read(1, 0, 1, a0)),
		},
	} {
		if vs := Sessions(ops, searchLimit); len(vs) != 0 {
			t.Errorf("%s: Sessions() = %v, want none", name, vs)
		}
	}
}

func TestSessionsCatches(t *testing.T) {
	slot := at(2, 3, history.Op{Kind: history.Patch, Session: 1, Register: "slot", Value: "p1", Answer: history.Answer{Version: 2}})
	pop := func(version uint64) history.Op {
		return history.Op{Kind: history.Pop, Session: 1, Answer: history.Answer{Version: version, Value: "p1"}}
	}
	for name, ops := range map[string][]history.Op{
		"a lost creation": {at(0, 1, create(1, "", 1)), at(2, 3, gone(history.Read, 1, 0))},
		"a lost update":   {at(0, 1, create(1, "", 1)), at(2, 3, patch(1, 0, "a1", 2)), at(4, 5, read(1, 0, 1, a0))},
		"a stale read": {
			at(0, 1, create(1, "", 1)), at(2, 9, patch(1, 0, "a1", 2)), at(3, 4, read(1, 0, 2, a1)), at(5, 6, read(1, 0, 1, a0)),
		},
		"a value from nowhere":     {at(0, 1, create(1, "", 1)), at(2, 3, read(1, 0, 1, a1))},
		"a ghost after revocation": {at(0, 1, create(1, "", 1)), at(2, 3, revoke(1, 0)), at(4, 5, read(1, 0, 1, a0))},
		"a ghost by late patch":    {at(0, 1, create(1, "", 1)), at(2, 3, revoke(1, 0)), at(4, 5, patch(1, 0, "a1", 2))},
		"a ghost by late creation": {at(0, 1, create(1, "", 1)), at(2, 3, revoke(1, 0)), at(4, 5, create(1, "", 1))},
		"a creation that lands after a revocation": {
			at(0, 1, unknown(create(1, "", 0))), at(2, 3, revoke(1, 0)), at(4, 5, read(1, 0, 1, a0)),
		},
		"the old token after a login": {
			at(0, 1, create(1, "", 1)), at(2, 3, rotate(1, 0, true, "ada", 2)), at(4, 5, read(1, 0, 2, a0)),
		},
		"a ghost after revocation by subject": {
			at(0, 1, create(1, "ada", 1)), at(2, 3, everyone("ada", -1, 1)), at(4, 5, withSubject("ada", read(1, 0, 1, a0))),
		},
		"one increment for two": {at(0, 1, create(1, "", 1)), at(2, 3, incr(1, 1, 2)), at(4, 5, incr(1, 1, 3))},
		"an increment twice":    {at(0, 1, create(1, "", 1)), at(2, 3, incr(1, 2, 2))},
		"a value popped twice":  {at(0, 1, create(1, "", 1)), slot, at(4, 5, pop(3)), at(6, 7, pop(4))},
		"a version that stands still": {
			at(0, 1, create(1, "", 1)), at(2, 3, patch(1, 0, "a1", 1)),
		},
		"a certain failure with effect": {
			at(0, 1, create(1, "", 1)), at(2, 3, notDone(patch(1, 0, "a1", 0))), at(4, 5, read(1, 0, 2, a1)),
		},
		"an unknown patch that comes and goes": {
			at(0, 1, create(1, "", 1)), at(2, 3, unknown(patch(1, 0, "a1", 0))), at(4, 5, read(1, 0, 2, a1)),
			at(6, 7, read(1, 0, 1, a0)),
		},
	} {
		if vs := Sessions(ops, searchLimit); len(vs) != 1 || vs[0].Check != LinearSession {
			t.Errorf("%s: Sessions() = %v, want one %s", name, vs, LinearSession)
		}
	}
}

func TestGivingUpIsAViolation(t *testing.T) {
	ops := []history.Op{at(0, 1, create(1, "", 0))}
	for i := range 40 { // all concurrent, none says its number: too many orders for a nanosecond
		ops = append(ops, at(2, 3+i, unknown(incr(1, 0, 0))))
	}
	ops = append(ops, at(100, 101, read(1, 0, 0, history.Content{A: "a0", Count: 41})))
	vs := Sessions(ops, time.Nanosecond)
	if len(vs) != 1 || !strings.Contains(vs[0].Detail, "INCONCLUSIVE") {
		t.Fatalf("Sessions() = %v, want one inconclusive violation", vs)
	}
}

func withSubject(subject string, op history.Op) history.Op {
	op.Answer.Subject = subject
	return op
}
