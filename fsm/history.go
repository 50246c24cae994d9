package fsm

// historySize is how many applied indexes keep their state hash: enough for a checkpoint to be compared on a replica that the
// leader is far ahead of, 24 bytes each.
const historySize = 8192

// history is a ring of the state hashes after the last applied entries.
type history struct {
	ring [historySize]Checkpoint
}

func (h *history) add(index uint64, sum Hash) { h.ring[index%historySize] = Checkpoint{index, sum} }

func (h *history) at(index uint64) (Hash, bool) {
	c := h.ring[index%historySize]
	return c.Hash, c.Index == index && index != 0
}

// HashAt returns the state hash after an entry, if it is among the last few thousand that this process applied.
func (m *Machine) HashAt(index uint64) (Hash, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.history.at(index)
}

// compare checks the leader's checkpoint against this replica's own history.
func (m *Machine) compare(c Checkpoint) *Mismatch {
	if own, known := m.history.at(c.Index); known && own != c.Hash {
		return &Mismatch{Index: c.Index, Leader: c.Hash, Local: own}
	}
	return nil
}

// total is the hash of the whole state: the incremental sum and the few single values beside it.
func (m *Machine) total() Hash {
	w := hashing(kindMeta)
	w.meta(m)
	return m.hash.plus(w.sum())
}

func (w *writer) meta(m *Machine) {
	w.array(5)
	w.uint(m.generation)
	w.text(m.cluster)
	w.uint(m.budget)
	w.int(m.now)
	w.uint(m.serial)
}
