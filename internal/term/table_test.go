package term

import (
	"bytes"
	"strings"
	"testing"
)

func nodes(s Screen) *Table {
	table := NewTable("NODE", "STATE", "HTTP", "LAG").Right(3).Keep(0, 1)
	table.Row("n1", s.OK("leader"), "http://10.0.0.11:7480", "0")
	table.Row("n2", s.Bad("down"), "http://sessions-b.example:7480", "1,024")
	table.Row("日本", s.Warn("behind"), "http://c:7480")
	table.Totals("3 nodes", "", "", "1,024")
	return table
}

func lines(list ...string) string { return strings.Join(list, "\n") + "\n" }

func TestTableAlignsColumns(t *testing.T) {
	var out bytes.Buffer
	if err := nodes(Screen{}).Write(&out, Screen{}); err != nil {
		t.Fatal(err)
	}
	want := lines(
		"NODE     STATE     HTTP                              LAG",
		"n1       ✓ leader  http://10.0.0.11:7480               0",
		"n2       ✗ down    http://sessions-b.example:7480  1,024",
		"日本     ! behind  http://c:7480",
		"───────  ────────  ──────────────────────────────  ─────",
		"3 nodes                                            1,024",
	)
	if out.String() != want {
		t.Errorf("Write =\n%swant\n%s", out.String(), want)
	}
}

func TestTableGivesWayOnANarrowTerminal(t *testing.T) {
	s := Screen{TTY: true, Width: 40}
	want := lines(
		"NODE     STATE     HTTP              LAG",
		"n1       ✓ leader  http://10.0.0…      0",
		"n2       ✗ down    http://sessio…  1,024",
		"日本     ! behind  http://c:7480",
		"───────  ────────  ──────────────  ─────",
		"3 nodes                            1,024",
	)
	if got := lines(nodes(s).Lines(s)...); got != want {
		t.Errorf("Lines at 40 columns =\n%swant\n%s", got, want)
	}
	for _, line := range nodes(s).Lines(Screen{TTY: true, Width: 10}) {
		if strings.Contains(line, "n2") && !strings.Contains(line, "1,024") {
			t.Errorf("at 10 columns %q lost a number", line)
		}
	}
}

func TestTableThatIsAColumnTooWideCutsAHeaderRatherThanBreakingTheLine(t *testing.T) {
	table := NewTable("NODE", "STATE", "VERSION").Keep(1)
	table.Row("n1", "unreachable", "devel")
	table.Totals("3 nodes", "", "")
	var out bytes.Buffer
	s := Screen{TTY: true, Width: 28}
	if err := table.Write(&out, s); err != nil {
		t.Fatal(err)
	}
	want := lines(
		"NODE     STATE        VERSI…",
		"n1       unreachable  devel",
		"───────  ───────────  ──────",
		"3 nodes",
	)
	if out.String() != want {
		t.Errorf("Write =\n%swant\n%s", out.String(), want)
	}
}

func TestTableStylesTakeNoColumns(t *testing.T) {
	s := Screen{TTY: true, Color: true, Width: 80}
	for i, line := range nodes(s).Lines(s) {
		if plainLine := nodes(Screen{}).Lines(Screen{})[i]; plain(line) != plainLine {
			t.Errorf("line %d without styles = %q, want %q", i, plain(line), plainLine)
		}
	}
	if first := nodes(s).Lines(s)[1]; !strings.Contains(first, "\x1b[32m✓ leader\x1b[0m") {
		t.Errorf("the state has no style: %q", first)
	}
}

func TestTSVIsForPrograms(t *testing.T) {
	s := Screen{Color: true}
	table := nodes(s)
	table.Row("a\tb", "c\nd", "", "")
	var out bytes.Buffer
	if err := table.TSV(&out); err != nil {
		t.Fatal(err)
	}
	want := lines("node\tstate\thttp\tlag", "n1\t✓ leader\thttp://10.0.0.11:7480\t0",
		"n2\t✗ down\thttp://sessions-b.example:7480\t1,024", "日本\t! behind\thttp://c:7480\t", "a b\tc d\t\t")
	if out.String() != want {
		t.Errorf("TSV = %q, want %q", out.String(), want)
	}
}
