package demo

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestOnlyEveryCheckHeldIsAPass(t *testing.T) {
	held, broken, open := Check{Name: "a", Outcome: Held}, Check{Name: "b", Promise: NoGhost, Outcome: Broken, Detail: "let in"}, Check{Name: "c", Outcome: Unjudged}
	for _, test := range []struct {
		name    string
		checks  []Check
		planned int
		want    Verdict
		wantErr error
	}{
		{"all held", []Check{held, held}, 2, Pass, nil},
		{"one broken", []Check{held, broken}, 2, Fail, ErrFailed},
		{"one open", []Check{held, open}, 2, Inconclusive, ErrInconclusive},
		{"broken beats open", []Check{open, broken}, 2, Fail, ErrFailed},
		{"one was not reached", []Check{held}, 2, Inconclusive, ErrInconclusive},
		{"broken, the rest not reached", []Check{broken}, 9, Fail, ErrFailed},
		{"nothing at all", nil, 2, Inconclusive, ErrInconclusive},
		{"nothing planned", nil, 0, Inconclusive, ErrInconclusive},
	} {
		r := Report{Planned: test.planned, Checks: test.checks}
		r.close(time.Second)
		if r.Verdict != test.want || !errors.Is(r.Err(), test.wantErr) || (r.Err() == nil) != (test.want == Pass) {
			t.Errorf("%s: %v, %v; want %v", test.name, r.Verdict, r.Err(), test.want)
		}
	}
}

func TestAFailureNamesThePromise(t *testing.T) {
	r := Report{Planned: 1, Checks: []Check{{"the old cookie is dead at n2", NoGhost, Broken, "let in: create"}}}
	r.close(time.Second)
	for _, part := range []string{"no ghost", "n2", "create"} {
		if !strings.Contains(r.Err().Error(), part) {
			t.Errorf("%q lacks %q", r.Err(), part)
		}
	}
}
