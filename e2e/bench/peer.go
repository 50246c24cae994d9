package bench

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strconv"

	"github.com/sessnode/sessnode"
	load "github.com/sessnode/sessnode/internal/bench"
)

// peerStore is a store of load over addresses that do not change while it runs.
type peerStore struct {
	addresses []string
	leader    int // its place, -1 = none is known
	connect   func(address string) load.Conn
}

// Nodes names the addresses s1, s2 and so on.
func (s *peerStore) Nodes(context.Context) (load.Nodes, error) {
	var list load.Nodes
	for i, a := range s.addresses {
		name := "s" + strconv.Itoa(i+1)
		list = append(list, load.Node{ID: name, Name: name, URL: "http://" + a, Leader: i == s.leader, Voter: true, Alive: true})
	}
	return list, nil
}

// Connect prepares a connection to one of the addresses.
func (s *peerStore) Connect(n load.Node) load.Conn { return s.connect(n.URL[len("http://"):]) }

// RevokeSubject is never asked for: a population stays.
func (s *peerStore) RevokeSubject(context.Context, string) (uint64, error) {
	return 0, errors.New("peers know no subjects")
}

// value turns the bodies that the load makes for sessnode into what a peer keeps: 512 bytes of letters that differ each time.
type value struct {
	buf    [payloadBytes]byte
	filled bool
}

// of returns the value that a create or a patch writes. Peers write a session as a whole, as frameworks over them do. It is good
// until the next call.
func (v *value) of(body []byte) []byte {
	if !v.filled { // with what nothing between here and the disk can make smaller
		var raw [payloadBytes]byte
		_, _ = rand.Read(raw[:])
		copy(v.buf[:], base64.RawURLEncoding.EncodeToString(raw[:]))
		v.filled = true
	}
	copy(v.buf[:], body[max(0, len(body)-len(v.buf)):])
	return v.buf[:]
}

// lost is the code of a request that got no answer.
func lost(o load.Operation, sent bool) sessnode.Code {
	if sent && o != load.Read {
		return sessnode.CodeUnknown
	}
	return sessnode.CodeUnavailable
}
