package nodeport

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
)

// proofKey is a key of challenges, derived from one cluster key.
type proofKey [sha256.Size]byte

// ring is the keys of a Port at one moment: the first proves this node to others, any of them proves another node to this one.
type ring struct {
	keys []proofKey // at least one
	err  error      // why there is none
}

// newRing derives the keys of challenges. The cluster key is used for gossip too; HKDF keeps the two apart. No key at all is a key that
// everybody knows.
func newRing(keys [][]byte) ring {
	if len(keys) == 0 {
		keys = [][]byte{nil}
	}
	var r ring
	for _, key := range keys {
		derived, err := hkdf.Key(sha256.New, key, nil, "sessnode node port 1", sha256.Size)
		if err != nil {
			return ring{err: err}
		}
		r.keys = append(r.keys, proofKey(derived))
	}
	return r
}

// holds reports whether a key is among them.
func (r ring) holds(key proofKey) bool {
	found := 0
	for _, k := range r.keys {
		found |= subtle.ConstantTimeCompare(k[:], key[:])
	}
	return found == 1
}

// proves returns which of the keys a proof was made with. All are tried, whichever it is, so that the time tells nobody; proof makes
// the one that a key should have made.
func (r ring) proves(given []byte, proof func(proofKey) []byte) (key proofKey, ok bool) {
	found := 0
	for _, k := range r.keys {
		equal := subtle.ConstantTimeCompare(given, proof(k))
		subtle.ConstantTimeCopy(equal, key[:], k[:])
		found |= equal
	}
	return key, found == 1
}

// SetKeys replaces the keys: the first is spoken from now on, and all are accepted. Connections that were opened with a key that is
// not among them are closed, those in their challenge included: a key that was removed opens nothing and holds nothing open. Calls
// under way on them end in ErrLost, and the next ones dial anew. An error means that nothing was changed.
func (p *Port) SetKeys(keys [][]byte) error {
	next := newRing(keys)
	if next.err != nil {
		return next.err
	}
	p.mu.Lock()
	p.ring = next
	var stale []*trackedConn
	for conn := range p.conns {
		if conn.proved && !next.holds(conn.key) {
			stale = append(stale, conn)
		}
	}
	p.mu.Unlock()
	for _, conn := range stale {
		_ = conn.Close()
	}
	return nil
}

// keys returns the ring of the moment.
func (p *Port) keys() ring {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ring
}

// admit records which key a connection was opened with, unless that was removed while the challenge went on.
func (p *Port) admit(conn *trackedConn, key proofKey) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ring.holds(key) {
		return fmt.Errorf("%w: the key was removed during the challenge", ErrWrongKey)
	}
	conn.key, conn.proved = key, true
	return nil
}
