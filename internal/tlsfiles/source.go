package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files name PEM files.
type Files struct {
	Cert string // the certificate, followed by those that lead to the authority
	Key  string // its private key
	CA   string // the authorities whose certificates the other side may show; empty where it need not show one
}

// Source is the certificates of some files, as they are at the moment.
type Source struct {
	files Files
	log   *slog.Logger

	mu     sync.Mutex
	now    material
	stamps [3]stamp
	broken [3]stamp // the last state that could not be used
	looked time.Time
}

// material is what was read together.
type material struct {
	cert *tls.Certificate
	ca   *x509.CertPool
}

// stamp tells one state of a file from another.
type stamp struct {
	size int64
	at   time.Time
}

// lookEvery is how often the files are looked at most.
const lookEvery = time.Second

// Open reads the files. The error names the file and what is wrong with it; it holds nothing of the key.
func Open(files Files, log *slog.Logger) (*Source, error) {
	s := &Source{files: files, log: log}
	s.stamps = s.stamp()
	var err error
	s.now, err = files.read()
	return s, err
}

func (f Files) read() (material, error) {
	var m material
	cert, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return m, fmt.Errorf("certificate %s with key %s: %w", f.Cert, f.Key, err)
	}
	if now := time.Now(); now.After(cert.Leaf.NotAfter) {
		return m, fmt.Errorf("certificate %s expired at %s", f.Cert, cert.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	m.cert = &cert
	if f.CA == "" {
		return m, nil
	}
	m.ca, err = Authorities(f.CA)
	return m, err
}

// Authorities reads certificates of authorities out of a PEM file.
func Authorities(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("authority %s holds no certificate in PEM", path)
	}
	return pool, nil
}

func (s *Source) stamp() (stamps [3]stamp) {
	for i, path := range []string{s.files.Cert, s.files.Key, s.files.CA} {
		if info, err := os.Stat(path); path != "" && err == nil {
			stamps[i] = stamp{info.Size(), info.ModTime()}
		}
	}
	return stamps
}

// current returns what is in force, after a look at the files where the last one is a while ago.
func (s *Source) current() material {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.looked) >= lookEvery {
		s.looked = now
		s.reload()
	}
	return s.now
}

// reload takes over files that have changed and fit together. s.mu is held.
func (s *Source) reload() {
	stamps := s.stamp()
	if stamps == s.stamps || stamps == s.broken {
		return
	}
	fresh, err := s.files.read()
	if err != nil {
		s.broken = stamps
		s.log.Warn("certificates have changed and cannot be used: the old ones stay in force", "error", err)
		return
	}
	s.now, s.stamps = fresh, stamps
	s.log.Info("certificates read again", "cert", s.files.Cert, "expires", fresh.cert.Leaf.NotAfter.UTC().Format(time.RFC3339))
}

// Expires returns when the certificate in force expires.
func (s *Source) Expires() time.Time { return s.current().cert.Leaf.NotAfter }

// Server returns a configuration for a server that shows the certificate and asks for none.
func (s *Source) Server() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.current().cert, nil },
	}
}

// Mutual returns a configuration for both roles between peers: each shows its certificate, and accepts the other's only if one of
// the authorities vouches for it under the name given. It needs Files.CA.
//
// crypto/tls would fix the authorities when the connection is configured; they are looked up in each handshake instead, which is
// why verification is done here and its own is switched off.
func (s *Source) Mutual(name string) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		ClientAuth:             tls.RequireAnyClientCert,
		InsecureSkipVerify:     true, // see VerifyConnection
		ServerName:             name,
		SessionTicketsDisabled: true, // a resumed session would outlive a certificate that was taken back
		GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.current().cert, nil },
		GetClientCertificate:   func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return s.current().cert, nil },
		VerifyConnection:       func(c tls.ConnectionState) error { return s.verify(c, name) },
	}
}

func (s *Source) verify(c tls.ConnectionState, name string) error {
	if len(c.PeerCertificates) == 0 {
		return errors.New("the peer shows no certificate")
	}
	ca := s.current().ca
	if ca == nil {
		return errors.New("no authority is configured")
	}
	opts := x509.VerifyOptions{DNSName: name, Roots: ca, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	for _, cert := range c.PeerCertificates[1:] {
		opts.Intermediates.AddCert(cert)
	}
	_, err := c.PeerCertificates[0].Verify(opts)
	return err
}
