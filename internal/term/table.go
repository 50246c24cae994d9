package term

import (
	"io"
	"slices"
	"strings"
)

const (
	columnGap = "  "

	// leastColumn is how far a column gives way on a narrow screen, and narrowColumn how far where that is not enough: a line
	// that breaks is worse than a header in part.
	leastColumn, narrowColumn = 8, 6
)

// Table aligns columns. Cells may hold styles, and must be a single line each; see Clean. It is filled and then written, by
// one goroutine.
type Table struct {
	headers []string
	rows    [][]string
	totals  []string
	right   map[int]bool
	kept    map[int]bool
}

// NewTable starts a table with a header for each column.
func NewTable(headers ...string) *Table {
	return &Table{headers: headers, right: map[int]bool{}, kept: map[int]bool{}}
}

// Right aligns columns to the right, as numbers are, and keeps them whole on a narrow screen.
func (t *Table) Right(columns ...int) *Table {
	for _, c := range columns {
		t.right[c], t.kept[c] = true, true
	}
	return t
}

// Keep makes columns stay whole on a narrow screen: ids and addresses are of no use in part.
func (t *Table) Keep(columns ...int) *Table {
	for _, c := range columns {
		t.kept[c] = true
	}
	return t
}

// Row adds a row. Cells that are missing are empty; more than there are headers are left out.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, t.fit(cells)) }

// First adds a row before all others.
func (t *Table) First(cells ...string) { t.rows = slices.Insert(t.rows, 0, t.fit(cells)) }

// Totals sets the row that is set apart at the end. TSV leaves it out, so that a program reads rows of one kind only.
func (t *Table) Totals(cells ...string) { t.totals = t.fit(cells) }

// Len returns the number of rows, without the totals.
func (t *Table) Len() int { return len(t.rows) }

func (t *Table) fit(cells []string) []string {
	row := make([]string, len(t.headers))
	copy(row, cells)
	return row
}

// Write writes the table: on a terminal that is narrower, the widest columns give way where they may.
func (t *Table) Write(w io.Writer, s Screen) error {
	_, err := io.WriteString(w, strings.Join(t.Lines(s), "\n")+"\n")
	return err
}

// Lines returns the lines that Write would write.
func (t *Table) Lines(s Screen) []string {
	widths := t.widths(s)
	header := make([]string, len(t.headers))
	for i, text := range t.headers {
		header[i] = s.Bold(Truncate(text, widths[i]))
	}
	lines := []string{t.line(header, widths)}
	for _, row := range t.rows {
		lines = append(lines, t.line(row, widths))
	}
	if t.totals != nil {
		rule := make([]string, len(widths))
		for i, width := range widths {
			rule[i] = strings.Repeat("─", width)
		}
		lines = append(lines, s.Dim(strings.Join(rule, columnGap)), t.line(t.totals, widths))
	}
	return lines
}

// line lays out one row, without blanks at its end.
func (t *Table) line(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString(columnGap)
		}
		cell = Truncate(cell, widths[i])
		if t.right[i] {
			cell = PadLeft(cell, widths[i])
		} else {
			cell = Pad(cell, widths[i])
		}
		b.WriteString(cell)
	}
	return strings.TrimRight(b.String(), " ")
}

// widths are those of the widest cells; on a terminal that is too narrow the widest column that may gives way, again and
// again, until the line fits or nothing more can give.
func (t *Table) widths(s Screen) []int {
	widths := make([]int, len(t.headers))
	total := len(columnGap) * max(0, len(widths)-1)
	for i := range widths {
		widths[i] = Width(t.headers[i])
		for _, row := range t.all() {
			widths[i] = max(widths[i], Width(row[i]))
		}
		total += widths[i]
	}
	for _, least := range []int{leastColumn, narrowColumn} {
		for ; s.TTY && total > s.Width; total-- {
			widest := t.widest(widths, least)
			if widest < 0 {
				break
			}
			widths[widest]--
		}
	}
	return widths
}

// widest is the column that gives way next, -1 = none: the widest that may, of equal ones the first, and in need the last, as
// first columns hold names.
func (t *Table) widest(widths []int, least int) int {
	widest := -1
	for i, width := range widths {
		if !t.kept[i] && width > least && (widest < 0 || width > widths[widest] || width == widths[widest] && least == narrowColumn) {
			widest = i
		}
	}
	return widest
}

func (t *Table) all() [][]string {
	if t.totals == nil {
		return t.rows
	}
	return append(slices.Clip(t.rows), t.totals)
}

// TSV writes headers, in lower case, and rows with tabs between the cells, for programs: no styles, no alignment, no totals.
// A tab or line break inside a cell becomes a blank.
func (t *Table) TSV(w io.Writer) error {
	var b strings.Builder
	header := strings.Split(strings.ToLower(strings.Join(t.headers, "\n")), "\n")
	for _, row := range append([][]string{header}, t.rows...) {
		for i, cell := range row {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(plain(cell)))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// plain takes the escape sequences out of a text.
func plain(text string) string {
	var b strings.Builder
	for text != "" {
		n := sequence(text)
		if n == 0 {
			n = 1
			b.WriteByte(text[0])
		}
		text = text[n:]
	}
	return b.String()
}
