package http1

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Verdict is what Parse found.
type Verdict uint8

// The verdicts.
const (
	Incomplete Verdict = iota // plain so far, but the head does not end here
	Odd                       // not for this package
	Plain                     // a complete head
)

// MaxFields is how many fields a plain head has at most, without Host, Content-Length and Connection.
const MaxFields = 48

// Field is one header field, its name as it was sent and its value without the white space around it.
type Field struct{ Name, Value string }

// Head is a plain request without its body. Its texts share one copy of the head, so each of them keeps all of it alive, with what
// is secret in it: clone what is to be kept.
type Head struct {
	Method string
	Path   string // as sent: percent-encoded, without the query
	Query  string // as sent, without the question mark
	Host   string
	Length int // of the body, in bytes
	Fields []Field
}

// span is a place in the bytes that are parsed.
type span struct{ from, to int }

// parser goes through one head. It works on the bytes, so that a head that is incomplete or odd costs no memory.
type parser struct {
	method, path, query, host span
	length                    int
	hasLength, hasHost        bool
	n                         int
	fields                    [fewFields][2]span
	more                      [][2]span // what has no room there
}

// fewFields is how many fields most heads have at most; more cost memory.
const fewFields = 16

// Parse reads a head at the beginning of b. Only where it is Plain are h, whose Fields are reused, and the head's size set.
func Parse(b []byte, h *Head) (size int, v Verdict) {
	var p parser
	at, v := p.requestLine(b)
	for v == Plain {
		end := bytes.IndexByte(b[at:], '\n')
		if end < 0 {
			return 0, Incomplete
		}
		line := span{at, at + end - 1} // without CR LF
		at += end + 1
		if line.to < line.from || b[line.to] != '\r' {
			return 0, Odd
		}
		if line.to == line.from {
			if !p.hasHost {
				return 0, Odd
			}
			p.fill(string(b[:at]), h)
			return at, Plain
		}
		if !p.field(b, line) {
			return 0, Odd
		}
	}
	return 0, v
}

// requestLine reads "METHOD /path?query HTTP/1.1" and returns where the next line begins.
func (p *parser) requestLine(b []byte) (next int, v Verdict) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		if len(b) > 0 && (b[0] < 'A' || b[0] > 'Z') {
			return 0, Odd
		}
		return 0, Incomplete
	}
	const version = " HTTP/1.1\r"
	line := b[:end]
	if !bytes.HasSuffix(line, []byte(version)) {
		return 0, Odd
	}
	line = line[:len(line)-len(version)]
	blank := bytes.IndexByte(line, ' ')
	if blank < 0 || !isPlainMethod(line[:blank]) {
		return 0, Odd
	}
	p.method = span{0, blank}
	target := span{blank + 1, len(line)}
	p.path, p.query = target, span{target.to, target.to}
	if target.to == target.from || line[target.from] != '/' || bytes.HasPrefix(line[target.from:], []byte("//")) {
		return 0, Odd
	}
	inQuery := false
	for i := target.from; i < target.to; i++ {
		switch c := line[i]; {
		case c <= ' ' || c >= 0x7f || c == '#':
			return 0, Odd
		case c == '?' && !inQuery:
			inQuery = true
			p.path.to, p.query.from = i, i+1
		case c == '%' && !inQuery && (i+2 >= target.to || !isHex(line[i+1]) || !isHex(line[i+2])):
			return 0, Odd
		}
	}
	return end + 1, Plain
}

// field reads "Name: value". False means that the head is odd.
func (p *parser) field(b []byte, line span) bool {
	colon := line.from
	for colon < line.to && isToken[b[colon]] {
		colon++
	}
	if colon == line.from || colon == line.to || b[colon] != ':' {
		return false
	}
	name, value := span{line.from, colon}, span{colon + 1, line.to}
	for value.from < value.to && isBlank(b[value.from]) {
		value.from++
	}
	for value.to > value.from && isBlank(b[value.to-1]) {
		value.to--
	}
	if !isValue(b[value.from:value.to]) {
		return false
	}
	return p.known(b[name.from:name.to], b[value.from:value.to], name, value)
}

// known takes in a field that says how the request is framed or whom it is for, and keeps all others.
func (p *parser) known(name, text []byte, at, value span) bool {
	switch len(name) {
	case len("te"):
		if is(name, "te") {
			return false
		}
	case len("host"):
		if is(name, "host") {
			if p.hasHost || !isHost(text) {
				return false
			}
			p.host, p.hasHost = value, true
			return true
		}
	case len("expect"):
		if is(name, "expect") {
			return false
		}
	case len("upgrade"):
		if is(name, "upgrade") || is(name, "trailer") {
			return false
		}
	case len("connection"):
		if is(name, "connection") {
			return is(text, "keep-alive")
		}
	case len("content-length"):
		if is(name, "content-length") {
			if p.hasLength || !p.count(text) {
				return false
			}
			p.hasLength = true
			return true
		}
	case len("transfer-encoding"):
		if is(name, "transfer-encoding") {
			return false
		}
	}
	switch {
	case p.n < fewFields:
		p.fields[p.n] = [2]span{at, value}
		p.n++
	case fewFields+len(p.more) < MaxFields:
		p.more = append(p.more, [2]span{at, value})
	default:
		return false
	}
	return true
}

// count reads a Content-Length of at most nine digits.
func (p *parser) count(text []byte) bool {
	if len(text) == 0 || len(text) > 9 || text[0] == '0' && len(text) > 1 {
		return false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
		p.length = p.length*10 + int(c-'0')
	}
	return true
}

// fill cuts the head into texts.
func (p *parser) fill(text string, h *Head) {
	cut := func(s span) string { return text[s.from:s.to] }
	h.Method, h.Path, h.Query, h.Host, h.Length = cut(p.method), cut(p.path), cut(p.query), cut(p.host), p.length
	h.Fields = h.Fields[:0]
	for i := range p.n {
		h.Fields = append(h.Fields, Field{cut(p.fields[i][0]), cut(p.fields[i][1])})
	}
	for _, f := range p.more {
		h.Fields = append(h.Fields, Field{cut(f[0]), cut(f[1])})
	}
}

func isPlainMethod(m []byte) bool {
	switch string(m) {
	case "GET", "POST", "PUT", "PATCH", "DELETE":
		return true
	}
	return false
}

// is compares a name with one in lower case.
func is(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// isHost reports whether a text is surely a host with or without a port: letters, digits, dots, hyphens, underscores, and the colons and
// brackets of addresses.
func isHost(text []byte) bool {
	for _, c := range text {
		if !isHostByte[c] {
			return false
		}
	}
	return len(text) > 0
}

var isHostByte = alphanumericsAnd(".-_:[]")

// isValue reports whether a field's value has no control characters but tabs, and nothing beyond ASCII. It looks at eight bytes at a time as
// long as they are of the common kind.
func isValue(text []byte) bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	at := 0
	for ; len(text)-at >= 8; at += 8 {
		// The high bit of some byte is set if one is below 0x20 or above 0x7e. Where the sum or the difference runs over into a next byte, its own is set.
		if w := binary.LittleEndian.Uint64(text[at:]); (w|(w-each*' ')|(w+each))&high != 0 {
			break
		}
	}
	for _, c := range text[at:] {
		if c < ' ' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// isToken holds the characters that a field's name is made of (RFC 9110, 5.6.2).
var isToken = alphanumericsAnd("!#$%&'*+-.^_`|~")

func alphanumericsAnd(others string) (t [256]bool) {
	for c := range t {
		t[c] = isAlphanumeric(byte(c)) || strings.IndexByte(others, byte(c)) >= 0
	}
	return t
}
