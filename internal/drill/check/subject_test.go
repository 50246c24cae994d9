package check

import (
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

func TestSubjectsAcceptsWhatOneOrderExplains(t *testing.T) {
	for name, ops := range map[string][]history.Op{
		"two sign in, one is listed while the other is under way": {
			at(0, 1, create(1, "ada", 1)), at(2, 9, create(2, "ada", 1)), at(3, 4, listed("ada", 1)), at(5, 6, listed("ada", 1, 2)),
		},
		"a login binds": {
			at(0, 1, create(1, "", 1)), at(2, 3, rotate(1, 0, true, "ada", 2)), at(4, 5, listed("ada", 1)),
			at(6, 7, everyone("ada", -1, 1)), at(8, 9, listed("ada")),
		},
		"a switch of subject moves": {
			at(0, 1, create(1, "ada", 1)), at(2, 3, rotate(1, 0, true, "bob", 2)), at(4, 5, listed("ada")), at(6, 7, listed("bob", 1)),
		},
		"a switch there and back": {
			at(0, 1, create(1, "ada", 1)), at(2, 3, rotate(1, 0, true, "bob", 2)), at(4, 5, rotate(1, 1, true, "ada", 3)),
			at(6, 7, listed("ada", 1)), at(8, 9, revoke(1, 2)), at(10, 11, listed("ada")), at(12, 13, listed("bob")),
		},
		"a revocation with a powerless token": {
			at(0, 1, create(1, "ada", 1)), at(2, 3, rotate(1, 0, true, "bob", 2)), at(4, 5, revoke(1, 0)), at(6, 7, listed("bob", 1)),
		},
		"an unknown creation shows up later": {
			at(0, 1, unknown(create(1, "ada", 0))), at(2, 3, listed("ada")), at(4, 5, listed("ada", 1)),
		},
		"an unknown revocation": {
			at(0, 1, create(1, "ada", 1)), at(2, 3, unknown(everyone("ada", -1, 0))), at(4, 5, listed("ada", 1)), at(6, 7, listed("ada")),
		},
		"the spared session stays": {
			at(0, 1, create(1, "ada", 1)), at(0, 1, create(2, "ada", 1)), at(2, 3, everyone("ada", 2, 1)), at(4, 5, listed("ada", 2)),
		},
		"a login that was refused": {
			at(0, 1, create(1, "", 1)), at(2, 3, refusedWith(sessnode.CodeNotFound, rotate(1, 0, true, "ada", 0))), at(4, 5, listed("ada")),
		},
	} {
		if vs := Subjects(ops, searchLimit); len(vs) != 0 {
			t.Errorf("%s: Subjects() = %v, want none", name, vs)
		}
	}
}

func TestSubjectsCatches(t *testing.T) {
	for name, ops := range map[string][]history.Op{
		"a session missing from the list": {at(0, 1, create(1, "ada", 1)), at(2, 3, listed("ada"))},
		"a session that outlives everyone": {
			at(0, 1, create(1, "ada", 1)), at(2, 3, everyone("ada", -1, 1)), at(4, 5, listed("ada", 1)),
		},
		"a revoked session still listed": {at(0, 1, create(1, "ada", 1)), at(2, 3, revoke(1, 0)), at(4, 5, listed("ada", 1))},
		"a wrong number of ended":        {at(0, 1, create(1, "ada", 1)), at(0, 1, create(2, "ada", 1)), at(2, 3, everyone("ada", -1, 1))},
		"a list in two steps": {
			at(0, 1, create(1, "ada", 1)), at(2, 3, create(2, "ada", 1)), at(4, 9, revoke(1, 0)), at(5, 6, listed("ada", 2)),
			at(7, 8, listed("ada", 1, 2)),
		},
		"a session that stays with its old subject": {
			at(0, 1, create(1, "ada", 1)), at(2, 3, rotate(1, 0, true, "bob", 2)), at(4, 5, listed("ada", 1)),
		},
	} {
		if vs := Subjects(ops, searchLimit); len(vs) != 1 || vs[0].Check != LinearSubject {
			t.Errorf("%s: Subjects() = %v, want one %s", name, vs, LinearSubject)
		}
	}
}

func TestTooManySessionsOfASubjectAreNoPass(t *testing.T) {
	var ops []history.Op
	for i := range MaxSubjectSessions + 1 {
		ops = append(ops, at(i, i, create(i, "ada", 1)))
	}
	if vs := Subjects(ops, searchLimit); len(vs) != 1 || vs[0].Check != Coverage {
		t.Errorf("Subjects() = %v, want one %s", vs, Coverage)
	}
}
