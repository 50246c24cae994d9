package sessnode

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Position is a place in the replicated log, within one life of the cluster. Its text is opaque to clients.
type Position struct {
	Generation uint64
	Index      uint64
}

// String returns the text for headers.
func (p Position) String() string {
	return strconv.FormatUint(p.Generation, 36) + "-" + strconv.FormatUint(p.Index, 36)
}

// ParsePosition reads what String wrote. It wraps ErrInvalid.
func ParsePosition(s string) (Position, error) {
	gen, idx, found := strings.Cut(s, "-")
	g, err1 := strconv.ParseUint(gen, 36, 64)
	i, err2 := strconv.ParseUint(idx, 36, 64)
	if !found || err1 != nil || err2 != nil {
		return Position{}, Errorf(CodeInvalid, "", "%d characters are not a position that this store gave out", len(s))
	}
	return Position{g, i}, nil
}

// Level is how fresh a read must be.
type Level uint8

// The levels.
const (
	Linearizable Level = iota // as if there were one node
	Bounded                   // this node's state, at most Read.Bound old; absence is confirmed all the same
	Local                     // whatever this node has; for operators
)

var levelNames = [...]string{Linearizable: "linearizable", Bounded: "bounded", Local: "local"}

// String returns the level's name in HTTP.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("Level(%d)", uint8(l))
}

// Read is how a read is to be answered. The zero value is a linearizable read that counts as activity.
type Read struct {
	Level   Level
	Bound   time.Duration // for Bounded
	Min     Position      // wait until at least this much of the log is applied; never lowers the level
	NoTouch bool          // does not count as activity
}
