package slab

// Runs that are less than half full are thin, where others of their class have room: no piece is handed out of them, so that they
// become empty, and their memory can be used for another class or given back. Sizes that were common once and are not any more would
// keep a few pieces in each of many runs otherwise. Gather moves what does not go by itself.

// thinner makes a run thin that lost a piece, if it is time.
func (a *Arena) thinner(at int32) {
	r := &a.runs[at]
	if r.thin || 2*int(r.live) >= runBytes/sizeOf(int(r.class)) || a.room[r.class] == at && r.next == 0 {
		return
	}
	a.unlink(at)
	r.thin = true
	a.thinRuns++
	a.link(at)
}

// thicken takes one of a class's thin runs into use again; 0 where there is none.
func (a *Arena) thicken(class int) int32 {
	at := a.thin[class]
	if at == 0 {
		return 0
	}
	a.unlink(at)
	a.runs[at].thin = false
	a.thinRuns--
	a.link(at)
	return at
}

// scattered reports whether it is worth while to move pieces: when a sixteenth of the runs are thin.
func (a *Arena) scattered() bool {
	return a.pins == 0 && a.thinRuns > 16+(len(a.runs)-len(a.empty))/16
}

// movable reports whether a piece is in a thin run and would go to another one.
func (a *Arena) movable(l Loc) bool {
	if l&bigLoc != 0 {
		return false
	}
	at := int32(l / runUnits)
	r := &a.runs[at]
	return r.thin && (a.room[r.class] != 0 || a.thin[r.class] != at)
}

// Gather looks at some handles, the next ones at each call, and moves what is stored in thin runs, at most a number of pieces. It does
// nothing where little is to be gained, or while a capture would keep the memory anyway. Handles stay, places do not.
func (h *Handles) Gather(look, most int) {
	if !h.arena.scattered() {
		return
	}
	for ; look > 0 && most > 0; look-- {
		if h.gathered++; h.gathered >= h.next {
			h.gathered = 0
			return
		}
		if l := *h.pages.at(h.gathered); l != 0 && h.arena.movable(l) {
			h.Set(h.gathered, h.arena.Bytes(l))
			most--
		}
	}
}
