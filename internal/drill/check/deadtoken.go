package check

import (
	"fmt"
	"sort"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// LateTry is one request with a token that must be dead.
type LateTry struct {
	Session, Token int
	Node           int
	Kind           history.Kind
	Outcome        history.Outcome
	Code           sessnode.Code
}

// lateKinds is what every dead token is attacked with at every node. The second read comes after all other attacks.
var lateKinds = [...]history.Kind{
	history.Create, history.Patch, history.Put, history.Touch, history.Rotate, history.Read,
}

// LateAttack lists what a dead token is attacked with, in this order, and the answer that each must get.
func LateAttack() []history.Kind { return append([]history.Kind(nil), lateKinds[:]...) }

// DeadTokens checks that every attack was refused: a late create with a conflict, everything else with not found. A token
// that was not attacked with every kind at every one of nodes, or an attack without a definite answer, is a violation too.
func DeadTokens(tries []LateTry, nodes int) []Violation {
	type token struct{ session, token int }
	done := map[token]map[string]bool{}
	var out []Violation
	for _, t := range tries {
		key := token{t.Session, t.Token}
		if done[key] == nil {
			done[key] = map[string]bool{}
		}
		want := sessnode.CodeNotFound
		if t.Kind == history.Create {
			want = sessnode.CodeConflict
		}
		switch {
		case t.Outcome != history.Done:
			out = append(out, violation(Coverage, "late %v with token %d of session %d at node %d got no definite answer",
				t.Kind, t.Token, t.Session, t.Node+1))
			continue
		case t.Code != want:
			out = append(out, violation(Dead, "late %v with dead token %d of session %d at node %d got %v, want %v", t.Kind,
				t.Token, t.Session, t.Node+1, t.Code, want))
		}
		done[key][fmt.Sprintf("%v@%d", t.Kind, t.Node)] = true
	}
	short := 0
	for _, kinds := range done {
		if len(kinds) < nodes*len(lateKinds) {
			short++
		}
	}
	if short > 0 {
		out = append(out, violation(Coverage, "%d of %d dead tokens were not attacked with everything everywhere", short, len(done)))
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Detail < out[j].Detail })
	return out
}
