package keyring

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	// KeyBytes is how long a cluster key is.
	KeyBytes = 32

	// MaxKeys is how many keys one file may hold: a rotation needs two, and nodes tell each other the fingerprints of all.
	MaxKeys = 4

	fingerprintBytes = 8
)

// Ring is cluster keys in their order: the first is spoken, all are accepted. An empty one is no key at all.
type Ring [][]byte

// New returns a fresh key of KeyBytes random bytes.
func New() []byte {
	key := make([]byte, KeyBytes)
	_, _ = rand.Read(key) // never fails: crypto/rand crashes the program instead
	return key
}

// Fingerprint names a key by 16 hex digits. It is derived one way and may be shown, logged and compared.
func Fingerprint(key []byte) string {
	sum, err := hkdf.Key(sha256.New, key, nil, "sessnode key fingerprint v1", fingerprintBytes)
	if err != nil {
		return "" // only for more bytes than SHA-256 can derive
	}
	return hex.EncodeToString(sum)
}

// Fingerprints names all keys, in their order.
func (r Ring) Fingerprints() []string {
	names := make([]string, len(r))
	for i, key := range r {
		names[i] = Fingerprint(key)
	}
	return names
}

// Holds reports whether a key is among them.
func (r Ring) Holds(key []byte) bool { return r.index(key) >= 0 }

func (r Ring) index(key []byte) int {
	return slices.IndexFunc(r, func(k []byte) bool { return bytes.Equal(k, key) })
}

// Equal reports whether both hold the same keys in the same order.
func (r Ring) Equal(other Ring) bool { return slices.EqualFunc(r, other, bytes.Equal) }

// Parse reads the text of a key file: a key a line, 32 bytes in hex (64 digits) or base64 (43 or 44 characters). Blank lines and
// those that begin with # are passed over. The error names every faulty line at once and quotes none.
func Parse(text string) (Ring, error) {
	var ring Ring
	var faults []error
	at := map[string]int{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key := decode(line)
		switch {
		case key == nil:
			faults = append(faults, fmt.Errorf("line %d: %d characters are not 32 bytes in hex (64 digits) or base64 (44 characters)", i+1, len(line)))
		case bytes.Count(key, key[:1]) == len(key):
			faults = append(faults, fmt.Errorf("line %d: all of its 32 bytes are the same: that is a placeholder, not a key", i+1))
		case at[string(key)] != 0:
			faults = append(faults, fmt.Errorf("line %d: the same key as in line %d", i+1, at[string(key)]))
		default:
			at[string(key)] = i + 1
			ring = append(ring, key)
		}
	}
	switch {
	case len(faults) == 0 && len(ring) == 0:
		faults = append(faults, errors.New("it holds no key"))
	case len(ring) > MaxKeys:
		faults = append(faults, fmt.Errorf("it holds %d keys, allowed are %d: remove those that are spoken no more", len(ring), MaxKeys))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return ring, nil
}

func decode(text string) []byte {
	if key, err := hex.DecodeString(text); err == nil && len(key) == KeyBytes {
		return key
	}
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	if key, err := base64.RawStdEncoding.DecodeString(text); err == nil && len(key) == KeyBytes {
		return key
	}
	return nil
}

// Follows reports why a running node cannot go from the keys r to the keys next in one step; nil = it can. The others know
// this node by the key that it speaks now, so that one must stay; and they know only keys that have been here before, so that a new
// one must not come first.
func (r Ring) Follows(next Ring) error {
	switch {
	case len(next) == 0:
		return errors.New("it holds no key")
	case len(r) == 0:
		return errors.New("the node was started without a cluster key, and a key can only be given to it by a restart")
	case !next.Holds(r[0]):
		return fmt.Errorf("it lacks the key %s, which this node and perhaps others still speak", Fingerprint(r[0]))
	case !r.Holds(next[0]):
		return fmt.Errorf("the key %s stands first at once: a node that has not got it yet would refuse this one", Fingerprint(next[0]))
	}
	return nil
}
