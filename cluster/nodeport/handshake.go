package nodeport

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The challenge, version 1. Each message is a two-byte length and that many bytes.
//
//	dialler  → hello                     nonce, identity
//	acceptor → hello                     nonce, identity
//	dialler  → HMAC(key, "dialler" , both hellos)
//	acceptor → code, HMAC(key, "acceptor", both hellos, code)
//
// key is the first of the dialler's keys. The acceptor tries all of its own and answers with the one that fits, so that keys can be
// rotated; the dialler believes no other, so that nobody who has an older key can make it fall back on that.
//
// The dialler proves itself first, so that somebody who merely connects gets no HMAC to test guesses of the key on. Each end
// hashes the other's fresh nonce, so nothing can be replayed; the role in front keeps a message from being sent back to its
// author. Identities are judged only after the keys were: what a stranger claims is worth no answer.

const (
	protocolVersion  = 1
	nonceSize        = 32
	maxIdentityBytes = 128
	// maxHandshake is the longest message: a hello with both names at their longest, and room for later versions.
	maxHandshake = 512
)

type role byte

const (
	dialler  role = 1
	acceptor role = 2
)

func (r role) label() string {
	if r == dialler {
		return "dialler"
	}
	return "acceptor"
}

// verdict is the acceptor's answer on the wire. Append only.
type verdict byte

const (
	accepted verdict = iota
	wrongKey
	wrongCluster
	wrongGeneration
	sameNode
	refused
)

// handshake is one end's view of a challenge.
type handshake struct {
	ring  ring
	key   proofKey // what this end proves itself with; the acceptor's is known when the dialler's proof is
	local Identity
	role  role
}

// newHandshake prepares one end.
func newHandshake(keys ring, local Identity, r role) (*handshake, error) {
	if len(local.NodeID) > maxIdentityBytes || len(local.Cluster) > maxIdentityBytes {
		return nil, fmt.Errorf("node id and cluster id may have %d bytes each", maxIdentityBytes)
	}
	if keys.err != nil {
		return nil, keys.err
	}
	return &handshake{ring: keys, key: keys.keys[0], local: local, role: r}, nil
}

// run performs the challenge on conn and returns who the other end is. The caller bounds it with conn's deadline and closes
// conn on an error. Nothing beyond the challenge is read.
func (h *handshake) run(conn io.ReadWriter) (Identity, error) {
	if h.role == dialler {
		return h.dial(conn)
	}
	return h.accept(conn)
}

func (h *handshake) dial(conn io.ReadWriter) (Identity, error) {
	mine := h.hello()
	if err := writeMessage(conn, mine); err != nil {
		return Identity{}, err
	}
	theirs, err := readMessage(conn)
	if err != nil {
		return Identity{}, err
	}
	remote, err := decodeHello(theirs, acceptor)
	if err != nil {
		return Identity{}, err
	}
	if err := writeMessage(conn, h.key.mac(dialler, mine, theirs)); err != nil {
		return Identity{}, err
	}
	answer, err := readMessage(conn)
	if err != nil {
		return Identity{}, err
	}
	if len(answer) != 1+sha256.Size {
		return Identity{}, fmt.Errorf("%w: verdict of %d bytes", ErrProtocol, len(answer))
	}
	// A verdict that does not verify says nothing but that the keys differ, whatever its code.
	if !hmac.Equal(answer[1:], h.key.mac(acceptor, mine, theirs, answer[:1])) {
		return Identity{}, ErrWrongKey
	}
	if err := verdict(answer[0]).err(h.local, remote); err != nil {
		return Identity{}, err
	}
	return remote, judge(h.local, remote)
}

func (h *handshake) accept(conn io.ReadWriter) (Identity, error) {
	theirs, err := readMessage(conn)
	if err != nil {
		return Identity{}, err
	}
	remote, err := decodeHello(theirs, dialler)
	mine := h.hello()
	if err != nil && !errors.Is(err, ErrVersion) {
		return Identity{}, err
	}
	// On a foreign version this hello is the answer too: it tells the dialler ours.
	if werr := writeMessage(conn, mine); err != nil || werr != nil {
		return Identity{}, errors.Join(err, werr)
	}
	proof, err := readMessage(conn)
	if err != nil {
		return Identity{}, err
	}
	if key, known := h.ring.proves(proof, func(k proofKey) []byte { return k.mac(dialler, theirs, mine) }); known {
		h.key, err = key, judge(h.local, remote)
	} else {
		err = ErrWrongKey
	}
	code := []byte{byte(verdictOf(err))}
	if werr := writeMessage(conn, append(code, h.key.mac(acceptor, theirs, mine, code)...)); werr != nil {
		return Identity{}, errors.Join(err, werr)
	}
	return remote, err
}

// judge says whether two nodes may speak. It is symmetric, so both ends come to the same answer.
func judge(local, remote Identity) error {
	switch {
	case local.NodeID != "" && local.NodeID == remote.NodeID:
		return fmt.Errorf("%w: %s", ErrSameNode, local.NodeID)
	case local.Cluster == "" || remote.Cluster == "":
		return nil // a fresh node has neither, and learns them from the others
	case local.Cluster != remote.Cluster:
		return fmt.Errorf("%w: %q here, %q at node %s", ErrWrongCluster, local.Cluster, remote.Cluster, remote.NodeID)
	case local.Generation != 0 && remote.Generation != 0 && local.Generation != remote.Generation:
		return fmt.Errorf("%w: %d here, %d at node %s", ErrWrongGeneration, local.Generation, remote.Generation, remote.NodeID)
	}
	return nil
}

func verdictOf(err error) verdict {
	switch {
	case err == nil:
		return accepted
	case errors.Is(err, ErrWrongKey):
		return wrongKey
	case errors.Is(err, ErrWrongCluster):
		return wrongCluster
	case errors.Is(err, ErrWrongGeneration):
		return wrongGeneration
	case errors.Is(err, ErrSameNode):
		return sameNode
	}
	return refused
}

// err is what the dialler makes of a verified verdict. Its own judgement has the better words, so that comes first.
func (v verdict) err(local, remote Identity) error {
	if v == accepted {
		return nil
	}
	if err := judge(local, remote); err != nil {
		return err
	}
	switch v {
	case wrongKey:
		return ErrWrongKey
	case wrongCluster:
		return ErrWrongCluster
	case wrongGeneration:
		return ErrWrongGeneration
	case sameNode:
		return ErrSameNode
	}
	return fmt.Errorf("%w: refused with code %d", ErrProtocol, v)
}

// mac is the HMAC over the parts, each with its length in front, under the role of whoever sends it.
func (k proofKey) mac(r role, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, k[:])
	m.Write([]byte(r.label()))
	for _, part := range parts {
		m.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		m.Write(part)
	}
	return m.Sum(nil)
}
