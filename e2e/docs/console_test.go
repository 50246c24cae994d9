package docs_test

import (
	"testing"

	"github.com/sessnode/sessnode/e2e/docs"
)

func TestConsoleBlocksAreSplitIntoCommands(t *testing.T) {
	got, err := docs.ParseConsole(docs.Block{Text: "$ a \\\n  b\nout\n$ c\n"})
	if err != nil || len(got) != 2 || got[0].Line != "a \\\n  b" || got[0].Printed != "out\n" || got[1].Line != "c" || got[1].Printed != "" {
		t.Errorf("ParseConsole = %+v, %v", got, err)
	}
	for _, text := range []string{"", "out\n"} {
		if _, err := docs.ParseConsole(docs.Block{Text: text}); err == nil {
			t.Errorf("ParseConsole(%q) passes", text)
		}
	}
}

func TestWhatChangesFromRunToRunIsTheSame(t *testing.T) {
	for _, pair := range [][2]string{
		{"at 2026-01-31T12:00:00Z", "at 2027-02-01T01:02:03.123Z"},
		{"id aL0fA3b9XYZ_-456789012", "id bL1fB4c0WXY_-567890123"},
		{"id dBvIGbWFFlpHMe-nconAjA", "id bL1fB4c0WXY_-567890123"},
		{"a  b\n", "a b  \n"},
		{"took 1.25s", "took 37.1ms"},
		{"state 02dfc908 at 3292", "state f6a435ec at 976"},
	} {
		if !docs.Same(pair[0], pair[1]) {
			t.Errorf("Same(%q, %q) = false: %q, %q", pair[0], pair[1], docs.Normal(pair[0]), docs.Normal(pair[1]))
		}
	}
}

func TestWhatTheCommandSaysIsNotTheSame(t *testing.T) {
	for _, pair := range [][2]string{
		{"revoked 3 sessions", "revoked 4 sessions"},
		{"idle 30m", "idle 20m"},
		{"subject ada", "subject bob"},
		{"one\ntwo", "one"},
		{"one", "one\ntwo"},
		{"one\n...\nfour", "one\ntwo"},
		{"a_snake_case_name_of_22", "a_snake_case_name_of_23"},
	} {
		if docs.Same(pair[0], pair[1]) {
			t.Errorf("Same(%q, %q) = true: both are %q", pair[0], pair[1], docs.Normal(pair[0]))
		}
	}
}

func TestThreeDotsStandForAnyLines(t *testing.T) {
	for _, got := range []string{"one\nfour", "one\ntwo\nfour", "one\ntwo\nthree\nfour\n"} {
		if !docs.Same("one\n...\nfour\n", got) {
			t.Errorf("Same with dots, %q = false", got)
		}
	}
}

func TestARunIsComparedCommandByCommand(t *testing.T) {
	b := docs.Block{Text: "$ date\n2026-01-31T12:00:00Z\n$ seq 9\n1\n...\n$ true\n"}
	for again, want := range map[string]bool{
		"$ date\n2027-01-31T12:00:00Z\n$ seq 9\n1\n2\n3\n$ true\n": true,
		"$ date\n2027-01-31T12:00:00Z\n$ seq 9\n2\n3\n$ true\n":    false,
		"$ date\n2027-01-31T12:00:00Z\n$ seq 9\n1\n":               false,
		"$ date\ntoday\n$ seq 9\n1\n$ true\n":                      false,
	} {
		if got := b.SameRun(again); got != want {
			t.Errorf("SameRun(%q) = %v, want %v", again, got, want)
		}
	}
	if !b.Shortened() || (docs.Block{Text: "$ a\nb...\n"}).Shortened() {
		t.Error("only a line of three dots shortens a block")
	}
}

func TestMeasurementsAreComparedWithoutTheirNumbers(t *testing.T) {
	b := docs.Block{Text: "$ m\nread  4  5,933  0.55  -\n      │1 ms\n▁▂▃\n", Marker: docs.Marker{Verb: "numbers"}}
	for again, want := range map[string]bool{
		"$ m\nread  16  12  1.5  0.1\n   │1 ms │10 ms\n▁▂▃▃▃▃\n": true,
		"$ m\nwrite  4  5,933  0.55  -\n      │1 ms\n▁▂▃\n":      false,
		"$ m\nread  4  5,933  0.55\n      │1 ms\n▁▂▃\n":          false,
	} {
		if got := b.SameRun(again); got != want {
			t.Errorf("SameRun(%q) = %v, want %v\n%s", again, got, want, b.Difference(again))
		}
	}
}

func TestACommandIsWrittenWithoutTrailingSpaces(t *testing.T) {
	if got := (docs.Command{Line: "ls", Printed: "a  \n\nb"}).Text(); got != "$ ls\na\n\nb\n" {
		t.Errorf("Text = %q", got)
	}
}
