package bootstrap

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// HandlePledge answers another node's request. It must be served as long as the node runs, also after the founding:
// members ask whether their coordinator still holds its proposal. The error wraps ErrMessage for a body that cannot be
// understood, or is Persist's; then nothing was pledged as far as the asking node may conclude.
func (m *Machine) HandlePledge(_ context.Context, body []byte) ([]byte, error) {
	q, err := decodeRequest(body)
	if err != nil {
		return nil, err
	}
	v := m.config.View()
	a := answer{from: v.Self.ID, verdict: refused}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case q.to != v.Self.ID:
		a.reason = "this is node " + v.Self.ID
	case q.kind == askHeld:
		a.verdict, a.reason = m.stillHeld(v, q.proposal)
	default:
		if a.verdict, a.reason, err = m.pledge(v, q.proposal); err != nil {
			return nil, err
		}
	}
	return a.encode()
}

// pledge holds p if nothing speaks against it. The caller holds mu.
func (m *Machine) pledge(v View, p Proposal) (verdict, string, error) {
	if m.withdrawn {
		return refused, "joining a cluster", nil
	}
	ok, reason := judge(m.config.Expect, v, m.record, p)
	if !ok {
		return refused, reason, nil
	}
	if m.record.holds(p) {
		return held, "", nil
	}
	if err := m.hold(&Record{Proposal: p}); err != nil {
		return 0, "", err
	}
	m.note("pledged to " + p.Coordinator().ID)
	return held, "", nil
}

// stillHeld answers as the coordinator of p. "Dropped" is for ever: this node never holds the same cluster id twice. The
// caller holds mu.
func (m *Machine) stillHeld(v View, p Proposal) (verdict, string) {
	switch {
	case p.Coordinator().ID != v.Self.ID:
		return refused, "only the coordinator can tell"
	case m.record.holds(p), v.Self.Cluster == p.Cluster:
		return held, ""
	}
	return dropped, ""
}

// Withdraw ends this node's part in founding, because it is about to join the given cluster; from then on it pledges
// nothing. It returns ErrPledged where the node holds a proposal for another cluster that may still be founded: then it
// must not join. An error of Persist is returned too, and leaves everything as it was.
func (m *Machine) Withdraw(cluster string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.record; r != nil && r.Proposal.Cluster != cluster && !m.withdrawn {
		self := m.config.View().Self.ID
		if r.Complete || !r.ownedBy(self) {
			return fmt.Errorf("%w: %s of coordinator %s", ErrPledged, r.Proposal.Cluster, r.Proposal.Coordinator().ID)
		}
		if err := m.hold(nil); err != nil {
			return err
		}
	}
	m.withdrawn = true
	return nil
}

// newCluster makes a cluster id of 128 random bits.
func newCluster() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand crashes the program instead
	return hex.EncodeToString(raw[:])
}
