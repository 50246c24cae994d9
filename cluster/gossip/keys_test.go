package gossip

import (
	"bytes"
	"testing"
)

var otherKey = bytes.Repeat([]byte{9}, keyBytes)

func encrypted(keys ...[]byte) func(*Config) { return func(c *Config) { c.Keys = keys } }

func (n *node) setKeys(t *testing.T, keys ...[]byte) {
	t.Helper()
	if err := n.SetKeys(keys); err != nil {
		t.Fatalf("SetKeys(%s) = %v", n.current().ID, err)
	}
}

// TestKeysAreRotatedWhileNodesTalk lets each say something new after each step, and both hear it.
func TestKeysAreRotatedWhileNodesTalk(t *testing.T) {
	a := startNode(t, Member{ID: "a-1"}, encrypted(testKey))
	b := startNode(t, Member{ID: "b-1"}, func(c *Config) { encrypted(testKey)(c); seeds(a)(c) })
	await(t, a, "b", alive("b-1"))
	for i, keys := range [][][]byte{{testKey, otherKey}, {otherKey, testKey}, {otherKey}} {
		for _, n := range []*node{a, b} {
			n.setKeys(t, keys...)
			applied := uint64(10*i) + uint64(n.current().ID[0]) + 1
			n.describe(func(m *Member) { m.Applied = applied })
			if err := n.Refresh(); err != nil {
				t.Fatal(err)
			}
			listener := map[*node]*node{a: b, b: a}[n]
			await(t, listener, "what "+n.current().ID+" says after a change of keys", func(known map[string]Member) bool {
				return known[n.current().ID].Alive && known[n.current().ID].Applied == applied
			})
		}
	}
	old := startNode(t, Member{ID: "old-1"}, func(c *Config) { encrypted(testKey)(c); seeds(a)(c) })
	joinError(t, old, ErrKey)
	fresh := startNode(t, Member{ID: "new-1"}, func(c *Config) { encrypted(otherKey)(c); seeds(a)(c) })
	await(t, fresh, "the others", alive("a-1", "b-1"))
}

func TestKeysThatCannotBeTakenChangeNothing(t *testing.T) {
	a := startNode(t, Member{ID: "a-1"}, nil)
	for what, keys := range map[string][][]byte{"none": nil, "a short one": {testKey, []byte("short")}} {
		if err := a.SetKeys(keys); err == nil || bytes.Contains([]byte(err.Error()), []byte("short")) {
			t.Errorf("SetKeys(%s) = %v, want an error without the key", what, err)
		}
	}
	b := startNode(t, Member{ID: "b-1"}, seeds(a))
	await(t, b, "a", alive("a-1"))
	clear := startNode(t, Member{ID: "c-1"}, encrypted())
	if err := clear.SetKeys([][]byte{testKey}); err == nil {
		t.Error("SetKeys of a node without encryption = nil, want an error")
	}
}
