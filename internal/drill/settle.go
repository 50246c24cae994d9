package drill

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/drill/leak"
	"github.com/sessnode/sessnode/internal/local"
)

// settled is what was found when the work was over.
type settled struct {
	replicas   []check.Replica
	differ     error
	events     int
	violations []check.Violation
	finds      []leak.Find
	searched   int64
	searchErr  error
}

// settle reads everything back, attacks what is dead, compares the nodes and what somebody heard who followed all events, and searches
// everything that the nodes have written for tokens.
func (r *run) settle(ctx context.Context) {
	r.enter("verify")
	s := &r.stage.settled
	r.load.Finish()
	agree := r.cluster.Agree
	if r.isTarget() {
		agree = r.cluster.AgreeInPassing // other apps go on
	}
	agreed, err := agree(ctx, recoverLimit)
	s.differ = err
	if err == nil {
		for _, n := range r.cluster.Nodes {
			s.replicas = append(s.replicas, check.Replica{Node: n.Name, Applied: agreed.Applied, Hash: agreed.StateHash})
		}
	}
	s.events, s.violations = r.stage.follower.Judge(ctx, recoverLimit)
	if !r.isTarget() {
		s.finds, s.searched, s.searchErr = r.searchTokens()
	}
}

// searchTokens looks for every token of the drill in the nodes' logs and data. One that was planted must be found, else the search
// itself is broken.
func (r *run) searchTokens() (finds []leak.Find, searched int64, err error) {
	planted := sessnode.NewToken()
	file := r.stage.folder.File("planted")
	if err := leak.Plant(file, planted); err != nil {
		return nil, 0, err
	}
	tokens := append(r.load.Tokens(), planted)
	roots := []string{file}
	for _, n := range r.cluster.Nodes {
		roots = append(roots, n.LogFile, n.DataDir)
	}
	all, searched, err := leak.New(tokens).Files(roots...)
	if err != nil {
		return nil, searched, err
	}
	var forms []string
	for _, f := range all {
		switch {
		case f.Token < len(tokens)-1:
			finds = append(finds, f)
		default:
			forms = append(forms, f.Form)
		}
	}
	err = os.Remove(file)
	for _, form := range leak.Missing(planted, forms) {
		err = errors.Join(err, fmt.Errorf("the token that was planted as %s was not found", form))
	}
	return finds, searched, err
}

// replicasEqual says whether all nodes ended with the same state. Not having agreed in time is no proof that they differ.
func (s *settled) replicasEqual(nodes int) (equal, judged bool, detail string) {
	switch {
	case errors.Is(s.differ, local.ErrDiffer):
		return false, true, s.differ.Error()
	case s.differ != nil:
		return false, false, s.differ.Error()
	case len(s.replicas) < nodes:
		return false, false, "not all nodes were compared"
	}
	return true, true, fmt.Sprintf("state %.8s at %d", s.replicas[0].Hash, s.replicas[0].Applied)
}
