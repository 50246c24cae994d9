//go:build e2e

package upstream

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// tally is the verdict on a suite.
type tally struct {
	passed, notApplicable int
	faults                []string // failed, or not as suite.json says
}

// judge compares what happened with what the suite says does not apply. A test that is listed and passes, or was not there at all, is a
// fault as well: the list would claim less than is true, or speak about nothing.
func (s suite) judge(results outcome) tally {
	var t tally
	for _, id := range slices.Sorted(maps.Keys(results)) {
		_, listed := s.NotApplicable[id]
		switch said := results[id]; {
		case said == "" && listed:
			t.faults = append(t.faults, id+" is listed as not applicable, and passes")
		case said == "":
			t.passed++
		case listed:
			t.notApplicable++
		default:
			t.faults = append(t.faults, id+" "+said)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.NotApplicable)) {
		if _, ran := results[id]; !ran {
			t.faults = append(t.faults, id+" is listed as not applicable, and did not run")
		}
	}
	if t.passed == 0 {
		t.faults = append(t.faults, "no test passed: nothing was shown")
	}
	return t
}

// row is the suite's line in the page's table, and section what does not apply.
func (s suite) row(t tally) string {
	return fmt.Sprintf("| [%s](#%s) | %s | %d | %d | %d |", s.name, s.name, s.upstream(), t.passed, len(t.faults), t.notApplicable)
}

func (s suite) section() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s. The hook: [e2e/upstream/%s](../../e2e/upstream/%s).", s.name, strings.TrimSuffix(s.Title, "."), s.name, s.name)
	if v := s.Vendored; v != nil {
		fmt.Fprintf(&b, " The published source has no tests; they were copied unchanged from %s (%s).", v.Source, v.Licence)
	}
	b.WriteString("\n")
	list := func(head string, reasons map[string]string) {
		if len(reasons) == 0 {
			return
		}
		fmt.Fprintf(&b, "\n| %s | because |\n| --- | --- |\n", head)
		for _, what := range slices.Sorted(maps.Keys(reasons)) {
			fmt.Fprintf(&b, "| `%s` | %s |\n", what, strings.ReplaceAll(reasons[what], "|", "\\|"))
		}
	}
	list("replaced by the hook", s.Replaces)
	list("not applicable", s.NotApplicable)
	return b.String()
}

// TestTheJudgeSeesEveryDifference tries the judge: a suite with a failure, one that lists too much, and one that shows nothing.
func TestTheJudgeSeesEveryDifference(t *testing.T) {
	s := suite{NotApplicable: map[string]string{"b": "no such thing here"}}
	for name, c := range map[string]struct {
		results outcome
		faults  int
	}{
		"as listed":            {outcome{"a": "", "b": "failed: x"}, 0},
		"a skip as listed":     {outcome{"a": "", "b": "skipped: x"}, 0},
		"another one failed":   {outcome{"a": "", "b": "failed: x", "c": "failed: y"}, 1},
		"another was skipped":  {outcome{"a": "", "b": "failed: x", "c": "skipped: y"}, 1},
		"a listed one passes":  {outcome{"a": "", "b": ""}, 1},
		"a listed one is gone": {outcome{"a": ""}, 1},
		"nothing passed":       {outcome{"b": "failed: x"}, 1},
	} {
		if got := s.judge(c.results); len(got.faults) != c.faults {
			t.Errorf("%s: judge(%v) = %q, want %d faults", name, c.results, got.faults, c.faults)
		}
	}
}

func TestReportsAreReadWhole(t *testing.T) {
	junit := `<testsuites><testsuite><testcase classname="tests.test_a" name="test_x"/><testcase classname="tests.test_a" name="test_y"><failure message="no"/></testcase>` +
		`<testcase classname="" name="tests.test_b"><error message="import"/></testcase><testcase classname="c" name="z"><skipped message="why"/></testcase>` +
		`<testcase classname="d" name="late"/><testcase classname="d" name="late"><error message="teardown"/></testcase></testsuite></testsuites>`
	got, err := readJUnit([]byte(junit))
	want := outcome{"tests.test_a::test_x": "", "tests.test_a::test_y": "failed: no", "tests.test_b": "error: import", "c::z": "skipped: why", "d::late": "error: teardown"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("readJUnit = %q, %v, want %q", got, err, want)
	}
	events := `{"Action":"pass","Package":"m/v2","Test":"TestA"}
{"Action":"fail","Package":"m/v2","Test":"TestB/sub"}
{"Action":"pass","Package":"m/v2","Test":"TestB/other"}
{"Action":"fail","Package":"m/v2","Test":"TestB"}
{"Action":"fail","Package":"m/v2"}
{"Action":"output","Package":"m/v2/p","Test":"TestC","Output":"oh\n"}
{"Action":"fail","Package":"m/v2/p","Test":"TestC"}
{"Action":"fail","Package":"m/v2/p"}`
	got, _, err = readGoTest([]byte(events), "m/v2")
	if want := (outcome{"TestA": "", "TestB/sub": "fail: ", "TestB/other": "", "p.TestC": "fail: oh"}); err != nil || !maps.Equal(got, want) {
		t.Errorf("readGoTest = %q, %v, want %q", got, err, want)
	}
	got, _, err = readGoTest([]byte(`{"Action":"fail","Package":"m/v2","Test":"TestA"}
{"Action":"fail","Package":"m/v2/p"}`), "m/v2")
	if _, there := got["p"]; err != nil || !there {
		t.Errorf("readGoTest(a package that does not build) = %q, %v, want p as a failure", got, err)
	}
}
