package torture_test

import (
	"path/filepath"
	"testing"

	"github.com/sessnode/sessnode/e2e/torture"
)

func TestFindingsAreKept(t *testing.T) {
	tally := &torture.Tally{}
	tally.Add(torture.Result{Verdict: torture.Kept}, nil)
	tally.Add(torture.Result{Verdict: torture.Broken, Note: "lost"}, nil)
	tally.Add(torture.Result{}, nil)
	path := filepath.Join(t.TempDir(), "findings")
	if err := (torture.Findings{"app": {"nested": tally}}).Save(path); err != nil {
		t.Fatal(err)
	}
	found, err := torture.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := found["app"]["nested"].String(), tally.String(); got != want {
		t.Errorf("Load(Save(%s)) = %s", want, got)
	}
	if found, err := torture.Load(filepath.Join(t.TempDir(), "none")); err != nil || len(found) != 0 {
		t.Errorf("Load(no file) = %v, %v, want nothing", found, err)
	}
}
