package report

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"

	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/drill/result"
)

// pageFiles are the page's parts. The style and the script are put into the page, which needs no other file.
//
//go:embed page
var pageFiles embed.FS

// Write writes the report of one drill into a directory, which is made where it is missing: PageFile, ResultFile, and HistoryFile if
// ops is not nil. Files of these names are replaced. Each is written as a whole or not at all.
func Write(dir string, r result.Result, ops []history.Op) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var html, lines bytes.Buffer
	if err := WritePage(&html, r, ops != nil); err != nil {
		return err
	}
	err := errors.Join(Save(filepath.Join(dir, ResultFile), r), replace(filepath.Join(dir, PageFile), html.Bytes()))
	if err != nil || ops == nil {
		return err
	}
	if err := WriteHistory(&lines, ops); err != nil {
		return err
	}
	return replace(filepath.Join(dir, HistoryFile), lines.Bytes())
}

// page is what the template of one drill is filled with.
type page struct {
	*result.Result
	frame
	Sentence            string
	Tiles               []tile
	Overview            chart
	Columns             []secondRow
	ColumnMS            string
	Split               []part
	SplitWhole          string
	Scatter             chart
	AppliedChart        chart
	AxisEnd             float64
	PlotMS              string
	LogGroups           []logGroup
	Budget, Election    string
	Wrong               []result.Check // that were broken, then those that could not be judged
	HasPeople, HasFault bool
	HasHistory          bool
}

// TitleOf is the title of a check, or its name where there is none.
func (p *page) TitleOf(name string) string {
	if c, ok := p.Find(name); ok && c.Title != "" {
		return c.Title
	}
	return name
}

// frame is what all pages have.
type frame struct {
	Style  template.CSS
	Script template.JS
	Tone   string
	Sign   string
}

// tile is a number that one sees first.
type tile struct{ Label, Value, Note, Tone string }

// WritePage writes the page of one drill. With history it refers to a HistoryFile beside it.
func WritePage(w io.Writer, r result.Result, history bool) error {
	r = result.Plain(r)
	a := axis{end: max(endOf(&r), 1)}
	p := page{Result: &r, Sentence: verdictSentence(&r), Tiles: tiles(&r), Overview: overview(&r, a), Split: split(r.Gap), Scatter: scatter(&r, a),
		AppliedChart: applied(&r, a), AxisEnd: a.end, LogGroups: logGroups(&r), HasPeople: r.People.Count > 0, HasFault: len(r.Faults) > 0, HasHistory: history}
	whole := r.Gap.DetectMS + r.Gap.ElectMS + r.Gap.RedirectMS
	p.SplitWhole = took(whole)
	p.Columns, p.ColumnMS = seconds(&r)
	if drawn := columnsOf(&r, mostColumns); len(drawn) > 0 {
		p.PlotMS = took(drawn[0].to - drawn[0].from)
	}
	if c, ok := r.Find("longest-gap"); ok {
		p.Budget = wanted(c.Want)
	}
	if e := r.Environment.ElectMS; e > 0 {
		p.Election = fmt.Sprintf("%.1f election time-outs of %s", whole/e, took(e))
	}
	for _, wanted := range []result.Verdict{result.Fail, result.Inconclusive} {
		for _, c := range r.Checks {
			if c.Verdict == wanted {
				p.Wrong = append(p.Wrong, c)
			}
		}
	}
	return render(w, "drill.html", r.Verdict, &p, &p.frame)
}

// render fills a template; f is the frame in data.
func render(w io.Writer, name string, v result.Verdict, data any, f *frame) error {
	style, err := pageFiles.ReadFile("page/style.css")
	if err != nil {
		return err
	}
	script, err := pageFiles.ReadFile("page/script.js")
	if err != nil {
		return err
	}
	f.Style, f.Script, f.Tone, f.Sign = template.CSS(style), template.JS(script), tone(v), sign(v) //nolint:gosec // both are ours
	t, err := template.New(name).Funcs(template.FuncMap{
		"took": took, "moment": moment, "count": count, "plural": plural, "sign": sign, "tone": tone, "word": word, "style": nodeStyle,
		"last": last, "mark": markOf, "found": found, "wanted": wanted, "longest": longest, "sub": func(a, b float64) float64 { return a - b },
	}).ParseFS(pageFiles, "page/*.html")
	if err != nil {
		return err
	}
	return t.ExecuteTemplate(w, name, data)
}

// endOf is the last moment of which there is anything.
func endOf(r *result.Result) float64 {
	if end := float64(len(r.Slots)) * r.SlotMS; end > 0 {
		return end // what comes later is no load: everything is read back and judged
	}
	end := 0.0
	for _, p := range r.Phases {
		end = max(end, p.ToMS)
	}
	for _, t := range r.Tenures {
		end = max(end, t.ToMS)
	}
	for _, f := range r.Faults {
		end = max(end, f.ToMS)
	}
	return end
}

func tiles(r *result.Result) []tile {
	judged := func(label, name, note string) tile {
		t := tile{Label: label, Value: "–", Note: "not judged", Tone: "warn"}
		if c, ok := r.Find(name); ok {
			t.Value, t.Note, t.Tone = c.Got, note, tone(c.Verdict)
		}
		return t
	}
	gap := judged("longest gap", "longest-gap", "")
	gap.Value = longest(r)
	if c, ok := r.Find("longest-gap"); ok {
		gap.Note = "without a write; allowed " + wanted(c.Want)
	}
	return []tile{
		{Label: "operations acknowledged", Value: count(r.Counts.Acked), Note: fmt.Sprintf("of %s; %s refused, %s unknown",
			count(r.Counts.Attempted), count(r.Counts.Refused), count(r.Counts.Unknown))},
		judged("acknowledged writes lost", "lost-writes", "of "+count(r.Counts.Writes)),
		judged("people signed out", "signed-out", "of "+count(r.People.Count)),
		gap,
	}
}

// part is a part of the longest gap.
type part struct {
	Name, Text, Means string
	Share             float64 // of the whole, in percent
}

// split is the longest gap in parts; nil where they are not known.
func split(g result.Gap) []part {
	whole := g.DetectMS + g.ElectMS + g.RedirectMS
	if !g.Split() {
		return nil
	}
	parts := []part{
		{Name: "detect", Means: "from the fault until a node asks for an election", Share: g.DetectMS},
		{Name: "elect", Means: "until a node is in office", Share: g.ElectMS},
		{Name: "redirect", Means: "until a client's write is acknowledged by it", Share: g.RedirectMS},
	}
	for i := range parts {
		parts[i].Text, parts[i].Share = took(parts[i].Share), 100*parts[i].Share/whole
	}
	return parts
}

// secondRow is a row of the table behind the overview.
type secondRow struct {
	From string
	result.Slot
}

// mostRows is how long that table gets.
const mostRows = 60

func seconds(r *result.Result) (rows []secondRow, width string) {
	for _, c := range columnsOf(r, mostRows) {
		rows = append(rows, secondRow{moment(c.from), c.slot})
		if width == "" {
			width = took(c.to - c.from)
		}
	}
	return rows, width
}

// last is the last value of a series.
func last(s result.Series) string {
	if len(s.At) == 0 {
		return "–"
	}
	return count(int(s.At[len(s.At)-1][1]))
}
