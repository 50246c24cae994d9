package sessionhttp

import (
	"encoding/json"
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode"
)

// changes is what a request has changed and not sent yet. An attribute is in one of set, unset and incr only: the store would
// refuse anything else.
type changes struct {
	set     map[string]sessnode.Value
	unset   map[string]bool
	incr    map[string]int64
	subject string         // who signed in; empty = nobody
	wipe    bool           // what was stored belongs to somebody else
	rotate  bool           // a new token was asked for
	revoke  sessnode.Token // of the session that was logged out
	fault   error          // the handler's mistake, which fails the commit
}

func (c *changes) put(name string, v sessnode.Value) {
	c.clear(name)
	if c.set == nil {
		c.set = make(map[string]sessnode.Value)
	}
	c.set[name] = v
}

func (c *changes) drop(name string) {
	c.clear(name)
	if c.unset == nil {
		c.unset = make(map[string]bool)
	}
	c.unset[name] = true
}

// add notes an incr. On what this request has set or unset it counts by itself.
func (c *changes) add(name string, by int64) {
	v, here := c.set[name]
	if here || c.unset[name] {
		sum, isInt := plus(v, by)
		if !isInt {
			c.refuse(sessnode.Errorf(sessnode.CodeConflict, sessnode.ReasonNotInteger, "attribute %q is to be incremented and is no integer", name))
		}
		c.put(name, sum)
		return
	}
	if c.incr == nil {
		c.incr = make(map[string]int64)
	}
	c.incr[name] += by
}

func (c *changes) clear(name string) {
	delete(c.set, name)
	delete(c.unset, name)
	delete(c.incr, name)
}

// refuse keeps the first mistake.
func (c *changes) refuse(err error) {
	if c.fault == nil {
		c.fault = err
	}
}

// attrs are the attributes of a session that begins with these changes.
func (c *changes) attrs() map[string]sessnode.Value {
	all := make(map[string]sessnode.Value, len(c.set)+len(c.incr))
	maps.Copy(all, c.set)
	for name, by := range c.incr {
		all[name], _ = plus(sessnode.Value{}, by)
	}
	return all
}

// plus is an attribute after an incr, as the store counts; the zero Value counts as 0. It returns false for what the store will
// refuse.
func plus(v sessnode.Value, by int64) (sessnode.Value, bool) {
	var n int64
	isInt := true
	if v.Data != nil {
		var err error
		n, err = strconv.ParseInt(string(v.Data), 10, 64)
		isInt = err == nil && v.Codec == sessnode.JSON
	}
	if by > 0 && n > math.MaxInt64-by || by < 0 && n < math.MinInt64-by {
		isInt = false
	}
	return sessnode.Value{Data: strconv.AppendInt(nil, n+by, 10)}, isInt
}

// subjectIn reads who is signed in out of an attribute: a string or a number; null and false stand for nobody.
func subjectIn(v sessnode.Value) (subject string, good bool) {
	text := strings.TrimSpace(string(v.Data))
	switch {
	case v.Codec != sessnode.JSON || text == "":
		return "", false
	case text == "null", text == "false":
		return "", true
	case strings.ContainsRune("-0123456789", rune(text[0])):
		return text, true
	}
	err := json.Unmarshal(v.Data, &subject)
	return subject, err == nil
}
