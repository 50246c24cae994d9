package membership

import (
	"testing"

	"github.com/hashicorp/raft"
)

// transport is only asked to encode addresses.
func transport() raft.Transport {
	_, t := raft.NewInmemTransport("a:1")
	return t
}

func configOf(ids ...string) raft.Configuration {
	var c raft.Configuration
	for _, id := range ids {
		c.Servers = append(c.Servers, raft.Server{ID: raft.ServerID(id), Address: raft.ServerAddress(id + ":1")})
	}
	return c
}

func storeConfig(t *testing.T, logs raft.LogStore, index uint64, c raft.Configuration) {
	t.Helper()
	if err := logs.StoreLog(&raft.Log{Index: index, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(c)}); err != nil {
		t.Fatal(err)
	}
}

func (c *ConfigLog) mustBeAt(t *testing.T, config raft.Configuration, want uint64) {
	t.Helper()
	if got, err := c.Index(config); err != nil || got != want {
		t.Errorf("Index(%v) = %d, %v, want %d", config.Servers, got, err, want)
	}
}

func newTestLog(t *testing.T) (*ConfigLog, raft.LogStore, raft.SnapshotStore) {
	t.Helper()
	snaps := raft.NewInmemSnapshotStore()
	c, err := NewConfigLog(snaps)
	if err != nil {
		t.Fatal(err)
	}
	return c, c.Logs(raft.NewInmemStore()), c.Snapshots(snaps)
}

func TestATruncatedTailTakesItsConfigurationBack(t *testing.T) {
	c, logs, _ := newTestLog(t)
	if _, err := c.Index(configOf("a")); err == nil {
		t.Error("Index before any configuration = nil, want an error")
	}
	storeConfig(t, logs, 1, configOf("a"))
	storeConfig(t, logs, 2, configOf("a", "b"))
	c.mustBeAt(t, configOf("a", "b"), 2)
	if _, err := c.Index(configOf("a")); err == nil {
		t.Error("Index of an older configuration = nil, want an error")
	}
	if err := logs.DeleteRange(2, 2); err != nil {
		t.Fatal(err)
	}
	c.mustBeAt(t, configOf("a"), 1)
}

func TestACompactedHeadKeepsItsConfiguration(t *testing.T) {
	c, logs, snaps := newTestLog(t)
	storeConfig(t, logs, 1, configOf("a"))
	if err := logs.StoreLog(&raft.Log{Index: 2, Type: raft.LogCommand}); err != nil {
		t.Fatal(err)
	}
	sink, err := snaps.Create(1, 2, 1, configOf("a"), 1, transport())
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	if err := logs.DeleteRange(1, 2); err != nil { // nothing trails
		t.Fatal(err)
	}
	c.mustBeAt(t, configOf("a"), 1)
}

func TestACompactedHeadIsNoTruncation(t *testing.T) {
	c, logs, _ := newTestLog(t)
	storeConfig(t, logs, 1, configOf("a"))
	if err := logs.StoreLog(&raft.Log{Index: 2, Type: raft.LogCommand}); err != nil {
		t.Fatal(err)
	}
	if err := logs.DeleteRange(1, 1); err != nil {
		t.Fatal(err)
	}
	c.mustBeAt(t, configOf("a"), 1)
}

func TestConfigurationsAreFoundAgainAfterARestart(t *testing.T) {
	_, logs, snaps := newTestLog(t)
	store, kept := logs.(watchedLogs).LogStore, snaps.(watchedSnapshots).SnapshotStore
	sink, err := snaps.Create(1, 4, 1, configOf("a"), 3, transport())
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	storeConfig(t, logs, 5, configOf("a", "b"))
	again, err := NewConfigLog(kept)
	if err != nil {
		t.Fatal(err)
	}
	again.mustBeAt(t, configOf("a"), 3)
	var l raft.Log
	if err := again.Logs(store).GetLog(5, &l); err != nil { // as raft.NewRaft does with all that follows the snapshot
		t.Fatal(err)
	}
	again.mustBeAt(t, configOf("a", "b"), 5)
}

func TestAnAbandonedSnapshotCountsForNothing(t *testing.T) {
	c, logs, snaps := newTestLog(t)
	storeConfig(t, logs, 1, configOf("a"))
	sink, err := snaps.Create(1, 9, 2, configOf("a", "b"), 8, transport())
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Cancel(); err != nil {
		t.Fatal(err)
	}
	c.mustBeAt(t, configOf("a"), 1)
}
