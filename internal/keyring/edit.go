package keyring

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Add returns the keys with a new one behind them: accepted, and not yet spoken.
func (r Ring) Add(key []byte) (Ring, error) {
	switch {
	case r.Holds(key):
		return nil, fmt.Errorf("the key %s is in the file already", Fingerprint(key))
	case len(r) >= MaxKeys:
		return nil, fmt.Errorf("the file holds %d keys, which is the most that it may", len(r))
	}
	return append(slices.Clone(r), key), nil
}

// Use returns the keys with one of them in front: spoken from now on.
func (r Ring) Use(fingerprint string) (Ring, error) {
	i, err := r.named(fingerprint)
	if err != nil {
		return nil, err
	}
	return append(Ring{r[i]}, slices.Delete(slices.Clone(r), i, i+1)...), nil
}

// Remove returns the keys without one of them, which must not be the first.
func (r Ring) Remove(fingerprint string) (Ring, error) {
	i, err := r.named(fingerprint)
	if err != nil {
		return nil, err
	}
	if i == 0 {
		return nil, fmt.Errorf("the key %s is the first, which nodes speak", fingerprint)
	}
	return slices.Delete(slices.Clone(r), i, i+1), nil
}

func (r Ring) named(fingerprint string) (int, error) {
	if len(fingerprint) != 2*fingerprintBytes { // perhaps a key: it is not shown again
		return 0, fmt.Errorf("a key is named by its fingerprint, %d hex digits", 2*fingerprintBytes)
	}
	i := slices.Index(r.Fingerprints(), strings.ToLower(fingerprint))
	if i < 0 {
		return 0, fmt.Errorf("no key of the file has the fingerprint %q: it holds %s", fingerprint, strings.Join(r.Fingerprints(), ", "))
	}
	return i, nil
}

// Text is the file for the keys, which Parse reads again. Each is in hex, below a comment with its fingerprint.
func (r Ring) Text() string {
	var b strings.Builder
	for i, key := range r {
		role := "accepted"
		if i == 0 {
			role = "spoken"
		}
		fmt.Fprintf(&b, "# %s, %s\n%s\n", Fingerprint(key), role, hex.EncodeToString(key))
	}
	return b.String()
}
