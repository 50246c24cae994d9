package bench

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode"
)

func TestAPopulationStaysForRunsThatAreMadeOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{takes: always(10 * time.Millisecond)}
		p := planOf(t, "create", 9) // workload and clients are those of each run
		population, err := Populate(t.Context(), s, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"read", "create"} {
			w, _ := ParseWorkload(name)
			r, err := population.Run(t.Context(), w, 4, "leader", Zipf)
			if err != nil || r.Workload != name || r.Clients != 4 || r.Total.OK != 4*1000 || len(r.Nodes) != 1 {
				t.Errorf("Run(%s) = %s, %d clients, %d made through %v, %v, want 4000 by 4 through the leader", name, r.Workload, r.Clients, r.Total.OK, r.Nodes, err)
			}
		}
		if got := s.live(); got != 100+4000 || s.revoked != 0 {
			t.Errorf("%d sessions stayed and %d were revoked, want all 4100 and none", got, s.revoked)
		}
	})
}

func TestARunOfAPopulationThatIsCutShortIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		population, err := Populate(ctx, &fakeStore{takes: always(10 * time.Millisecond)}, planOf(t, "read", 1))
		if err != nil {
			t.Fatal(err)
		}
		w, _ := ParseWorkload("read")
		if _, err := population.Run(ctx, w, 1, "all", Uniform); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run, cut short = %v, want %v", err, context.DeadlineExceeded)
		}
		refuses := &fakeStore{says: func(Operation, int) sessnode.Code { return sessnode.CodeForbidden }}
		if _, err := Populate(t.Context(), refuses, planOf(t, "read", 1)); err == nil {
			t.Error("Populate where nothing can be made = nil, want an error")
		}
	})
}
