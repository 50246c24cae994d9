package demo

import (
	"errors"
	"fmt"
	"time"

	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/people"

	"github.com/sessnode/sessnode"
)

// gapLimit is how long the person of the tour may wait after the leader was killed. It is generous, because a busy machine is no
// broken promise; half a second is usual.
const gapLimit = 10 * time.Second

// landed is what is known of a kill.
type landed struct {
	leader    *local.Node
	pid       int
	killErr   error // SIGKILL did not end it
	gone      bool  // the system knows no such running process
	term      uint64
	agreed    bool        // all three nodes called it leader of the term, directly before
	successor *local.Node // nil: none was elected in time
	next      uint64      // the successor's term
}

// judgeKill says whether the fault landed: a kill that hit nothing, or a follower, would make all that follows worthless.
func judgeKill(l landed) (Outcome, string) {
	switch {
	case l.killErr != nil:
		return Unjudged, l.killErr.Error()
	case !l.gone:
		return Unjudged, fmt.Sprintf("pid %d is still there", l.pid)
	case !l.agreed:
		return Unjudged, "it was not certain that it led"
	case l.successor == nil:
		return Broken, fmt.Sprintf("SIGKILL, pid %d; the other two elect no leader", l.pid)
	case l.next <= l.term || l.successor == l.leader:
		return Unjudged, fmt.Sprintf("term %d before and %d after: it did not lead", l.term, l.next)
	}
	return Held, fmt.Sprintf("SIGKILL, pid %d · %s leads term %d", l.pid, l.successor.Name, l.next)
}

// judgeGap says how long the person waited after the kill, looking and writing.
func judgeGap(looks, writes []tried, killed time.Time) (Outcome, string) {
	look, lookWhole := longestWait(looks, killed)
	write, writeWhole := longestWait(writes, killed)
	after := func(t tried) bool { return t.answer == served && t.begun.After(killed) }
	switch {
	case !lookWhole || !writeWhole || count(looks, after) == 0 || count(writes, after) == 0:
		return Broken, "still not served"
	case max(look, write) > gapLimit:
		return Broken, fmt.Sprintf("%s looking, %s writing: more than %v", seconds(look), seconds(write), gapLimit)
	}
	return Held, fmt.Sprintf("longest gap %s looking, %s writing", seconds(look), seconds(write))
}

// survived is what the person of the tour saw through one node.
type survived struct {
	appErr   error
	name     string // whom the app took them for
	readErr  error
	subject  string // whose session the node has
	readTook time.Duration
}

// judgeSurvivor says whether the person is still signed in at a node, for the app and for the store.
func judgeSurvivor(s survived, want string) (Outcome, string) {
	switch {
	case s.appErr != nil:
		return Unjudged, "the app: " + s.appErr.Error()
	case s.name != want:
		return Broken, "the app says " + orNobody(s.name)
	case errors.Is(s.readErr, sessnode.ErrNotFound):
		return Broken, "read: " + s.readErr.Error()
	case s.readErr != nil:
		return Unjudged, "read: " + s.readErr.Error()
	case s.subject != want:
		return Broken, "read: the session is of " + orNobody(s.subject)
	}
	return Held, fmt.Sprintf("the app says %s · read 200, %s", want, millis(s.readTook))
}

// judgeClicks says whether the clicks that were written are there, also those of the time in which a node was down. A click
// whose fate the client did not learn may be there or not.
func judgeClicks(writes []tried, killed, restarted time.Time, stored int64) (Outcome, string) {
	acked := count(writes, func(t tried) bool { return t.answer == served })
	unknown := count(writes, func(t tried) bool { return t.sent })
	meanwhile := count(writes, func(t tried) bool {
		return t.answer == served && t.begun.After(killed) && t.ended.Before(restarted)
	})
	switch {
	case stored < int64(acked):
		return Broken, fmt.Sprintf("%d of %d acknowledged clicks are there", stored, acked)
	case stored > int64(acked+unknown):
		return Broken, fmt.Sprintf("%d clicks are there, %d were made", stored, acked+unknown)
	case meanwhile == 0:
		return Unjudged, "nothing was written while it was down"
	}
	return Held, fmt.Sprintf("%d of %d clicks, %d while it was down", stored, acked, meanwhile)
}

// judgePeople says whether anybody was signed out by the faults so far.
func judgePeople(c people.Counts, looks, writes []tried) (Outcome, string) {
	out := c.SignedOut
	for _, all := range [][]tried{looks, writes} {
		if count(all, func(t tried) bool { return t.answer == refused }) > 0 {
			out++
		}
	}
	total, requests := c.People+1, c.Requests+len(looks)+len(writes)
	switch {
	case out > 0:
		return Broken, fmt.Sprintf("%d of %d people", out, total)
	case c.Ghosts > 0:
		return Broken, fmt.Sprintf("an old cookie was let in %d times", c.Ghosts)
	case c.Odd > 0:
		return Unjudged, fmt.Sprintf("%d answers of the app make no sense", c.Odd)
	case c.People == 0:
		return Unjudged, "nobody had signed in"
	}
	return Held, fmt.Sprintf("0 of %d people, %d requests", total, requests)
}

// judgeLogout says whether the logout held against the writes that were under way. A write that was begun before the logout was
// acknowledged may have come first; one that was begun after it may not be made.
func judgeLogout(name string, appErr error, writes []tried, done time.Time) (Outcome, string) {
	begunAfter := func(t tried) bool { return t.begun.After(done) }
	late := count(writes, func(t tried) bool { return begunAfter(t) && t.answer == served })
	against := count(writes, func(t tried) bool { return begunAfter(t) && t.answer == refused })
	switch {
	case late > 0:
		return Broken, fmt.Sprintf("%d writes were made after it", late)
	case appErr != nil:
		return Unjudged, "the app: " + appErr.Error()
	case name != "":
		return Broken, "the app still says " + name
	case against == 0:
		return Unjudged, "no write came after it"
	}
	return Held, fmt.Sprintf("nobody · %d late writes refused", against)
}

func orNobody(name string) string {
	if name == "" {
		return "nobody"
	}
	return name
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
