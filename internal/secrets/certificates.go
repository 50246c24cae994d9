package secrets

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/sessnode/sessnode/internal/tlsfiles"
)

// RenewBefore is how long before its end a certificate is made anew.
const RenewBefore = 90 * 24 * time.Hour

// ErrAuthority means that a certificate is needed and the key of the authority that the nodes trust is not in operator/.
var ErrAuthority = errors.New("the authority's key is not there")

// certificates sees to it that each node has one. The authority is opened only when one has to be made: its key may be kept elsewhere.
func (m *maker) certificates(nodes []Node, now time.Time) error {
	if len(nodes) == 0 {
		return nil
	}
	var authority *tlsfiles.Authority
	trusted, err := tlsfiles.Authorities(m.path(nodesDir, "ca.crt"))
	if err != nil { // none yet, or none any more
		if authority, err = m.authority(now); err != nil {
			return err
		}
		if trusted, err = tlsfiles.Authorities(m.path(nodesDir, "ca.crt")); err != nil {
			return err
		}
	}
	for _, n := range nodes {
		cert, key := m.path(nodesDir, n.Name+".crt"), m.path(nodesDir, n.Name+".key")
		needed := !isGood(cert, key, trusted, now)
		if needed && authority == nil {
			if authority, err = m.authority(now); err != nil {
				return err
			}
		}
		if needed {
			if _, err = authority.NodeIn(m.path(nodesDir), n.Name, n.Hosts, now); err != nil {
				return err
			}
		}
		m.saw(cert, needed)
		m.saw(key, needed)
	}
	return nil
}

// isGood reports whether a pair fits together, is of an authority that the nodes trust, and stays good for a while.
func isGood(cert, key string, trusted *x509.CertPool, now time.Time) bool {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return false
	}
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: trusted, CurrentTime: now.Add(RenewBefore), DNSName: tlsfiles.PeerName})
	return err == nil
}

// authority opens the one that is there, or makes one where the nodes trust none yet.
func (m *maker) authority(now time.Time) (*tlsfiles.Authority, error) {
	dir, trusted := m.path(operatorDir), m.path(nodesDir, "ca.crt")
	a, err := tlsfiles.OpenAuthority(dir)
	made := false
	if errors.Is(err, fs.ErrNotExist) {
		if _, found := os.Lstat(trusted); found == nil {
			return nil, fmt.Errorf("%w: %s is of one that %s does not have", ErrAuthority, trusted, dir)
		}
		a, err = tlsfiles.NewAuthority(dir, now)
		made = true
	}
	if err != nil {
		return nil, err
	}
	cert, err := os.ReadFile(m.path(operatorDir, "ca.crt"))
	if err != nil {
		return nil, err
	}
	given, err := writeNew(trusted, string(cert))
	m.saw(m.path(operatorDir, "ca.crt"), made)
	m.saw(m.path(operatorDir, "ca.key"), made)
	m.saw(trusted, given)
	return a, err
}
