package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/tlsfiles"
)

// soon is when an expiry is worth a warning: time to renew without a hurry.
const soon = 30 * 24 * time.Hour

const remake = "sessnode tls make NODE=HOST,...   (docs/how-to/tls.md)"

// certificates finds those that are unreadable, expired, about to, or not good for what they are used for.
func (p Patient) certificates(context.Context) []Finding {
	const subject = "certificates"
	s := p.Config.Security
	if !s.TLS.Given() && !s.Peer.Given() {
		return []Finding{ok(subject, "none: plain text, over HTTP and between nodes")}
	}
	var found []Finding
	if s.TLS.Cert != "" && s.TLS.Key != "" {
		found = append(found, p.httpCertificate(subject, s.TLS)...)
	}
	if s.Peer.Cert != "" && s.Peer.Key != "" && s.PeerCAFile != "" {
		found = append(found, p.peerCertificate(subject, s)...)
	}
	return found
}

func (p Patient) httpCertificate(subject string, pair config.KeyPair) []Finding {
	cert, found := p.pair(subject, "--tls-cert-file", pair)
	if cert == nil {
		return found
	}
	host, _, _ := net.SplitHostPort(p.Config.Listen.Advertised(p.Config.Listen.HTTP))
	if err := cert.VerifyHostname(host); err != nil {
		found = append(found, warn(subject, remake, "%s is not good for %s, where apps reach this node: %v", pair.Cert, host, err))
	}
	if len(found) == 0 {
		found = append(found, ok(subject, "HTTP: good for %s until %s", host, cert.NotAfter.UTC().Format(time.DateOnly)))
	}
	return found
}

func (p Patient) peerCertificate(subject string, s config.Security) []Finding {
	cert, found := p.pair(subject, "--peer-cert-file", s.Peer)
	if cert == nil {
		return found
	}
	if err := cert.VerifyHostname(tlsfiles.PeerName); err != nil {
		return append(found, fail(subject, remake, "%s does not bear the name %s, without which it is no node's", s.Peer.Cert, tlsfiles.PeerName))
	}
	pool, err := tlsfiles.Authorities(s.PeerCAFile)
	if err != nil {
		return append(found, fail(subject, "--peer-ca-file tls/ca.crt   (the file that every node has)", "%v", err))
	}
	_, err = cert.Verify(x509.VerifyOptions{Roots: pool, DNSName: tlsfiles.PeerName, CurrentTime: cert.NotBefore.Add(time.Minute), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return append(found, fail(subject, "give the node a certificate of that authority, or add its authority to the file: "+remake,
			"no authority in %s vouches for %s: the other nodes would refuse this one", s.PeerCAFile, s.Peer.Cert))
	}
	if len(found) == 0 {
		found = append(found, ok(subject, "between nodes: good until %s", cert.NotAfter.UTC().Format(time.DateOnly)))
	}
	return found
}

// pair reads a certificate with its key and judges their time. The certificate is nil where it cannot be read.
func (p Patient) pair(subject, flag string, files config.KeyPair) (*x509.Certificate, []Finding) {
	pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		return nil, []Finding{fail(subject, "name a certificate and its own key, in PEM   ("+remake+")", "%s %s with %s: %v", flag, files.Cert, files.Key, err)}
	}
	cert, now := pair.Leaf, p.Now()
	left := cert.NotAfter.Sub(now)
	switch {
	case now.Before(cert.NotBefore):
		return cert, []Finding{fail(subject, "set this host's clock, or wait", "%s is good from %s only", files.Cert, cert.NotBefore.UTC().Format(time.RFC3339))}
	case left <= 0:
		return cert, []Finding{fail(subject, remake, "%s expired on %s", files.Cert, cert.NotAfter.UTC().Format(time.DateOnly))}
	case left < soon:
		return cert, []Finding{warn(subject, remake, "%s expires in %s", files.Cert, count(int(left/(24*time.Hour)), "day"))}
	}
	return cert, nil
}

// peerTLS is what the node would speak with others; nil = plain text.
func peerTLS(s config.Security) (*tls.Config, error) {
	if s.Peer.Cert == "" || s.Peer.Key == "" || s.PeerCAFile == "" {
		return nil, nil
	}
	source, err := tlsfiles.Open(tlsfiles.Files{Cert: s.Peer.Cert, Key: s.Peer.Key, CA: s.PeerCAFile}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("between nodes: %w", err)
	}
	return source.Mutual(tlsfiles.PeerName), nil
}
