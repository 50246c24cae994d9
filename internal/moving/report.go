package moving

import (
	"encoding/hex"

	"github.com/sessnode/sessnode"
)

// Report is what became of the lines. Every line that was read is counted once, in Made to Refused, or in Importable of a dry run.
type Report struct {
	Header  Header
	Lines   int // sessions that were read, without the header and blank lines
	Skipped int // lines before Options.From

	Importable int // pass all checks; a dry run stops here
	Made       int
	There      int // the token has a session already: it stays as it is
	Ended      int // the token had a session that ended lately: it stays ended
	Expired    int // were over before they came
	Refused    int

	Secrets  int // lines that hold a usable token
	NoIdle   int // importable ones without an idle timeout of their own
	NoLife   int // importable ones with neither lifetime nor expires
	Nobody   int // importable ones without a subject
	Shortest int // characters of the shortest token that was refused as too short; 0 = none

	Refusals []Refusal // the first of them, by line once the run has ended
	Next     int       // the first line that was not certainly dealt with; 0 = none
}

// Refusal is one line that was not imported. It names the session by the beginning of its key, never by its token.
type Refusal struct {
	Line   int
	Key    string // eight hex digits; empty where the line has no key that can be read
	Reason string
}

// mostRefusals bounds what is remembered of a file that is wrong throughout.
const mostRefusals = 1000

func (r *Report) refuse(line int, key sessnode.Key, reason string) {
	r.Refused++
	if len(r.Refusals) == mostRefusals {
		return
	}
	refusal := Refusal{Line: line, Reason: reason}
	if !key.IsZero() {
		refusal.Key = hex.EncodeToString(key[:4])
	}
	r.Refusals = append(r.Refusals, refusal)
}

// importable counts a session that passed the checks.
func (r *Report) importable(in *record) {
	r.Importable++
	if in.Timeouts.Idle == 0 {
		r.NoIdle++
	}
	if in.Timeouts.Lifetime == 0 && in.Timeouts.Expires.IsZero() {
		r.NoLife++
	}
	if in.Subject == "" {
		r.Nobody++
	}
}
