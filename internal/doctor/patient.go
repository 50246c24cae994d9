package doctor

import (
	"context"
	"crypto/tls"
	"io/fs"
	"net/http"
	"os"
	"time"

	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/keyring"
	"github.com/sessnode/sessnode/internal/view"
)

// Patience bounds an examination: the slowest checks wait for hosts that do not answer.
const Patience = 4 * time.Second

// reach is how long one host may take to answer.
const reach = 1500 * time.Millisecond

// Patient is a node, or the place where one is to start, and the cluster that it belongs to.
type Patient struct {
	Config config.Config // what serve would be told
	Faults error         // what was wrong with reading it; see config.Faults
	Env    []string      // NAME=value, as os.Environ

	// Cluster, where it is set, asks a running cluster, and Local says whether the host is looked at too.
	Cluster *view.Looker
	Local   bool

	HTTP http.RoundTripper // for asking nodes what time it is; nil = one that believes any certificate, as it sends no secret
	Root fs.FS             // the root of the file system, for /proc; nil = os.DirFS("/")
	Now  func() time.Time  // nil = time.Now

	keys   keyring.Ring   // of the cluster key file
	peer   *tls.Config    // between nodes; nil = plain text
	record raftlog.Record // of the data directory
	owner  int            // the process that has the data directory open; 0 = none
}

// Examine runs all checks that apply, side by side, for Patience at most. It blocks until all have ended. One Patient is examined by one
// goroutine at a time.
func (p Patient) Examine(ctx context.Context) Report {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	if p.Root == nil {
		p.Root = os.DirFS("/")
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.HTTP == nil {
		p.HTTP = &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}}
	}
	var checks []check
	if p.Local {
		p.look()
		checks = append(checks, p.configuration, p.variables, p.keyFiles, p.certificates, p.addresses, p.dataDirectory, p.running, p.disk, p.memory, p.limits, p.seeds, p.clock)
	}
	if p.Cluster != nil {
		checks = append(checks, p.cluster)
	}
	return report(run(ctx, checks))
}

// look learns what several checks need. What is wrong with it is found by the check whose subject it is.
func (p *Patient) look() {
	p.keys, _ = config.ClusterKeys(p.Config.Security.ClusterKeyFile)
	p.peer, _ = peerTLS(p.Config.Security)
	p.record, _ = raftlog.Peek(p.Config.Data)
	p.owner = raftlog.Owner(p.Config.Data)
}
