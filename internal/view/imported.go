package view

import "github.com/sessnode/sessnode/internal/term"

// Imported is the JSON form of an import's report.
type Imported struct {
	App        string          `json:"app" doc:"the app that the sessions went into"`
	Source     string          `json:"source,omitempty" doc:"what the file says that they were read from"`
	DryRun     bool            `json:"dry_run" doc:"nothing was sent"`
	Lines      int             `json:"lines" doc:"sessions that were read; each is counted once below"`
	Importable int             `json:"importable" doc:"those that passed all checks; the next three are what became of them"`
	Made       int             `json:"made" doc:"were stored"`
	There      int             `json:"there" doc:"had a session under their token already: it stays as it is"`
	Ended      int             `json:"ended" doc:"had a session under their token that ended lately: it stays ended"`
	Expired    int             `json:"expired" doc:"were over before they came"`
	Refused    int             `json:"refused" doc:"cannot be stored"`
	Next       int             `json:"next,omitempty" doc:"where to go on after an import that ended early: --from-line"`
	Refusals   []ImportRefusal `json:"refusals" doc:"lines that were refused; the first thousand"`
}

// ImportRefusal is one line that was not imported.
type ImportRefusal struct {
	Line   int    `json:"line" doc:"its number in the file, from 1"`
	Key    string `json:"key,omitempty" doc:"the first eight digits of the session's key"`
	Reason string `json:"reason" doc:"what is wrong with it"`
}

// ImportTable is the table of an import.
func ImportTable(i Imported, f Form) *term.Table {
	t := term.NewTable("RESULT", "SESSIONS", "MEANING").Right(1).Keep(0, 1)
	row := func(result string, n int, meaning string) { t.Row(result, f.Count(uint64(n)), meaning) }
	if i.DryRun {
		row("importable", i.Importable, "would be sent; the store was not asked whether they are there")
	} else {
		row("made", i.Made, "stored under the tokens that browsers have")
		row("there", i.There, "the token has a session already: it stays as it is")
		row("ended", i.Ended, "the token had a session that ended lately: it stays ended")
		if rest := i.Importable - i.Made - i.There - i.Ended; rest > 0 {
			row("not sent", rest, "the import ended early")
		}
	}
	row("expired", i.Expired, "were over before they came")
	row("refused", i.Refused, "cannot be stored")
	return t
}
