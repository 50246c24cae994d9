package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func authority(t *testing.T) *Authority {
	t.Helper()
	a, err := NewAuthority(filepath.Join(t.TempDir(), "tls"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *Authority) must(t *testing.T, name string, hosts ...string) Files {
	t.Helper()
	f, err := a.Node(name, hosts, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func open(t *testing.T, f Files) *Source {
	t.Helper()
	s, err := Open(f, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// meet lets two configurations shake hands over loopback, and passes a byte each way. It returns both sides' errors.
func meet(t *testing.T, server, client *tls.Config) (errServer, errClient error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	done := make(chan error, 1)
	go func() {
		conn, err := ln.Accept()
		if err == nil {
			err = exchange(tls.Server(conn, server))
		}
		done <- err
	}()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	errClient = exchange(tls.Client(conn, client))
	return <-done, errClient
}

func exchange(conn *tls.Conn) error {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write([]byte{1}); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 1))
	return err
}

func TestNodesOfOneAuthorityMeet(t *testing.T) {
	a := authority(t)
	n1, n2 := open(t, a.must(t, "n1")), open(t, a.must(t, "n2"))
	if e1, e2 := meet(t, n1.Mutual(PeerName), n2.Mutual(PeerName)); e1 != nil || e2 != nil {
		t.Errorf("two nodes meet: %v, %v", e1, e2)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	a, other := authority(t), authority(t)
	n1 := open(t, a.must(t, "n1"))
	foreign := open(t, other.must(t, "n2"))
	web := open(t, a.must(t, "web")) // of the right authority, but not a node's
	web.now.cert = withoutPeerName(t, a)
	web.stamps = web.stamp()
	for name, stranger := range map[string]*tls.Config{
		"another authority": foreign.Mutual(PeerName), "not a node's certificate": web.Mutual(PeerName),
		"no certificate": {InsecureSkipVerify: true, MinVersion: tls.VersionTLS13},
	} {
		if e1, _ := meet(t, n1.Mutual(PeerName), stranger); e1 == nil {
			t.Errorf("a client with %s was let in", name)
		}
		if name != "no certificate" {
			if _, e2 := meet(t, stranger, n1.Mutual(PeerName)); e2 == nil {
				t.Errorf("a server with %s was believed", name)
			}
		}
	}
}

// withoutPeerName makes a certificate as a web server has one.
func withoutPeerName(t *testing.T, a *Authority) *tls.Certificate {
	t.Helper()
	f := a.must(t, "web", "www.example")
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		t.Fatal(err)
	}
	template := *pair.Leaf
	template.DNSNames = []string{"www.example"}
	der, err := x509.CreateCertificate(nil, &template, a.cert, pair.Leaf.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	pair.Certificate[0] = der
	return &pair
}

func TestBrowsersAndClientsTrustTheAuthority(t *testing.T) {
	a := authority(t)
	f := a.must(t, "n1", "sessions.example", "10.0.0.11")
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(f.CA)
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("%s: %v", f.CA, err)
	}
	for host, want := range map[string]bool{"sessions.example": true, "10.0.0.11": true, "localhost": true, "127.0.0.1": true, "::1": true, "other.example": false} {
		_, err := meet(t, open(t, f).Server(), &tls.Config{RootCAs: pool, ServerName: host})
		if (err == nil) != want {
			t.Errorf("a client that wants %s: %v", host, err)
		}
	}
}

// TestCertificatesAreRenewedWithoutARestart replaces a node's certificate, then the authority, with files that do not fit together
// in between.
func TestCertificatesAreRenewedWithoutARestart(t *testing.T) {
	a := authority(t)
	f := a.must(t, "n1")
	s := open(t, f)
	was := s.current().cert.Leaf.SerialNumber
	renew := func() { s.mu.Lock(); s.looked = time.Time{}; s.mu.Unlock() } // as if a second had passed
	later := time.Now().Add(time.Minute)

	if err := os.WriteFile(f.Key, []byte("half a renewal"), 0o600); err != nil {
		t.Fatal(err)
	}
	renew()
	if now := s.current().cert.Leaf.SerialNumber; now.Cmp(was) != 0 {
		t.Error("a broken pair of files came into force")
	}
	a.must(t, "n1")
	for _, path := range []string{f.Cert, f.Key} { // however coarse the file system's clock is
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
	}
	renew()
	if now := s.current().cert.Leaf.SerialNumber; now.Cmp(was) == 0 {
		t.Error("a renewed certificate did not come into force")
	}

	next := authority(t)
	moved := next.must(t, "n2")
	pem1, _ := os.ReadFile(f.CA)
	pem2, _ := os.ReadFile(moved.CA)
	if err := os.WriteFile(f.CA, append(pem1, pem2...), 0o600); err != nil {
		t.Fatal(err)
	}
	renew()
	moved.CA = f.CA
	config := s.Mutual(PeerName)
	if e1, e2 := meet(t, config, open(t, moved).Mutual(PeerName)); e1 != nil || e2 != nil {
		t.Errorf("a node of the new authority, while both are trusted: %v, %v", e1, e2)
	}
}

func TestOnlyTheVeryCertificateIsBelieved(t *testing.T) {
	a := authority(t)
	own, other := a.must(t, "n1"), a.must(t, "n2")
	only, err := Only(own.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := meet(t, open(t, own).Server(), only); err != nil {
		t.Errorf("the server of the file: %v", err)
	}
	if _, err := meet(t, open(t, other).Server(), only); err == nil {
		t.Error("another server of the same authority was believed")
	}
	for _, path := range []string{"missing", own.Key} {
		if _, err := Only(path); err == nil {
			t.Errorf("Only(%s) = nil", path)
		}
	}
}

func TestFilesThatCannotServeAreRefused(t *testing.T) {
	a := authority(t)
	good := a.must(t, "n1")
	other := a.must(t, "n2")
	old, err := a.Node("old", nil, time.Now().Add(-NodeLife-2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]Files{
		"no certificate":         {Cert: "missing.crt", Key: good.Key},
		"another one's key":      {Cert: good.Cert, Key: other.Key},
		"a key for an authority": {Cert: good.Cert, Key: good.Key, CA: good.Key},
		"expired":                old,
	} {
		_, err := Open(f, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), ".crt") && !strings.Contains(err.Error(), ".key") {
			t.Errorf("%s: %v, want an error that names a file", name, err)
		}
	}
}

func TestAnAuthorityIsNeverReplaced(t *testing.T) {
	a := authority(t)
	if _, err := NewAuthority(a.dir, time.Now()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("NewAuthority where there is one = %v", err)
	}
	again, err := OpenAuthority(a.dir)
	if err != nil {
		t.Fatal(err)
	}
	n1, n2 := open(t, a.must(t, "n1")), open(t, again.must(t, "n2"))
	if e1, e2 := meet(t, n1.Mutual(PeerName), n2.Mutual(PeerName)); e1 != nil || e2 != nil {
		t.Errorf("nodes of the authority before and after it was opened again: %v, %v", e1, e2)
	}
	for _, name := range []string{"", "ca", "../n1", "a/b"} {
		if _, err := a.Node(name, nil, time.Now()); err == nil {
			t.Errorf("Node(%q) was made", name)
		}
	}
	if info, err := os.Stat(filepath.Join(a.dir, caKey)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the authority's key has the mode %v, %v", info.Mode(), err)
	}
}
