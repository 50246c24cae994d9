package offline

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/fsm"
)

// Mint makes the generation of a new life: later than the one before, and one that no other restore or recovery makes too. Two that
// were made of the same backup, or of two survivors, must never take each other for the same life. It counts the seconds, so that a later
// life has the greater number also when it comes from an older backup, with 20 random bits below, and stays within the 53 bits that
// every JSON reader has.
func Mint(before uint64, now time.Time) uint64 {
	const random = 20
	return max(uint64(max(now.Unix(), 0))<<random, before+1) + rand.Uint64N(1<<random)
}

// Life is a state that begins a new life of its cluster. It is in memory until it is settled in a directory.
type Life struct {
	Machine    *fsm.Machine
	Before     sessnode.Position // the last of the life before
	Was        time.Time         // committed cluster time there
	Now        time.Time         // cluster time with which the new life begins: never before Was
	Generation uint64
	Expired    uint64 // sessions that were live at Was, and whose time is over at Now

	index uint64
}

// Begin makes the state begin a new life. now is what the clock of this host reads: the cluster's own time stood still, and what has
// expired since must not come back.
func Begin(m *fsm.Machine, now time.Time, generation uint64) (*Life, error) {
	at, was := m.At()
	l := &Life{Machine: m, Before: at, Was: time.Unix(0, was).UTC(), Now: now.UTC(), Generation: generation, index: at.Index}
	if l.Now.Before(l.Was) {
		l.Now = l.Was
	}
	if at.Generation == 0 || generation <= at.Generation {
		return nil, fmt.Errorf("generation %d cannot follow generation %d", generation, at.Generation)
	}
	before := l.Live()
	s := m.Stats()
	if _, err := l.apply("recovery", []named{{"", sessnode.Found{Generation: generation, Cluster: s.Cluster, Budget: s.Budget}}}); err != nil {
		return nil, err
	}
	l.Expired = before - l.Live()
	return l, nil
}

// named is a change and its app.
type named struct {
	app    string
	change sessnode.Change
}

// apply makes changes as the log would: that is what they will look like to every replica. It returns how many sessions they ended.
func (l *Life) apply(actor string, changes []named) (ended uint64, err error) {
	for len(changes) > 0 {
		part := changes[:min(len(changes), fsm.MaxBatchOps)]
		changes = changes[len(part):]
		var ops [][]byte
		for _, c := range part {
			op, err := fsm.EncodeOp(fsm.Op{Mutation: sessnode.Mutation{App: c.app, Actor: actor, Change: c.change}})
			if err != nil {
				return ended, err
			}
			ops = append(ops, op)
		}
		l.index++
		results, _, err := l.Machine.Apply(l.index, fsm.EncodeBatch(fsm.Header{Generation: l.Generation, Stamp: l.Now.UnixNano()}, ops))
		if err != nil {
			return ended, err
		}
		for _, r := range results {
			if r.Code != sessnode.OK {
				return ended, fmt.Errorf("a change was refused: %w", r.Err())
			}
			ended += r.Effect.Count
		}
	}
	return ended, nil
}

// Live counts the sessions that would be served.
func (l *Life) Live() (live uint64) {
	for _, c := range l.Machine.Census(0) {
		live += c.Live
	}
	return live
}

// RevokeAll ends every session, and returns how many lived. Tombstones keep late requests from recreating them.
func (l *Life) RevokeAll(actor string) (uint64, error) {
	live := l.Live()
	var changes []named
	for _, c := range l.Machine.Census(0) {
		changes = append(changes, named{c.App, sessnode.RevokeApp{}})
	}
	if _, err := l.apply(actor, changes); err != nil {
		return 0, err
	}
	if left := l.Live(); left != 0 {
		return 0, fmt.Errorf("%d sessions live on", left)
	}
	return live, nil
}

// Revoke ends those of some sessions that live, and returns them.
func (l *Life) Revoke(ids []sessnode.ID, actor string) ([]fsm.Named, error) {
	list := l.Machine.LiveIDs(ids)
	var changes []named
	for _, s := range list {
		changes = append(changes, named{s.App, sessnode.RevokeID{ID: s.ID}})
	}
	_, err := l.apply(actor, changes)
	return list, err
}

// writeSnapshot makes the state durable as Raft's newest snapshot, with one voter.
func (l *Life) writeSnapshot(dir *raftlog.Dir, addr string, term uint64) (err error) {
	snaps, err := raft.NewFileSnapshotStoreWithLogger(dir.Path(), 2, quiet())
	if err != nil {
		return err
	}
	one := raft.Configuration{Servers: []raft.Server{{ID: raft.ServerID(dir.NodeID()), Address: raft.ServerAddress(addr), Suffrage: raft.Voter}}}
	_, nobody := raft.NewInmemTransport("") // the store asks it how addresses are written in a form that nobody reads any more
	sink, err := snaps.Create(1, l.index, term, one, l.index, nobody)
	if err != nil {
		return err
	}
	s := l.Machine.Snapshot()
	defer s.Release()
	if err := s.Write(sink); err != nil {
		return errors.Join(err, sink.Cancel())
	}
	return sink.Close()
}
