package doctor

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sessnode/sessnode/cluster/nodeport"
	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/keyring"
	"github.com/sessnode/sessnode/internal/tlsfiles"
)

// neighbour is another node, as far as doctor meets it: a gossip port, a node port and an HTTP server, in a row.
type neighbour struct {
	seed string
	node net.Listener
	http net.Listener
}

func newNeighbour(t *testing.T) neighbour {
	t.Helper()
	base := freePorts(t)
	open := func(port int) net.Listener {
		ln, err := net.Listen("tcp", at(port))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ln.Close() })
		return ln
	}
	n := neighbour{at(base + 2), open(base + 1), open(base)}
	open(base + 2)
	return n
}

// beNode serves a node port with these keys.
func (n neighbour) beNode(t *testing.T, keys keyring.Ring, change func(*nodeport.Config)) {
	t.Helper()
	derived, err := keys.Derive(keyring.ForNodePort)
	if err != nil {
		t.Fatal(err)
	}
	cfg := nodeport.Config{Keys: derived, Identity: func() nodeport.Identity {
		return nodeport.Identity{NodeID: "n2-0011223344556677", Cluster: "c1", Generation: 1}
	}}
	if change != nil {
		change(&cfg)
	}
	port := nodeport.New(n.node, cfg)
	var wg sync.WaitGroup
	wg.Go(func() { _ = port.Serve() }) // ends with Close
	t.Cleanup(func() { _ = port.Close(); wg.Wait() })
}

// beside gives a patient a neighbour with the same key.
func beside(t *testing.T, n neighbour) Patient {
	t.Helper()
	p := wellKept(t)
	p.Config.Cluster.Seeds, p.Config.Cluster.Expect = []string{p.Config.Listen.Gossip, n.seed}, 3
	return p
}

func (p Patient) ownKeys(t *testing.T) keyring.Ring {
	t.Helper()
	ring, err := keyring.Read(p.Config.Security.ClusterKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestASeedThatIsANodeOfTheClusterIsFine(t *testing.T) {
	n := newNeighbour(t)
	p := beside(t, n)
	n.beNode(t, p.ownKeys(t), nil)
	only(t, examine(t, p))
}

func TestSeedsThatWouldRefuseThisNode(t *testing.T) {
	for name, c := range map[string]struct {
		keys   func(Patient) keyring.Ring
		change func(*nodeport.Config)
		before func(*testing.T, Patient)
		want   string
	}{
		"another key":     {keys: func(Patient) keyring.Ring { return keyring.Ring{keyring.New()} }, want: "FAIL seeds: another cluster key -> the same --cluster-key-file"},
		"no key":          {keys: func(Patient) keyring.Ring { return nil }, want: "FAIL seeds: another cluster key -> the same"},
		"another cluster": {before: belongs("c2", 1), want: "FAIL seeds: another cluster than -> another --data"},
		"another life":    {before: belongs("c1", 2), want: "FAIL seeds: another life -> joins as a new one"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNeighbour(t)
			p := beside(t, n)
			keys := p.ownKeys(t)
			if c.keys != nil {
				keys = c.keys(p)
			}
			if c.before != nil {
				c.before(t, p)
			}
			n.beNode(t, keys, c.change)
			p.look()
			only(t, report(p.seeds(t.Context())), c.want)
		})
	}
}

// belongs makes the data directory of a node of some cluster.
func belongs(cluster string, generation uint64) func(*testing.T, Patient) {
	return func(t *testing.T, p Patient) {
		t.Helper()
		directory(t, p.Config.Data, "n1")
		dir, err := raftlog.OpenDir(p.Config.Data, "n1")
		if err != nil {
			t.Fatal(err)
		}
		defer dir.Close()
		if err := dir.SetCluster(cluster, generation); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSeedsThatAreNotThere(t *testing.T) {
	p := wellKept(t)
	p.Config.Cluster.Seeds, p.Config.Cluster.Expect = []string{at(freePorts(t)), "no-such-host.invalid:7482"}, 3
	only(t, report(p.seeds(t.Context())), "warn seeds: connection refused -> start that node", "warn seeds: no host of that name -> name service")
	n := newNeighbour(t)
	p = beside(t, n)
	_ = n.node.Close()
	only(t, examine(t, p), "warn seeds: where its node port should be -> firewall")
}

func TestSeedsThatAreAnotherProgram(t *testing.T) {
	n := newNeighbour(t)
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(n.node) }() // ends with Close
	defer server.Close()
	only(t, examine(t, beside(t, n)), "FAIL seeds: another program answers -> mend --seeds")
}

func TestTLSOnOneSideOnly(t *testing.T) {
	ca, err := tlsfiles.NewAuthority(filepath.Join(t.TempDir(), "ca"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	other, err := tlsfiles.NewAuthority(filepath.Join(t.TempDir(), "other"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair := func(a *tlsfiles.Authority) (tlsfiles.Files, *tls.Config) {
		files, err := a.Node("n1", nil, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		source, err := tlsfiles.Open(files, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return files, source.Mutual(tlsfiles.PeerName)
	}
	files, secure := pair(ca)
	_, foreign := pair(other)
	for name, c := range map[string]struct {
		here, there bool
		theirs      *tls.Config
		want        []string
	}{
		"both":            {true, true, secure, nil},
		"here only":       {true, false, nil, []string{"FAIL seeds: speaks plain text between nodes, and this node TLS -> or none"}},
		"there only":      {false, true, secure, []string{"FAIL seeds: speaks TLS between nodes, and this node plain text -> --peer-cert-file"}},
		"other authority": {true, true, foreign, []string{"FAIL seeds: is not accepted here -> of one authority"}},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNeighbour(t)
			p := beside(t, n)
			if c.here {
				p.Config.Security.Peer, p.Config.Security.PeerCAFile = config.KeyPair{Cert: files.Cert, Key: files.Key}, files.CA
			}
			n.beNode(t, p.ownKeys(t), func(cfg *nodeport.Config) { cfg.TLS = c.theirs })
			p.look()
			only(t, report(p.seeds(t.Context())), c.want...)
		})
	}
}

func TestAClockThatIsFarOff(t *testing.T) {
	n := newNeighbour(t)
	p := beside(t, n)
	n.beNode(t, p.ownKeys(t), nil)
	off := time.Duration(0)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
	}))
	server.Listener = n.http
	server.Start()
	defer server.Close()
	only(t, examine(t, p))
	off = time.Minute
	only(t, examine(t, p), "warn clock: 1m0s behind -> chrony")
	off = -time.Minute
	only(t, examine(t, p), "warn clock: 1m0s ahead of -> chrony")
	p.Now = func() time.Time { return time.Unix(1000, 0) }
	only(t, report(p.clock(t.Context())), "FAIL clock: 1970-01-01 -> chrony")
}
