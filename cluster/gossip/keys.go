package gossip

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/memberlist"
)

// keys is what packets are encrypted with.
type keys struct {
	mu   sync.Mutex          // one change at a time
	ring *memberlist.Keyring // nil = in the clear
}

// SetKeys replaces the keys: the first encrypts from now on, and all decrypt. A packet under a key that is not among them is dropped
// unread. Gossip that was started without keys cannot get any, nor can it lose its last. An error means that nothing was changed.
func (g *Gossip) SetKeys(all [][]byte) error {
	if err := checkKeys(all); err != nil {
		return err
	}
	k := &g.keys
	k.mu.Lock()
	defer k.mu.Unlock()
	if (k.ring == nil) != (len(all) == 0) {
		return errors.New("gossip: encryption can be switched on or off by a restart only")
	}
	if k.ring == nil {
		return nil
	}
	// In this order what the others send can be read all the time.
	for _, key := range all {
		if err := k.ring.AddKey(key); err != nil {
			return fmt.Errorf("gossip: %w", err)
		}
	}
	if err := k.ring.UseKey(all[0]); err != nil {
		return fmt.Errorf("gossip: %w", err)
	}
	for _, old := range k.ring.GetKeys() {
		if slices.ContainsFunc(all, func(key []byte) bool { return slices.Equal(key, old) }) {
			continue
		}
		if err := k.ring.RemoveKey(old); err != nil {
			return fmt.Errorf("gossip: %w", err)
		}
	}
	return nil
}

func checkKeys(all [][]byte) error {
	for _, key := range all {
		if n := len(key); n != keyBytes {
			return fmt.Errorf("gossip: key has %d bytes, allowed are %d", n, keyBytes)
		}
	}
	return nil
}

// keyring makes memberlist's form of the keys; nil = none.
func keyring(all [][]byte) (*memberlist.Keyring, error) {
	if len(all) == 0 {
		return nil, nil
	}
	ring, err := memberlist.NewKeyring(all, all[0])
	if err != nil {
		return nil, fmt.Errorf("gossip: %w", err)
	}
	return ring, nil
}
