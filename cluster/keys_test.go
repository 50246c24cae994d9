package cluster_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
	"github.com/sessnode/sessnode/internal/keyring"
)

var freshKey = append(bytes.Repeat([]byte{'f'}, 31), 'k')

// TestTheKeyIsRotatedUnderLoad goes through the three steps while all nodes write, and then lets one come that has the old key, and one
// with the new.
func TestTheKeyIsRotatedUnderLoad(t *testing.T) {
	old := clustertest.Key()
	c := clustertest.Prepare(t, 5, func(i int, cfg *cluster.Config) {
		cfg.Expect = 3
		if i > 2 {
			cfg.Expect = 0
		}
		if i == 4 {
			cfg.Security.Keys = [][]byte{freshKey}
		}
	})
	for i := range 3 {
		c.Start(i)
	}
	for i := range 3 {
		c.AwaitReady(i)
	}
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for i := range 3 {
		load.Go(func() { // ends with ctx
			for n := 0; ctx.Err() == nil; n++ {
				m, _ := clustertest.Create("web", fmt.Sprintf("u%d-%d", i, n))
				if _, err := c.Node(i).Write(within(t, clustertest.Patience), m); err != nil {
					t.Errorf("write %d at node %d: %v", n, i, err)
					return
				}
			}
		})
	}
	for _, keys := range []keyring.Ring{{old, freshKey}, {freshKey, old}, {freshKey}} {
		for i := range 3 {
			if err := c.Node(i).SetKeys(keys); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 3 {
			c.Await(fmt.Sprintf("node %d to see %v everywhere", i, keys.Fingerprints()), func() bool {
				return tells(c.Node(i), 3, keys.Fingerprints())
			})
		}
	}
	stop()
	load.Wait()

	c.Start(3)
	until := time.Now().Add(2 * time.Second)
	c.Await("a while with the node that has the old key", func() bool { return time.Now().After(until) })
	if c.Node(3).Position().Generation != 0 {
		t.Error("a node with the old key got the cluster's state")
	}
	c.Start(4)
	c.AwaitReady(4)
}

// tells reports whether so many members are alive and tell these keys.
func tells(n *cluster.Node, count int, fingerprints []string) bool {
	alive := 0
	for _, m := range n.Status(context.Background()).Members {
		if m.Alive && slices.Equal(m.Keys, fingerprints) {
			alive++
		}
	}
	return alive == count
}

func TestABadKeyFileIsToldToAll(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	bad := func(want bool) func() bool {
		return func() bool {
			return slices.ContainsFunc(c.Node(0).Status(context.Background()).Members, func(m sessnode.Member) bool {
				return m.Name == "c" && m.KeyFileBad == want
			})
		}
	}
	c.Node(2).SayKeyFile(true)
	c.Await("the bad file to be known", bad(true))
	c.Node(2).SayKeyFile(false)
	c.Await("its end to be known", bad(false))
}

func TestKeysCannotBeSwitchedOffOrSpoilt(t *testing.T) {
	c := clustertest.Start(t, 1, nil)
	for what, keys := range map[string][][]byte{
		"none": nil, "a short one": {clustertest.Key(), []byte("short")}, "too many": slices.Repeat([][]byte{freshKey}, keyring.MaxKeys+1),
	} {
		if err := c.Node(0).SetKeys(keys); err == nil {
			t.Errorf("SetKeys(%s) = nil, want an error", what)
		}
	}
	if !tells(c.Node(0), 1, keyring.Ring{clustertest.Key()}.Fingerprints()) {
		t.Error("a refused change of keys has changed them")
	}
}
