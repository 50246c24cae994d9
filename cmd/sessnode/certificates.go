package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"

	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/tlsfiles"
)

// certificates are a node's TLS configurations; nil where it speaks plain text.
type certificates struct{ http, peer *tls.Config }

// openCertificates reads the files that the keys name. It reports the faults of both pairs at once.
func openCertificates(log *slog.Logger, s config.Security) (c certificates, err error) {
	var faults []error
	open := func(key string, files tlsfiles.Files) *tlsfiles.Source {
		source, err := tlsfiles.Open(files, log)
		if err != nil {
			faults = append(faults, &config.Fault{Key: key, What: "cannot use --" + key + " " + files.Cert, Why: err.Error(),
				Cure: "name a certificate and its own key, in PEM and not expired   (sessnode tls makes them: docs/how-to/tls.md)"})
			return nil
		}
		return source
	}
	if s.TLS.Cert != "" && s.TLS.Key != "" { // Validate tells what is missing
		if source := open("tls-cert-file", tlsfiles.Files{Cert: s.TLS.Cert, Key: s.TLS.Key}); source != nil {
			c.http = source.Server()
			c.http.NextProtos = []string{"http/1.1"}
		}
	}
	if s.Peer.Cert != "" && s.Peer.Key != "" && s.PeerCAFile != "" {
		if source := open("peer-cert-file", tlsfiles.Files{Cert: s.Peer.Cert, Key: s.Peer.Key, CA: s.PeerCAFile}); source != nil {
			c.peer = source.Mutual(tlsfiles.PeerName)
		}
	}
	return c, errors.Join(faults...)
}

// transport says in a few words how the node speaks, for the log.
func transport(c config.Config) string {
	word := func(isTLS bool) string {
		if isTLS {
			return "TLS"
		}
		return "plain text"
	}
	return fmt.Sprintf("HTTP: %s; between nodes: %s", word(c.Security.TLS.Given()), word(c.Security.Peer.Given()))
}

// trust reads the authorities that a client verb believes; nil = the system's.
func trust(path string) (*tls.Config, error) {
	if path == "" {
		return nil, nil
	}
	pool, err := tlsfiles.Authorities(path)
	if err != nil {
		return nil, &config.Fault{Key: "ca-file", What: "cannot use --ca-file " + path, Why: err.Error(), Cure: "name the file ca.crt of the authority that made the nodes' certificates"}
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}
