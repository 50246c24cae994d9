package httpapi

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/sessnode/sessnode"
)

// checkName refuses names that could not be shown or logged. How long a name may be is the app's policy, which the state
// machine knows.
func checkName(name string) error {
	if name == "" {
		return mistake("an attribute's name must not be empty")
	}
	return checkPrintable("an attribute's name", name)
}

func checkPrintable(what, s string) error {
	if isPrintableASCII(s) {
		return nil
	}
	if !utf8.ValidString(s) {
		return mistake("%s is not UTF-8", what)
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return mistake("%s holds a control character", what)
		}
	}
	return nil
}

// isPrintableASCII reports whether a text has nothing but visible ASCII and blanks, as most have.
func isPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func checkSubject(s string) error {
	if len(s) > sessnode.MaxSubjectBytes {
		return mistake("a subject has at most %d bytes, this one has %d", sessnode.MaxSubjectBytes, len(s))
	}
	return checkPrintable("the subject", s)
}

// plain reads a value that stands in the body as it is. It is copied: what is stored must not keep the body alive, which
// may hold a token.
func (n node) plain() (sessnode.Value, error) {
	if err := n.shallow(); err != nil {
		return sessnode.Value{}, err
	}
	return sessnode.Value{Codec: n.format.codec(), Data: bytes.Clone(n.text)}, nil
}

// shallow refuses a value that is nested too deeply.
func (n node) shallow() error {
	if n.deep && n.depth() > sessnode.MaxDepth {
		return mistake("nested more than %d deep", sessnode.MaxDepth)
	}
	return nil
}

// raw reads {codec, data}. JSON and msgpack are checked like a body, because they will be part of one when they are read.
func (n node) raw() (v sessnode.Value, err error) {
	hasCodec, hasData := false, false
	err = n.object(
		field{"codec", func(n node) error {
			s, err := n.str()
			if err == nil {
				v.Codec, hasCodec = sessnode.ParseCodec(s)
			}
			if !hasCodec {
				return mistake("should be json, msgpack or bytes")
			}
			return err
		}},
		field{"data", func(n node) (err error) { hasData = true; v.Data, err = n.bytes(); return err }},
	)
	if err == nil && (!hasCodec || !hasData) {
		err = mistake("needs codec and data")
	}
	if err != nil || v.Codec == sessnode.Bytes {
		return v, err
	}
	check := checkJSON
	if v.Codec == sessnode.Msgpack {
		check = checkMsgpack
	}
	depth, err := check(v.Data)
	if err == nil && depth > sessnode.MaxDepth {
		err = mistake("nested more than %d deep", sessnode.MaxDepth)
	}
	if err != nil {
		return v, within("data", err)
	}
	return v, nil
}

// attributes collects the values under attrs (or set) and raw. A name stands in one of them only.
type attributes struct {
	values map[string]sessnode.Value
	room   []byte // what plain values are copied into, all of them into one piece
	last   *lastNames
}

// lastNames are the names that the plain attributes of a connection's last change had, in order. The next one usually has the same, which need
// be neither checked nor copied once more.
type lastNames [8]string

// longestLastName is how long a name is that is remembered.
const longestLastName = 64

// name returns the text of the i-th name, checked.
func (l *lastNames) name(i int, text []byte) (string, error) {
	if l == nil || i >= len(l) || len(text) > longestLastName {
		name := string(text)
		return name, checkName(name)
	}
	if len(text) == 0 || l[i] != string(text) {
		name := string(text)
		if err := checkName(name); err != nil {
			return name, err
		}
		l[i] = name
	}
	return l[i], nil
}

// add takes in a value under a name that was checked.
func (a *attributes) add(name string, v sessnode.Value, err error) error {
	if err != nil {
		return err
	}
	if _, twice := a.values[name]; twice {
		return mistake("an attribute stands in two places of the request")
	}
	if a.values == nil {
		a.values = map[string]sessnode.Value{}
	}
	a.values[name] = v
	return nil
}

// readPlain reads the values that stand in the body as they are. They are copied, for the reason of node.plain.
func (a *attributes) readPlain(n node) error {
	if a.room == nil {
		a.room = make([]byte, 0, len(n.text))
	}
	i := -1
	return n.members(func(text []byte, value node) error {
		i++
		name, err := a.last.name(i, text)
		if err == nil {
			err = value.shallow()
		}
		from := len(a.room)
		a.room = append(a.room, value.text...)
		return a.add(name, sessnode.Value{Codec: n.format.codec(), Data: a.room[from:len(a.room):len(a.room)]}, err)
	})
}

// readRaw reads all others.
func (a *attributes) readRaw(n node) error {
	return n.members(func(name []byte, value node) error {
		v, err := value.raw()
		if err == nil {
			err = checkName(string(name))
		}
		return a.add(string(name), v, err)
	})
}

// names reads a list of attribute names.
func names(into *[]string) func(node) error {
	return func(n node) error {
		*into = []string{}
		return n.items(func(item node) error {
			s, err := item.str()
			if err == nil {
				err = checkName(s)
			}
			*into = append(*into, s)
			return err
		})
	}
}

// device reads what the app knows about the browser. Fields that are too long are cut at a character.
func device(into *sessnode.Device) func(node) error {
	text := func(into *string) func(node) error {
		return func(n node) error {
			s, err := n.str()
			*into = cut(s, sessnode.MaxDeviceBytes)
			return err
		}
	}
	return func(n node) error {
		return n.object(field{"ip", text(&into.IP)}, field{"user_agent", text(&into.UserAgent)}, field{"label", text(&into.Label)})
	}
}

// cut shortens valid UTF-8 to at most a number of bytes, at a character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// text reads a string, and checks it.
func text(into *string, check func(string) error) func(node) error {
	return func(n node) error {
		s, err := n.str()
		if err == nil {
			err = check(s)
		}
		*into = s
		return err
	}
}

// token reads a session's new token. Its text goes no further than here: what leaves is its key and its length, which the
// state machine compares with the app's policy.
func token(into *sessnode.Token) func(node) error {
	return func(n node) error {
		s, err := n.str()
		if err == nil && !sessnode.Token(s).Valid(1) {
			err = mistake("a token has at most %d visible ASCII characters, and no fewer than the app's policy says", sessnode.MaxTokenLength)
		}
		*into = sessnode.Token(s)
		return err
	}
}

// inline reports whether a value can stand in a body of the format as it is. White space around JSON would be lost there.
func inline(f format, v sessnode.Value) bool {
	if v.Codec != f.codec() || len(v.Data) == 0 {
		return false
	}
	return v.Codec != sessnode.JSON || !blank(v.Data[0]) && !blank(v.Data[len(v.Data)-1])
}

func blank(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }
