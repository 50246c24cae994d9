package raftlog

import "sync"

// The keys under which hashicorp/raft keeps its vote.
const (
	keyLastVoteTerm = "LastVoteTerm"
	keyLastVoteCand = "LastVoteCand"
)

// voteOrder writes a vote's candidate before its term. Raft writes the term first and the candidate in a second transaction: a crash
// between them leaves the new term with the candidate of an older vote, who would then be granted the term without a look at its log
// (hashicorp/raft#661). In the other order the crash leaves an old term with a new candidate, which is harmless: the current
// term is already stored and is newer, so that the old vote is not consulted again.
type voteOrder struct {
	Backend

	mu   sync.Mutex
	held *uint64 // the term of a vote whose candidate has not come yet
}

func (v *voteOrder) SetUint64(key []byte, value uint64) error {
	if string(key) != keyLastVoteTerm {
		return v.Backend.SetUint64(key, value)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.held = &value
	return nil
}

func (v *voteOrder) Set(key, value []byte) error {
	if err := v.Backend.Set(key, value); err != nil || string(key) != keyLastVoteCand {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.held == nil {
		return nil
	}
	if err := v.Backend.SetUint64([]byte(keyLastVoteTerm), *v.held); err != nil {
		return err
	}
	v.held = nil
	return nil
}

func (v *voteOrder) GetUint64(key []byte) (uint64, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.held != nil && string(key) == keyLastVoteTerm {
		return *v.held, nil
	}
	return v.Backend.GetUint64(key)
}
