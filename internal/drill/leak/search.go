// Package leak searches for tokens where no token may be: logs, metrics, data files and what nodes say to each other. It
// looks for each token's text, for the bytes that the text decodes to, and for both in hex.
//
// A search is useless if it cannot find, so callers plant a token and demand that it is found.
package leak

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"

	"github.com/sessnode/sessnode"
)

// prefix is how many bytes of a form make a find: a token that was cut short is a leak as well. 16 bytes do not occur by chance.
const prefix = 16

// Search holds the tokens that are looked for. It is safe for concurrent use once all tokens are added.
type Search struct {
	forms  map[[prefix]byte]form
	filter []uint64 // one bit for each possible first three bytes, so that most positions cost one look
}

// form is one way in which one token may be written down.
type form struct {
	token int
	name  string
}

// Find is one place where a token was found. It names the token by its number.
type Find struct {
	Token int
	Form  string // text, bytes, hex of text, hex of bytes; "upper" where its letters are
	Where string
	At    int64
}

// String returns one line that does not hold the token.
func (f Find) String() string {
	return fmt.Sprintf("token %d as %s in %s at byte %d", f.Token, f.Form, f.Where, f.At)
}

// New prepares a search for tokens; a token's number is its place.
func New(tokens []sessnode.Token) *Search {
	s := &Search{forms: map[[prefix]byte]form{}, filter: make([]uint64, 1<<24/64)}
	for i, t := range tokens {
		for name, written := range Forms(t) {
			s.add(written, form{token: i, name: name})
		}
	}
	return s
}

// Forms returns everything that a token is searched as, by name.
func Forms(t sessnode.Token) map[string][]byte {
	text := []byte(t.Reveal())
	forms := map[string][]byte{"text": text, "hex of text": []byte(hex.EncodeToString(text))}
	if raw, err := base64.RawURLEncoding.DecodeString(t.Reveal()); err == nil {
		forms["bytes"] = raw
		forms["hex of bytes"] = []byte(hex.EncodeToString(raw))
		forms["standard base64"] = []byte(base64.StdEncoding.EncodeToString(raw))
	}
	for _, name := range []string{"hex of text", "hex of bytes"} {
		if written, has := forms[name]; has {
			forms[name+", upper"] = bytes.ToUpper(written)
		}
	}
	return forms
}

// Missing returns the forms of a planted token that are not among those found. Forms that begin alike, as hex without letters in
// lower and upper case, count as found together.
func Missing(t sessnode.Token, found []string) []string {
	forms := Forms(t)
	seen := map[[prefix]byte]bool{}
	for _, name := range found {
		seen[[prefix]byte(forms[name])] = true
	}
	var missing []string
	for name, written := range forms {
		if !seen[[prefix]byte(written)] {
			missing = append(missing, name)
		}
	}
	return missing
}

func (s *Search) add(written []byte, f form) {
	if len(written) < prefix {
		return
	}
	s.forms[[prefix]byte(written)] = f
	h := head(written)
	s.filter[h/64] |= 1 << (h % 64)
}

func head(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

// Bytes searches data, which where names in the result. At most one find is reported for a token, form and place.
func (s *Search) Bytes(where string, data []byte) []Find {
	var finds []Find
	seen := map[form]bool{}
	for i := 0; i+prefix <= len(data); i++ {
		h := head(data[i:])
		if s.filter[h/64]>>(h%64)&1 == 0 {
			continue
		}
		if f, ok := s.forms[[prefix]byte(data[i:])]; ok && !seen[f] {
			seen[f] = true
			finds = append(finds, Find{Token: f.token, Form: f.name, Where: where, At: int64(i)})
		}
	}
	return finds
}

// Files searches the given files and everything below the given directories, and returns how many bytes it has looked at.
func (s *Search) Files(roots ...string) (finds []Find, looked int64, err error) {
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) && path != root {
				return nil // removed meanwhile, as a node does with old snapshots
			}
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) && path != root {
				return nil
			}
			if err != nil {
				return err
			}
			looked += int64(len(data))
			finds = append(finds, s.Bytes(filepath.Base(root)+"/"+entry.Name(), data)...)
			return nil
		})
		if err != nil {
			return nil, looked, err
		}
	}
	sort.Slice(finds, func(i, j int) bool { return finds[i].String() < finds[j].String() })
	return finds, looked, nil
}

// Plant writes a token in every form to a file, to see that a search finds it there.
func Plant(path string, t sessnode.Token) error {
	var all bytes.Buffer
	for name, form := range Forms(t) {
		fmt.Fprintf(&all, `{"msg":"planted","form":%q,"value":"%s"}`+"\n", name, form)
	}
	return os.WriteFile(path, all.Bytes(), 0o600)
}
