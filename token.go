package sessnode

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
)

// Token is the bearer secret in a cookie. Printing, formatting, logging or marshalling one shows a placeholder, so that it
// cannot reach a log by accident; Reveal is the only way to its text. One gap remains that Go does not let us close: encoding/json writes
// the text of a Token that is the key of a map.
type Token string

const hidden = "[token]"

// NewToken makes a token of 32 bytes from the system's CSPRNG, base64url without padding: 43 characters, 256 bits (ASVS
// 11.5.1 asks for 128).
func NewToken() Token {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand crashes the program instead
	return Token(base64.RawURLEncoding.EncodeToString(raw[:]))
}

// Reveal returns the token's text, for the cookie and the Session-Token header only.
func (t Token) Reveal() string { return string(t) }

// Key returns the only form in which the store keeps the token.
func (t Token) Key() Key {
	var text [MaxTokenLength]byte // on the stack, so that the text is in one place less
	if len(t) > len(text) {
		return sha256.Sum256([]byte(t))
	}
	return sha256.Sum256(text[:copy(text[:], t)])
}

// String hides the token.
func (t Token) String() string { return hidden }

// GoString hides the token.
func (t Token) GoString() string { return hidden }

// Format hides the token whatever the verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// LogValue hides the token.
func (t Token) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the token, also from encoding/json.
func (t Token) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Valid reports whether t can be a token at all: between least and 256 visible ASCII characters.
func (t Token) Valid(least int) bool {
	if len(t) < least || len(t) > MaxTokenLength {
		return false
	}
	for i := range len(t) {
		if t[i] <= ' ' || t[i] > '~' {
			return false
		}
	}
	return true
}

// Key is the SHA-256 of a token's ASCII text. It is what is stored, replicated and compared; it is no bearer secret.
type Key [32]byte

// IsZero reports whether k is unset.
func (k Key) IsZero() bool { return k == Key{} }

// String returns the first eight hex digits: enough to correlate log lines.
func (k Key) String() string { return hex.EncodeToString(k[:4]) }

// ID is a session's public name: random, stable across rotation, safe to list, log and show.
type ID [16]byte

// NewID makes a random id.
func NewID() ID {
	var id ID
	_, _ = rand.Read(id[:])
	return id
}

// IsZero reports whether id is unset.
func (id ID) IsZero() bool { return id == ID{} }

// String returns 22 characters of base64url.
func (id ID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// ParseID reads what String wrote. It wraps ErrInvalid.
func ParseID(s string) (ID, error) {
	var id ID
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != len(id) {
		return ID{}, Errorf(CodeInvalid, "", "a session id has 22 characters of base64url, this one has %d", len(s))
	}
	copy(id[:], raw)
	return id, nil
}

// OpID names one change, so that a retry at any node has the first effect. The zero value means none was given.
type OpID [16]byte

// NewOpID makes a random operation id.
func NewOpID() OpID { return OpID(NewID()) }

// OpIDOf shortens what a client sent as Idempotency-Key to 16 bytes of its SHA-256. The empty string is no id.
func OpIDOf(s string) OpID {
	if s == "" {
		return OpID{}
	}
	sum := sha256.Sum256([]byte(s))
	return OpID(sum[:16])
}

// IsZero reports whether no operation id was given.
func (o OpID) IsZero() bool { return o == OpID{} }
