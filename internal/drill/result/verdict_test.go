package result

import "testing"

func TestInconclusiveIsNeverPass(t *testing.T) {
	for _, c := range []struct {
		name   string
		result Result
		want   Verdict
	}{
		{"nothing was checked", Result{}, Inconclusive},
		{"all held", Result{Checks: []Check{{Verdict: Pass}, {Verdict: Pass}}}, Pass},
		{"one could not be judged", Result{Checks: []Check{{Verdict: Pass}, {Verdict: Inconclusive}}}, Inconclusive},
		{"one was left without a verdict", Result{Checks: []Check{{Verdict: Pass}, {}}}, Inconclusive},
		{"a doubt remains", Result{Checks: []Check{{Verdict: Pass}}, Doubts: []string{"the fault did not land"}}, Inconclusive},
		{"broken beats doubt", Result{Checks: []Check{{Verdict: Inconclusive}, {Verdict: Fail}}, Doubts: []string{"d"}}, Fail},
	} {
		if got := c.result.Judge(); got != c.want {
			t.Errorf("%s: Judge() = %s, want %s", c.name, got, c.want)
		}
	}
}
