package gossip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sessnode/sessnode/internal/ports"
)

// TestMain has more patience than goleak's half a second: memberlist does not wait for a probe that is under way when it shuts down, and that
// ends with the probe's interval, one second where a test changes nothing.
func TestMain(m *testing.M) {
	code := m.Run()
	leaked := goleak.Find()
	for begun := time.Now(); leaked != nil && time.Since(begun) < 5*time.Second; leaked = goleak.Find() {
	}
	if code == 0 && leaked != nil {
		fmt.Fprintln(os.Stderr, "goleak:", leaked)
		code = 1
	}
	os.Exit(code)
}

// node is one node under test, whose description the test may change.
type node struct {
	*Gossip
	mu   sync.Mutex
	self Member
}

func (n *node) describe(change func(*Member)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change(&n.self)
}

func (n *node) current() Member {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.self
}

var testKey = bytes.Repeat([]byte{7}, keyBytes)

func startNode(t *testing.T, self Member, change func(*Config)) *node {
	t.Helper()
	if self.NodeAddr == "" {
		self.NodeAddr = "127.0.0.1:7001"
	}
	n := &node{self: self}
	cfg := Config{
		BindAddr: "127.0.0.1:0", Keys: [][]byte{testKey}, Label: "sessnode/test", Self: n.current, Profile: Local,
		Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	g, err := Start(cfg)
	if err != nil {
		t.Fatalf("Start(%s) = %v", self.ID, err)
	}
	n.Gossip = g
	t.Cleanup(func() { n.close(t) })
	return n
}

func (n *node) close(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := n.Close(ctx); err != nil {
		t.Errorf("Close(%s) = %v", n.current().ID, err)
	}
}

// kill stops n without a goodbye.
func (n *node) kill(t *testing.T) {
	t.Helper()
	ended, cancel := context.WithCancel(context.Background())
	cancel() // Close has no time left to say anything
	if err := n.Close(ended); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatalf("kill = %v", err)
	}
	<-n.joined
}

func seeds(nodes ...*node) func(*Config) {
	return func(c *Config) {
		for _, n := range nodes {
			c.Seeds = append(c.Seeds, n.Addr())
		}
	}
}

// await waits until ok holds for what n knows.
func await(t *testing.T, n *node, what string, ok func(map[string]Member) bool) {
	t.Helper()
	timeout := time.NewTimer(20 * time.Second)
	defer timeout.Stop()
	for {
		changed := n.Changes()
		known := map[string]Member{}
		for _, m := range n.Members() {
			known[m.ID] = m
		}
		if ok(known) {
			return
		}
		select {
		case <-changed:
		case <-timeout.C:
			t.Fatalf("%s never saw %s; it knows %v", n.current().ID, what, known)
		}
	}
}

func alive(ids ...string) func(map[string]Member) bool {
	return func(known map[string]Member) bool {
		for _, id := range ids {
			if !known[id].Alive {
				return false
			}
		}
		return true
	}
}

// joinError waits until a's attempts to join end in an error that is target.
func joinError(t *testing.T, n *node, target error) error {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(20 * time.Second)
	for {
		if err := n.JoinError(); errors.Is(err, target) {
			return err
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("JoinError() = %v, want %v", n.JoinError(), target)
		}
	}
}

func TestNodesFindEachOtherThroughOneSeed(t *testing.T) {
	a := startNode(t, Member{ID: "a-1", Name: "a", Fresh: true, Voter: true, MaxFormat: 1}, nil)
	b := startNode(t, Member{ID: "b-1", Name: "b", NodeAddr: "127.0.0.1:7002", HTTPAddr: "127.0.0.1:8002", Version: "0.1"}, seeds(a))
	c := startNode(t, Member{ID: "c-1", Name: "c"}, seeds(a))
	for _, n := range []*node{a, b, c} {
		await(t, n, "all three", alive("a-1", "b-1", "c-1"))
	}
	want := b.current()
	want.Alive = true
	for _, m := range c.Members() {
		if m.ID == "b-1" && m != want {
			t.Errorf("c knows b as %+v, want %+v", m, want)
		}
	}
}

func TestSeedsMayComeUpLater(t *testing.T) {
	late := startNode(t, Member{ID: "late-1"}, func(c *Config) { c.BindAddr = lastingAddr(t) })
	addr := late.Addr()
	late.close(t)
	a := startNode(t, Member{ID: "a-1"}, func(c *Config) { c.Seeds = []string{addr} })
	a.awaitAnyError(t)
	startNode(t, Member{ID: "late-2"}, func(c *Config) { c.BindAddr = addr })
	await(t, a, "the late seed", alive("late-2"))
}

// lastingAddr returns an address on loopback that is the test's also after who listened there has ended.
func lastingAddr(t *testing.T) string {
	t.Helper()
	free, release, err := ports.Take(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(free[0]))
}

// awaitAnyError waits for the first failed attempt and returns its error.
func (n *node) awaitAnyError(t *testing.T) error {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(20 * time.Second)
	for n.JoinError() == nil {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatal("a join with a silent seed never failed")
		}
	}
	return n.JoinError()
}

func TestRefreshTellsTheOthersAndOnlyWhatIsNew(t *testing.T) {
	a := startNode(t, Member{ID: "a-1"}, nil)
	b := startNode(t, Member{ID: "b-1", Fresh: true}, seeds(a))
	await(t, a, "b", alive("b-1"))
	b.describe(func(m *Member) { m.Fresh, m.Cluster, m.Generation, m.Applied = false, "k1", 1, 42 })
	if err := b.Refresh(); err != nil {
		t.Fatalf("Refresh() = %v", err)
	}
	await(t, a, "b's apply index", func(known map[string]Member) bool {
		return known["b-1"].Applied == 42 && known["b-1"].Cluster == "k1" && !known["b-1"].Fresh
	})
	changed := b.Changes()
	if err := b.Refresh(); err != nil {
		t.Fatalf("Refresh() = %v", err)
	}
	select {
	case <-changed:
		t.Error("a refresh without news was announced")
	default:
	}
}

func TestRefreshRefusesWhatCannotBeSentAndKeepsTheOld(t *testing.T) {
	a := startNode(t, Member{ID: "a-1", Name: "a"}, nil)
	for name, change := range map[string]func(*Member){
		"too long":          func(m *Member) { m.Name = string(bytes.Repeat([]byte{'x'}, 600)) },
		"another id":        func(m *Member) { m.ID = "a-2" },
		"control character": func(m *Member) { m.Name = "a\x1b[2J" },
	} {
		before := a.current()
		a.describe(change)
		if err := a.Refresh(); err == nil {
			t.Errorf("Refresh with %s = nil, want an error", name)
		}
		a.describe(func(m *Member) { *m = before })
		if got := a.Members()[0]; got.Name != "a" || got.ID != "a-1" {
			t.Errorf("after a refused refresh with %s the node says %+v", name, got)
		}
	}
}

func TestGoodbyeIsHeardAndTheDeadAreRemembered(t *testing.T) {
	slow := func(c *Config) { c.Profile = LAN } // in which silence is noticed after four seconds at the earliest
	a := startNode(t, Member{ID: "a-1"}, slow)
	b := startNode(t, Member{ID: "b-1"}, func(c *Config) { slow(c); seeds(a)(c) })
	silent := startNode(t, Member{ID: "c-1"}, func(c *Config) { slow(c); seeds(a)(c) })
	await(t, a, "the others", alive("b-1", "c-1"))
	await(t, b, "a, to whom to say it", alive("a-1"))
	silent.kill(t)
	b.close(t)
	await(t, a, "b gone but known", func(known map[string]Member) bool {
		m, isKnown := known["b-1"]
		if isKnown && !m.Alive && !known["c-1"].Alive {
			t.Fatal("the end of b was noticed no sooner than that of a node that was killed before: nobody said goodbye")
		}
		return isKnown && !m.Alive
	})
}

func TestNodeComesBackOnAnotherAddress(t *testing.T) {
	a := startNode(t, Member{ID: "a-1"}, nil)
	b := startNode(t, Member{ID: "b-1"}, seeds(a))
	await(t, a, "b", alive("b-1"))
	b.kill(t)
	startNode(t, Member{ID: "b-1", NodeAddr: "127.0.0.1:7999"}, seeds(a))
	await(t, a, "b's new address", func(known map[string]Member) bool {
		return known["b-1"].Alive && known["b-1"].NodeAddr == "127.0.0.1:7999"
	})
}

func TestAnotherKeyIsRefusedAndNamed(t *testing.T) {
	a := startNode(t, Member{ID: "a-1"}, nil)
	other := bytes.Repeat([]byte{9}, keyBytes)
	b := startNode(t, Member{ID: "b-1"}, func(c *Config) { c.Keys = [][]byte{other}; seeds(a)(c) })
	err := joinError(t, b, ErrKey)
	if bytes.Contains([]byte(err.Error()), other) || bytes.Contains([]byte(err.Error()), testKey) {
		t.Error("the error shows a key")
	}
	clear := startNode(t, Member{ID: "c-1"}, func(c *Config) { c.Keys = nil; seeds(a)(c) })
	joinError(t, clear, ErrKey)
	if got := len(a.Members()); got != 1 {
		t.Errorf("a knows %d nodes, want itself only", got)
	}
}

func TestAnotherLabelIsRefused(t *testing.T) {
	a := startNode(t, Member{ID: "a-1"}, nil)
	b := startNode(t, Member{ID: "b-1"}, func(c *Config) { c.Label = "sessnode/other"; seeds(a)(c) })
	b.awaitAnyError(t)
	if got := len(a.Members()); got != 1 {
		t.Errorf("a knows %d nodes, want itself only", got)
	}
}

func TestForeignClustersNeverFlowTogether(t *testing.T) {
	for name, self := range map[string]Member{
		"other cluster":    {ID: "b-1", Cluster: "k2", Generation: 1},
		"other generation": {ID: "b-1", Cluster: "k1", Generation: 2},
	} {
		t.Run(name, func(t *testing.T) {
			a := startNode(t, Member{ID: "a-1", Cluster: "k1", Generation: 1}, nil)
			b := startNode(t, self, seeds(a))
			joinError(t, b, ErrForeign)
			// A fresh node talks to both and must not become the bridge.
			f := startNode(t, Member{ID: "f-1", Fresh: true}, seeds(a, b))
			await(t, f, "both clusters", alive("a-1", "b-1"))
			for _, n := range []*node{a, b} {
				await(t, n, "the fresh node", alive("f-1"))
				if got := n.Members(); len(got) != 2 {
					t.Errorf("%s knows %v, want itself and the fresh node", n.current().ID, got)
				}
			}
			f.describe(func(m *Member) { m.Fresh, m.Cluster, m.Generation = false, "k1", 1 })
			if err := f.Refresh(); err != nil {
				t.Fatal(err)
			}
			if got := f.Members(); len(got) != 2 || got[0].ID != "a-1" {
				t.Errorf("after adopting k1 the node knows %v, want a and itself", got)
			}
		})
	}
}

func TestHalvesOfAPartitionMeetAgainAfterTheDeadWereForgotten(t *testing.T) {
	a := startNode(t, Member{ID: "a-1"}, nil)
	b := startNode(t, Member{ID: "b-1"}, func(c *Config) { c.BindAddr = lastingAddr(t); seeds(a)(c) })
	c := startNode(t, Member{ID: "c-1"}, seeds(a)) // keeps a from being alone
	await(t, a, "b and c", alive("b-1", "c-1"))
	await(t, c, "a and b", alive("a-1", "b-1"))
	addr := b.Addr()
	b.close(t)
	await(t, a, "b's end", func(known map[string]Member) bool { return !known["b-1"].Alive })
	startNode(t, Member{ID: "b-2"}, func(cfg *Config) { cfg.BindAddr = addr }) // no seeds: it must be found
	await(t, a, "the node at b's address", alive("b-2"))
}

func TestCloseEndsWithItsContextAndTwice(t *testing.T) {
	a := startNode(t, Member{ID: "a-1"}, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := a.Close(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Close(ended) = %v, want nil or context.Canceled", err)
	}
	if err := a.Close(context.Background()); err != nil {
		t.Errorf("second Close = %v, want nil", err)
	}
}

func TestStartRefusesAFaultyConfigWithAllFaults(t *testing.T) {
	err := Config{BindAddr: "nowhere", Seeds: []string{"x:99999"}, Keys: [][]byte{[]byte("short")}}.Validate()
	for _, want := range []string{"bind address", "seed", "key has 5 bytes", "Self"} {
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("Validate() = %v, want it to name %q", err, want)
		}
	}
	if _, err := Start(Config{BindAddr: "127.0.0.1:0", Self: func() Member { return Member{ID: "a-1"} }}); err == nil {
		t.Error("Start without a node address = nil, want an error")
	}
}
