package offline

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/sessnode/sessnode"
)

// Journal is what `sessnode events -o jsonl` wrote: what happened to sessions after a backup.
type Journal struct {
	events []entry
	gaps   []entry // places at which the journal itself says that events are missing
	Cut    bool    // the last line is not whole, and was left out
}

// entry is an event as far as a replay needs it.
type entry struct {
	line int
	at   sessnode.EventPos
	kind sessnode.EventKind
	id   sessnode.ID
}

// maxJournalLine is more than any event takes.
const maxJournalLine = 1 << 20

// ReadJournal reads a whole journal. A line that is no event is an error with its number, but for the last one: whoever wrote it may have
// been stopped in the middle.
func ReadJournal(r io.Reader) (Journal, error) {
	var j Journal
	var bad error
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxJournalLine)
	for n := 1; lines.Scan(); n++ {
		if bad != nil {
			return Journal{}, bad
		}
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		e, err := readEvent(lines.Bytes())
		if err != nil {
			bad = fmt.Errorf("line %d of the journal is no event: %w", n, err)
			continue
		}
		if e.line = n; e.kind == sessnode.EventGap {
			j.gaps = append(j.gaps, e)
		} else {
			j.events = append(j.events, e)
		}
	}
	if err := lines.Err(); err != nil {
		return Journal{}, fmt.Errorf("journal: %w", err)
	}
	j.Cut = bad != nil
	return j, nil
}

func readEvent(line []byte) (e entry, err error) {
	var w struct{ ID, Kind, Session string }
	if err := json.Unmarshal(line, &w); err != nil {
		return e, errors.New("it is not JSON as `sessnode events -o jsonl` writes it")
	}
	var known bool
	if e.kind, known = sessnode.ParseEventKind(w.Kind); !known {
		return e, errors.New("its kind is unknown")
	}
	if e.at, err = sessnode.ParseEventPos(w.ID); err != nil {
		return e, errors.New("its id is not one that a store gave out")
	}
	if e.kind == sessnode.EventGap {
		return e, nil
	}
	if e.id, err = sessnode.ParseID(w.Session); err != nil {
		return e, errors.New("its session is no id")
	}
	return e, nil
}

// Replay is what a journal says about a backup.
type Replay struct {
	Events      int           // behind the backup's position
	Ended       []sessnode.ID // sessions that were revoked, expired, rotated or bound behind it: none of them may return as it was
	Created     int           // sessions that began behind it: they are lost
	First, Last sessnode.EventPos
	Gaps        []string // what cannot be known, in sentences; none: the journal is whole from the backup to Last
}

// After tells what happened behind a position. begun is the place after which the journal was begun ("" = not known): where it is not
// behind the position, nothing is missing in between.
//
// A session that got a new token cannot return either: the backup has the old one, which was to be dead, and nobody knows the new one.
func (j Journal) After(at sessnode.Position, begun string) (Replay, error) {
	var r Replay
	end := sessnode.EventPos{Position: at}
	joined := false
	if begun != "" {
		place, err := sessnode.ParseEventPos(begun)
		if err != nil {
			return r, err
		}
		joined = !after(place, end)
	}
	seen := map[sessnode.ID]bool{}
	created := map[sessnode.ID]bool{}
	last := end
	for _, e := range j.events {
		if !after(e.at, end) {
			joined = joined || e.at.Generation == at.Generation
			continue
		}
		r.note(e, last, seen, created)
		last = e.at
	}
	if r.Events == 0 {
		r.First, r.Last = end, end
	}
	r.Created = len(created)
	for _, g := range j.gaps {
		if after(g.at, end) {
			r.Gaps = append(r.Gaps, fmt.Sprintf("the journal itself says, in line %d, that events are missing before %s", g.line, g.at))
		}
	}
	if !joined {
		r.Gaps = append(r.Gaps, fmt.Sprintf("nothing shows that the journal was begun at the backup's position %s or before it", at))
	}
	return r, nil
}

func (r *Replay) note(e entry, last sessnode.EventPos, seen, created map[sessnode.ID]bool) {
	r.Events++
	if r.First == (sessnode.EventPos{}) || after(r.First, e.at) {
		r.First = e.at
	}
	if after(e.at, r.Last) {
		r.Last = e.at
	}
	if e.at.Generation != last.Generation {
		r.Gaps = append(r.Gaps, fmt.Sprintf("from line %d on the journal is of another life of the cluster", e.line))
	}
	switch {
	case e.kind == sessnode.EventCreated:
		created[e.id] = true
	case !seen[e.id]:
		seen[e.id] = true
		r.Ended = append(r.Ended, e.id)
	}
}

// after reports whether p comes behind q, also in a later life.
func after(p, q sessnode.EventPos) bool {
	if p.Generation != q.Generation {
		return p.Generation > q.Generation
	}
	return q.Less(p)
}
