package httpapi

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sessnode/sessnode"
)

// bodyDepth is how deeply a whole body may be nested: the deepest place of a value is if.NAME.equals.
const bodyDepth = sessnode.MaxDepth + 3

// checkJSON reads one JSON text to its end and refuses whatever two readers may understand differently: names that occur
// twice in one object, lone surrogates, bytes that are no UTF-8, and whatever RFC 8259 does not allow (encoding/json lets
// the first three pass). It returns how deeply the text is nested: 0 for a text without objects and lists.
//
// It allocates nothing in proportion to what a text claims, only to what it holds.
func checkJSON(text []byte) (depth int, err error) {
	c := jsonChecker{text: text}
	c.space()
	if err := c.value(0); err != nil {
		return 0, err
	}
	c.space()
	if c.at < len(c.text) {
		return 0, c.fault("there is more after the end of the JSON text")
	}
	return c.deepest, nil
}

type jsonChecker struct {
	text    []byte
	at      int
	deepest int
}

// fault says where, and never quotes the text: it may hold a token.
func (c *jsonChecker) fault(what string) error {
	return sessnode.Errorf(sessnode.CodeInvalid, "", "body, byte %d: %s", c.at, what)
}

func (c *jsonChecker) space() { c.at = jsonSpace(c.text, c.at) }

// jsonSpace returns where the white space at a place ends.
func jsonSpace(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r') {
		at++
	}
	return at
}

// peek returns the next byte, or 0 at the end.
func (c *jsonChecker) peek() byte {
	if c.at < len(c.text) {
		return c.text[c.at]
	}
	return 0
}

func (c *jsonChecker) value(depth int) error {
	switch b := c.peek(); {
	case b == '{' || b == '[':
		if depth++; depth > bodyDepth {
			return c.fault("nested too deeply")
		}
		c.deepest = max(c.deepest, depth)
		if b == '{' {
			return c.object(depth)
		}
		return c.list(depth)
	case b == '"':
		_, _, err := c.text1()
		return err
	case b == '-' || b >= '0' && b <= '9':
		return c.number()
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if len(c.text)-c.at >= len(word) && string(c.text[c.at:c.at+len(word)]) == word {
			c.at += len(word)
			return nil
		}
	}
	return c.fault("a JSON value should begin here")
}

func (c *jsonChecker) object(depth int) error {
	c.at++
	c.space()
	if c.peek() == '}' {
		c.at++
		return nil
	}
	var names nameSet
	for {
		if c.peek() != '"' {
			return c.fault("a name in quotes should begin here")
		}
		inner, escaped, err := c.text1()
		if err != nil {
			return err
		}
		if escaped {
			inner = unescape(inner)
		}
		if !names.add(inner) {
			return c.fault("this object has the same name twice")
		}
		c.space()
		if c.peek() != ':' {
			return c.fault("a colon should stand here")
		}
		c.at++
		c.space()
		if err := c.value(depth); err != nil {
			return err
		}
		if more, err := c.more('}'); !more {
			return err
		}
	}
}

func (c *jsonChecker) list(depth int) error {
	c.at++
	c.space()
	if c.peek() == ']' {
		c.at++
		return nil
	}
	for {
		if err := c.value(depth); err != nil {
			return err
		}
		if more, err := c.more(']'); !more {
			return err
		}
	}
}

// more reads a comma, or the end of an object or list.
func (c *jsonChecker) more(end byte) (bool, error) {
	c.space()
	switch c.peek() {
	case end:
		c.at++
		return false, nil
	case ',':
		c.at++
		c.space()
		return true, nil
	}
	return false, c.fault("a comma or the end should stand here")
}

// text1 reads one string and returns what stands between its quotes.
func (c *jsonChecker) text1() (inner []byte, escaped bool, err error) {
	c.at++
	begin, ascii := c.at, true
	for {
		at := plainJSONEnd(c.text, c.at)
		if c.at = at; at == len(c.text) {
			return nil, false, c.fault("the text ends within a string")
		}
		switch b := c.text[at]; {
		case b == '"':
			inner = c.text[begin:at]
			if !ascii && !utf8.Valid(inner) {
				c.at = begin
				return nil, false, c.fault("this string is not UTF-8")
			}
			c.at++
			return inner, escaped, nil
		case b < 0x20:
			return nil, false, c.fault("a control character must be escaped")
		case b == '\\':
			escaped = true
			if err := c.escape(); err != nil {
				return nil, false, err
			}
		default:
			ascii = false
			c.at++
		}
	}
}

// plainJSONEnd returns where the bytes end that mean themselves in a string and need no second look: eight at a time as long as all of them do.
func plainJSONEnd(text []byte, at int) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for ; len(text)-at >= 8; at += 8 {
		w := binary.LittleEndian.Uint64(text[at:])
		quote, backslash := w^each*'"', w^each*'\\'
		// The high bit of a byte is set for sure where the byte is below a number up to 0x80 that is subtracted; a borrow may set it elsewhere too,
		// which only means a closer look.
		if (w|(w-each*0x20)|(quote-each)|(backslash-each))&high != 0 {
			break
		}
	}
	for at < len(text) && isPlainJSON[text[at]] {
		at++
	}
	return at
}

// isPlainJSON holds the bytes that mean themselves in a string and need no second look.
var isPlainJSON = plainJSON()

func plainJSON() (t [256]bool) {
	for c := byte(0x20); c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}

// escape reads one escape, or two that are the halves of a surrogate pair.
func (c *jsonChecker) escape() error {
	r, size := readEscape(c.text[c.at:])
	if size == 0 {
		return c.fault("this is no escape that JSON knows")
	}
	if utf16.IsSurrogate(r) {
		low, lowSize := readEscape(c.text[c.at+size:])
		if lowSize != 6 || utf16.DecodeRune(r, low) == utf8.RuneError {
			return c.fault("a lone surrogate stands for no character")
		}
		size += lowSize
	}
	c.at += size
	return nil
}

// readEscape reads the escape at the beginning of b: a size of 0 if there is none.
func readEscape(b []byte) (r rune, size int) {
	if len(b) < 2 || b[0] != '\\' {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		if len(b) < 6 {
			return 0, 0
		}
		for _, d := range b[2:6] {
			switch {
			case d >= '0' && d <= '9':
				r = r<<4 | rune(d-'0')
			case d|0x20 >= 'a' && d|0x20 <= 'f':
				r = r<<4 | rune(d|0x20-'a'+10)
			default:
				return 0, 0
			}
		}
		return r, 6
	}
	return 0, 0
}

// unescape returns the characters of a string that was checked.
func unescape(inner []byte) []byte {
	out := make([]byte, 0, len(inner))
	for i := 0; i < len(inner); {
		if inner[i] != '\\' {
			out = append(out, inner[i])
			i++
			continue
		}
		r, size := readEscape(inner[i:])
		if utf16.IsSurrogate(r) {
			low, lowSize := readEscape(inner[i+size:])
			r, size = utf16.DecodeRune(r, low), size+lowSize
		}
		out = utf8.AppendRune(out, r)
		i += size
	}
	return out
}

// number reads a number of RFC 8259. Its text is kept as it is, so that no reader's precision matters.
func (c *jsonChecker) number() error {
	if c.peek() == '-' {
		c.at++
	}
	if c.peek() == '0' {
		c.at++
	} else if !c.digits() {
		return c.fault("a digit should stand here")
	}
	if c.peek() == '.' {
		c.at++
		if !c.digits() {
			return c.fault("a digit should stand here")
		}
	}
	if c.peek()|0x20 == 'e' {
		c.at++
		if c.peek() == '+' || c.peek() == '-' {
			c.at++
		}
		if !c.digits() {
			return c.fault("a digit should stand here")
		}
	}
	return nil
}

func (c *jsonChecker) digits() bool {
	begin := c.at
	for c.peek() >= '0' && c.peek() <= '9' {
		c.at++
	}
	return c.at > begin
}
