package doctor

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/tlsfiles"
)

func TestWhatServeWouldRefuseIsFound(t *testing.T) {
	p := wellKept(t)
	p.Config.Name = "no name"
	only(t, examine(t, p), "FAIL configuration: bad name -> --name")
	p = wellKept(t)
	_, p.Faults = config.Load(from(map[string]string{"expect": "2"}))
	only(t, examine(t, p), "FAIL configuration: bad value for --expect -> --expect")
	p = wellKept(t)
	p.Faults = errors.New("something else")
	only(t, examine(t, p), "FAIL configuration: something else -> config example")
	p = wellKept(t)
	p.Config.Listen.HTTP, p.Config.Listen.AdvertiseHost, p.Config.Security.Insecure = strings.Replace(p.Config.Listen.HTTP, "127.0.0.1", "0.0.0.0", 1), "127.0.0.1", true
	only(t, examine(t, p), "warn configuration: --insecure -> --api-keys-file")
}

func TestOnlyMisspeltVariablesAreNamed(t *testing.T) {
	p := wellKept(t)
	p.Env = []string{"SESSNODE_NAME=n1", "SESSNODE_SEED=a:1", "SESSNODE_ADVERTIS_HOST=a", "PATH=/bin",
		"SESSNODE_PORT=tcp://10.0.0.1:7480", "SESSNODE_SERVICE_HOST=10.0.0.1", "SESSNODE_SERVICE_PORT_HTTP=7480", "SESSNODE_PORT_7480_TCP=x", "SESSNODE_NODES_SERVICE_HOST=x", "SESSNODE_QQQQQ=1"}
	only(t, examine(t, p), "warn variables: SESSNODE_SEED is set -> rename it to SESSNODE_SEEDS", "warn variables: SESSNODE_ADVERTIS_HOST -> SESSNODE_ADVERTISE_HOST")
}

func TestAPortThatIsTakenIsNamedWithItsHolder(t *testing.T) {
	p := wellKept(t)
	ln, err := net.Listen("tcp", p.Config.Listen.HTTP)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	udp, err := net.ListenPacket("udp", p.Config.Listen.Gossip)
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	only(t, examine(t, p), "FAIL ports: (TCP) is taken by doctor.test -> --http", "FAIL ports: (UDP) is taken by doctor.test -> --gossip")
}

func TestAPortOfTheNodeItselfIsFine(t *testing.T) {
	p := wellKept(t)
	dir, err := raftlog.OpenDir(p.Config.Data, "n1")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	ln, err := net.Listen("tcp", p.Config.Listen.Node)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ready := http.StatusOK
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(ready)
		_, _ = io.WriteString(w, "[+]running ok\n[-]leader failed: no leader is known\n")
	}))
	_ = server.Listener.Close()
	if server.Listener, err = net.Listen("tcp", p.Config.Listen.HTTP); err != nil {
		t.Fatal(err)
	}
	server.Start()
	only(t, examine(t, p)) // the holder of ports and directory is this very process
	ready = http.StatusServiceUnavailable
	only(t, examine(t, p), "FAIL running: not ready: leader failed: no leader is known -> log")
	server.Close()
	only(t, examine(t, p), "warn running: does not answer at -> --http")
}

func TestAddressesThatOthersCannotUse(t *testing.T) {
	p := wellKept(t)
	p.Config.Cluster.Seeds, p.Config.Cluster.Expect = []string{"192.0.2.1:7482"}, 0
	p.Config.Listen.AdvertiseHost = "localhost"
	found := p.address(t.Context())
	only(t, report(found), "FAIL address: this host alone, and the seeds are elsewhere (192.0.2.1:7482) -> --advertise-host")
	p.Config.Listen.AdvertiseHost = "no-such-host.invalid"
	only(t, report(p.address(t.Context())), "FAIL address: no host of that name -> --advertise-host")
	p = wellKept(t)
	p.Config.Listen.AdvertiseHost = "127.0.0.2" // another address than the one that is listened on
	only(t, report(p.address(t.Context())), "warn address: does not reach itself -> firewall")
	p.Config.Listen.HTTP = "192.0.2.1:7480"
	only(t, report(p.ports(t.Context())), "FAIL ports: no interface of this host has -> ip addr")
}

// directory makes a data directory with a log, of a node that does not run.
func directory(t *testing.T, path, name string) {
	t.Helper()
	dir, err := raftlog.OpenDir(path, name)
	if err != nil {
		t.Fatal(err)
	}
	store, err := raftlog.OpenLog(dir, raftlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Close(), dir.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestDirectoriesThatMustNotBeStarted(t *testing.T) {
	p := wellKept(t)
	directory(t, p.Config.Data, "n1")
	only(t, examine(t, p))

	p.Config.Name = "n2"
	only(t, examine(t, p), `FAIL data: belongs to node "n1", not to "n2" -> --name n1`)

	p.Config.Name, p.Config.LogStore = "n1", "bolt"
	only(t, examine(t, p), "FAIL data: keeps its log in wal, not in bolt -> --log-store wal")

	p.Config.LogStore = "wal"
	segments, err := filepath.Glob(filepath.Join(p.Config.Data, "raft.wal", "*.wal"))
	if err != nil || len(segments) != 1 {
		t.Fatalf("segments %v, %v, want one", segments, err)
	}
	log := segments[0]
	raw, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(log, raw[:5000], 0o600); err != nil {
		t.Fatal(err)
	}
	only(t, examine(t, p), "FAIL data: damaged -> move the directory away")
	if err := os.Remove(log); err != nil {
		t.Fatal(err)
	}
	only(t, examine(t, p), "FAIL data: damaged -> move the directory away")

	p = wellKept(t)
	dir, err := raftlog.OpenDir(p.Config.Data, "n1")
	if err != nil {
		t.Fatal(err)
	}
	p.Config.Name = "n2"
	p.look()
	only(t, report(p.dataDirectory(t.Context())), "FAIL data: which runs as process -> a directory of its own")
	p.Config.Name = "n1"
	if err := errors.Join(dir.SetLeft(), dir.Close()); err != nil {
		t.Fatal(err)
	}
	only(t, examine(t, p), "FAIL data: has left its cluster -> start with an empty one")
}

func TestDisksThatForgetOrAreFull(t *testing.T) {
	for kind, want := range map[string]string{"tmpfs": "warn disk: keeps nothing over a reboot -> on a disk", "nfs": "warn disk: another host -> local disk"} {
		only(t, report(fileSystemOf("disk", "/d", kind)), want)
	}
	only(t, report(fileSystemOf("disk", "/d", "")))
	only(t, report(space("disk", "/d", 1<<20)), "FAIL disk: 1 MiB left -> make room")
	only(t, report(space("disk", "/d", 500<<20)), "warn disk: 500 MiB left -> make room")
	only(t, report(space("disk", "/d", 50<<30)))

	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		p := wellKept(t)
		p.Config.Data = filepath.Join("/dev/shm", "sessnode-doctor-test-none")
		if kind, _ := fileSystem("/dev/shm"); kind == "tmpfs" {
			r := report(p.disk(t.Context()))
			if len(r.Findings) == 0 || r.Findings[len(r.Findings)-1].Level != Warn {
				t.Errorf("disk(tmpfs) = %+v, want a warning", r.Findings)
			}
		}
	}
	p := wellKept(t)
	p.Config.Data = "/proc/nothing/can/be/made/here"
	only(t, report(p.disk(t.Context())), "FAIL disk: cannot write -> --data DIR")
}

func TestMemoryThatIsNotThere(t *testing.T) {
	p := wellKept(t)
	p.Root = fstest.MapFS{"proc/meminfo": &fstest.MapFile{Data: []byte("MemTotal: 1048576 kB\n"), Mode: fs.ModePerm}}
	only(t, report(p.memory(t.Context())))
	p.Config.Limits.MaxMemory = 2 << 30
	only(t, report(p.memory(t.Context())), "FAIL memory: this host or container has 1 GiB -> --max-memory 1GiB")
	p.Config.Limits.MaxMemory = 64 << 20
	only(t, report(p.memory(t.Context())), "warn memory: is little -> larger")
	p.Config.Limits.MaxConnections = 1 << 20
	only(t, report(p.limits(t.Context())), "warn open files: --max-connections 1048576 -> LimitNOFILE")
}

func TestKeyFilesOfEverybody(t *testing.T) {
	p := wellKept(t)
	if err := os.Chmod(p.Config.Security.ClusterKeyFile, 0o644); err != nil {
		t.Fatal(err)
	}
	only(t, examine(t, p), "warn key files: every user of this host can read -> chmod 600")
	if err := os.Chmod(p.Config.Security.ClusterKeyFile, 0o666); err != nil {
		t.Fatal(err)
	}
	only(t, examine(t, p), "FAIL key files: others can change -> chmod 600")
	p = wellKept(t)
	p.Config.Security.APIKeysFile = filepath.Join(t.TempDir(), "api.keys")
	only(t, examine(t, p), "FAIL key files: no such file -> --api-keys-file")
}

func TestCertificatesThatAreNoGood(t *testing.T) {
	ca, err := tlsfiles.NewAuthority(filepath.Join(t.TempDir(), "ca"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	other, err := tlsfiles.NewAuthority(filepath.Join(t.TempDir(), "other"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	files, err := ca.Node("n1", nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.Node("n1", nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p := wellKept(t)
	pair := config.KeyPair{Cert: files.Cert, Key: files.Key}
	p.Config.Security.TLS, p.Config.Security.Peer, p.Config.Security.PeerCAFile = pair, pair, files.CA
	only(t, examine(t, p))

	at := func(when time.Time) Report {
		p.Now = func() time.Time { return when }
		return report(p.certificates(t.Context()))
	}
	only(t, at(time.Now().Add(tlsfiles.NodeLife-5*24*time.Hour-time.Hour)), "warn certificates: expires in 5 days -> sessnode tls make", "warn certificates: expires in 5 days -> tls make")
	only(t, at(time.Now().Add(tlsfiles.NodeLife+time.Hour)), "FAIL certificates: expired on -> tls make", "FAIL certificates: expired on -> tls make")
	only(t, at(time.Now().Add(-48*time.Hour)), "FAIL certificates: is good from -> clock", "FAIL certificates: is good from -> clock")
	p.Now = time.Now

	p.Config.Listen.AdvertiseHost = "sessions.example"
	only(t, report(p.certificates(t.Context())), "warn certificates: not good for sessions.example -> tls make")
	p.Config.Listen.AdvertiseHost = ""
	p.Config.Security.PeerCAFile = foreign.CA
	only(t, report(p.certificates(t.Context())), "FAIL certificates: vouches for -> of that authority")
	p.Config.Security.PeerCAFile = files.CA
	p.Config.Security.TLS.Key = foreign.Key
	only(t, report(p.certificates(t.Context())), "FAIL certificates: private key does not match -> its own key")
}
