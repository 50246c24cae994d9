package tlsfiles

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// PeerName is the name for which the authority of a cluster must vouch in the certificate of each of its nodes. Another certificate
// of the same authority, of a web server say, is no node.
const PeerName = "sessnode-peer"

// How long certificates are good for that are made here. A node's is renewed by making it again; the authority's outlives them.
const (
	AuthorityLife = 10 * 365 * 24 * time.Hour
	NodeLife      = 825 * 24 * time.Hour // the longest that all browsers' and systems' libraries take
)

const (
	caCert = "ca.crt"
	caKey  = "ca.key"

	// early allows for clocks that are behind.
	early = time.Hour
)

// Authority is a private certificate authority in a directory: ca.crt, which every node and client gets, and ca.key, which stays
// where it is.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes one in a directory, which is made if missing. It refuses to replace one that is there: all certificates that
// it has signed would be worthless.
func NewAuthority(dir string, now time.Time) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for _, name := range []string{caCert, caKey} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is there already: %w", filepath.Join(dir, name), fs.ErrExist)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "sessnode private authority"}, NotBefore: now.Add(-early), NotAfter: now.Add(AuthorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	a := &Authority{dir: dir, cert: template, key: key}
	cert, err := a.sign(template, &key.PublicKey)
	if err != nil {
		return nil, err
	}
	if a.cert, err = x509.ParseCertificate(cert); err != nil {
		return nil, err
	}
	return a, errors.Join(writeKey(filepath.Join(dir, caKey), key), writePEM(filepath.Join(dir, caCert), "CERTIFICATE", cert, 0o644))
}

// OpenAuthority reads the one in a directory.
func OpenAuthority(dir string) (*Authority, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, caCert), filepath.Join(dir, caKey))
	if err != nil {
		return nil, fmt.Errorf("authority in %s: %w", dir, err)
	}
	key, isOurs := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !isOurs || !pair.Leaf.IsCA {
		return nil, fmt.Errorf("authority in %s: it was not made by sessnode", dir)
	}
	return &Authority{dir: dir, cert: pair.Leaf, key: key}, nil
}

// Node makes NAME.crt and NAME.key in the authority's directory, for the node port and for HTTP, good for the hosts given (names or
// addresses) beside localhost. An older pair of that name is replaced, each file in one step.
func (a *Authority) Node(name string, hosts []string, now time.Time) (Files, error) {
	return a.NodeIn(a.dir, name, hosts, now)
}

// NodeIn is Node with another directory for the pair, which must be there. Files.CA names the ca.crt of that directory, which is the
// caller's to put there.
func (a *Authority) NodeIn(dir, name string, hosts []string, now time.Time) (Files, error) {
	if name == "" || name == "ca" || name != filepath.Base(name) {
		return Files{}, fmt.Errorf("%q cannot name a node's files", name)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Files{}, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-early), NotAfter: now.Add(NodeLife),
		DNSNames: []string{PeerName, "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if template.NotAfter.After(a.cert.NotAfter) {
		template.NotAfter = a.cert.NotAfter
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	cert, err := a.sign(template, &key.PublicKey)
	if err != nil {
		return Files{}, err
	}
	f := Files{Cert: filepath.Join(dir, name+".crt"), Key: filepath.Join(dir, name+".key"), CA: filepath.Join(dir, caCert)}
	return f, errors.Join(writeKey(f.Key, key), writePEM(f.Cert, "CERTIFICATE", cert, 0o644))
}

func (a *Authority) sign(template *x509.Certificate, key *ecdsa.PublicKey) ([]byte, error) {
	var err error
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, err
	}
	return x509.CreateCertificate(rand.Reader, template, a.cert, key, a.key)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "PRIV"+"ATE KEY", der, 0o600)
}

// writePEM writes a whole file or none.
func writePEM(path, kind string, der []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil { // a leftover may have been readable by others
		return errors.Join(err, f.Close())
	}
	if err := pem.Encode(f, &pem.Block{Type: kind, Bytes: der}); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
