package httpapi

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

// key reads Session-Token and returns the only form in which the rest of the program sees it. A text that can be no token
// belongs to no session for certain; a request without the header was built wrong, or lost it on the way, which says
// nothing about the session and must not sign anybody out.
func (c *call) key() (sessnode.Key, error) {
	text, sent, err := c.only(headerToken)
	if err == nil && !sent {
		err = mistake("the header Session-Token is missing")
	}
	if err != nil {
		return sessnode.Key{}, err
	}
	t := sessnode.Token(text)
	if !t.Valid(1) {
		return sessnode.Key{}, sessnode.Errorf(sessnode.CodeNotFound, "", "no session can have such a token")
	}
	return t.Key(), nil
}

// operationID reads Idempotency-Key.
func (c *call) operationID() (op sessnode.OpID, sent bool, err error) {
	if !c.op.IsZero() { // read already
		return c.op, true, nil
	}
	text, sent, err := c.only(headerIdempotencyKey)
	if err != nil || !sent {
		return op, sent, err
	}
	if len(text) < 1 || len(text) > 128 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return op, true, mistake("Idempotency-Key has 1 to 128 visible ASCII characters")
	}
	c.op = sessnode.OpIDOf(text)
	return c.op, true, nil
}

// etag names a session's version within a generation.
func etag(generation, version uint64) string {
	return `"` + strconv.FormatUint(generation, 36) + "-" + strconv.FormatUint(version, 36) + `"`
}

// match is what If-Match says.
type match struct {
	sent    bool
	version uint64 // 0 = any
}

// ifMatch reads If-Match: `*`, or one ETag that this store gave out. An ETag that it cannot have given out matches nothing
// (RFC 9110, 13.1.1), and so does a weak one, and one of another generation.
//
// A node that has only just started knows no generation, or an old one: before it says that a tag is of another generation, the
// store is asked for the present one.
func (c *call) ifMatch(ctx context.Context) (match, error) {
	text, sent, err := c.only(headerIfMatch)
	if err != nil || !sent || text == "*" {
		return match{sent: sent}, err
	}
	opaque, isTag := unquote(strings.TrimPrefix(text, "W/"))
	if !isTag {
		return match{}, mistake("If-Match is * or the one ETag of the state that it means")
	}
	another := sessnode.Errorf(sessnode.CodePrecondition, "", "the session is at another version: read it, then decide")
	at, err := sessnode.ParsePosition(opaque)
	if err != nil || at.Index == 0 || text != etag(at.Generation, at.Index) {
		return match{}, another
	}
	store := c.api.config.Store
	if at.Generation != store.Position().Generation {
		_, present, err := store.App(ctx, c.app)
		if err != nil {
			return match{}, err
		}
		if at.Generation != present.Generation {
			return match{}, another
		}
	}
	return match{sent: true, version: at.Index}, nil
}

// noMatch refuses If-Match where it would not be obeyed.
func (c *call) noMatch() error {
	if c.Header.has(headerIfMatch) {
		return mistake("this request knows no If-Match: leave the header out")
	}
	return nil
}

func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false
	}
	s = s[1 : len(s)-1]
	return s, strings.IndexByte(s, '"') < 0
}

// isFresh reports whether If-None-Match names the state: then the answer is 304.
func (c *call) isFresh(tag string) bool {
	for part := range strings.SplitSeq(c.Header.values[headerIfNoneMatch], ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == tag || part == "*" {
			return true
		}
	}
	return false
}

// how reads how fresh a read must be.
func (c *call) how() (sessnode.Read, error) {
	var r sessnode.Read
	level, sent, err := c.only(headerConsistency)
	if err != nil {
		return r, err
	}
	bound, isBounded := strings.CutPrefix(level, "bounded=")
	switch {
	case !sent || level == "linearizable":
	case isBounded:
		var ok bool
		if r.Bound, ok = parseSeconds(bound); !ok {
			return r, mistake("Session-Consistency: bounded= takes a number of seconds")
		}
		r.Level = sessnode.Bounded
	case level == "local" && !c.caller.operator:
		return r, sessnode.Errorf(sessnode.CodeForbidden, "", "local reads may be wrong about what exists: they are for operators")
	case level == "local":
		r.Level = sessnode.Local
	default:
		return r, mistake("Session-Consistency is linearizable, bounded=SECONDS or local")
	}
	text, sent, err := c.only(headerMinIndex)
	if err == nil && sent {
		if r.Min, err = sessnode.ParsePosition(text); err != nil {
			err = mistake("Session-Min-Index is no Session-Index that this store gave out")
		}
	}
	return r, err
}

// parseSeconds reads a plain decimal number of seconds.
func parseSeconds(s string) (time.Duration, bool) {
	if s == "" || len(s) > 40 || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f > math.MaxInt32 {
		return 0, false
	}
	return fromSeconds(f)
}
