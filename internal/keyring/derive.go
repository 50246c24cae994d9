package keyring

import (
	"crypto/hkdf"
	"crypto/sha256"
)

// What keys are derived for, so that what one shows gives nothing away about the other. The texts are part of the protocol.
const (
	ForNodePort = "sessnode node port v1"
	ForGossip   = "sessnode gossip v1"
)

// Derive makes keys for one purpose out of the cluster keys, in their order; none out of none.
func (r Ring) Derive(purpose string) ([][]byte, error) {
	var all [][]byte
	for _, key := range r {
		derived, err := hkdf.Key(sha256.New, key, nil, purpose, KeyBytes)
		if err != nil {
			return nil, err
		}
		all = append(all, derived)
	}
	return all, nil
}
