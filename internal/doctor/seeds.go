package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/sessnode/sessnode/cluster/nodeport"
	"github.com/sessnode/sessnode/internal/keyring"
	"github.com/sessnode/sessnode/internal/tlsfiles"
)

// seeds finds nodes that cannot be reached, that are none, and that would refuse this one.
func (p Patient) seeds(ctx context.Context) []Finding {
	const subject = "seeds"
	others := p.others()
	if len(others) == 0 {
		if p.Config.Cluster.Expect == 1 {
			return []Finding{ok(subject, "none: a cluster of one node, which tolerates no failure")}
		}
		return nil
	}
	found := make([]Finding, len(others))
	var wg sync.WaitGroup
	for i, seed := range others {
		wg.Go(func() { found[i] = p.meet(ctx, subject, seed) }) // ends with its time-out
	}
	wg.Wait()
	return found
}

// others are the seeds without this node itself.
func (p Patient) others() (list []string) {
	l := p.Config.Listen
	for _, seed := range uniq(p.Config.Cluster.Seeds) {
		if _, _, err := net.SplitHostPort(seed); err == nil && seed != l.Gossip && seed != l.Advertised(l.Gossip) {
			list = append(list, seed)
		}
	}
	return list
}

// beside returns the address of another port of a seed's node: the same distance from its gossip port as here. Nodes of one cluster are
// nearly always configured alike, and nothing but gossip itself knows better.
func (p Patient) beside(seed, here string) string {
	host, seedPort, _ := net.SplitHostPort(seed)
	number := func(port string) int { n, _ := strconv.Atoi(port); return n }
	_, gossip, _ := net.SplitHostPort(p.Config.Listen.Gossip)
	_, other, _ := net.SplitHostPort(here)
	return net.JoinHostPort(host, strconv.Itoa(number(seedPort)+number(other)-number(gossip)))
}

// meet dials the gossip port of a seed, and goes through the challenge of the node port beside it.
func (p Patient) meet(ctx context.Context, subject, seed string) Finding {
	ctx, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	if err := dial(ctx, seed); err != nil {
		return unreached(subject, seed, err)
	}
	addr := p.beside(seed, p.Config.Listen.Node)
	if err := dial(ctx, addr); err != nil {
		return warn(subject, "open that port in the firewall; where that node has another, nothing is wrong", "%s answers, and %s beside it does not, where its node port should be", seed, addr)
	}
	began := time.Now()
	keys, err := p.keys.Derive(keyring.ForNodePort)
	if err != nil {
		return fail(subject, "give the node another key", "the cluster key cannot be used: %v", err)
	}
	who, err := nodeport.Probe(ctx, addr, nodeport.Config{Keys: keys, TLS: p.peer, Identity: func() nodeport.Identity {
		return nodeport.Identity{Cluster: p.record.Cluster, Generation: p.record.Generation}
	}})
	if err != nil {
		return p.refused(ctx, subject, addr, err)
	}
	where := "in no cluster yet"
	if who.Cluster != "" {
		where = "in cluster " + who.Cluster[:min(8, len(who.Cluster))]
	}
	return ok(subject, "%s is node %s, %s; it accepts the key, in %s", addr, who.NodeID, where, time.Since(began).Round(time.Millisecond/10))
}

func dial(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}

func unreached(subject, seed string, err error) Finding {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return warn(subject, "mend --seeds, or the name service", "%s: no host of that name is found", seed)
	}
	return warn(subject, "start that node, open its gossip port (TCP and UDP) in the firewall, or mend --seeds", "%s does not answer: %s", seed, reasonOfDial(err))
}

func reasonOfDial(err error) string {
	var op *net.OpError
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &op) && op.Timeout() {
		return fmt.Sprintf("no answer within %v", reach)
	}
	if op != nil && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}

// refused explains why the challenge failed.
func (p Patient) refused(ctx context.Context, subject, addr string, err error) Finding {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.Is(err, nodeport.ErrWrongKey):
		return fail(subject, "give every node the same --cluster-key-file   (fingerprints: sessnode key list, sessnode key status)", "%s has another cluster key", addr)
	case errors.Is(err, nodeport.ErrWrongCluster):
		return fail(subject, "mend --seeds, or start with another --data", "%s belongs to another cluster than %s", addr, p.Config.Data)
	case errors.Is(err, nodeport.ErrWrongGeneration):
		return fail(subject, "move "+p.Config.Data+" away: the node joins as a new one", "%s belongs to another life of the cluster: it was restored or recovered without this node", addr)
	case errors.Is(err, nodeport.ErrVersion):
		return fail(subject, "run the same version on every node", "%s speaks another version", addr)
	case errors.As(err, &unknown), errors.As(err, &name):
		return fail(subject, "certificates of one authority, with the name "+tlsfiles.PeerName+": "+remake, "the certificate of %s is not accepted here: %v", addr, err)
	case p.peer == nil && speaksTLS(ctx, addr):
		return fail(subject, "give this node certificates too: --peer-cert-file, --peer-key-file, --peer-ca-file", "%s speaks TLS between nodes, and this node plain text", addr)
	case p.peer != nil && p.speaksPlain(ctx, addr):
		return fail(subject, "give every node certificates, or none: --peer-cert-file, --peer-key-file, --peer-ca-file", "%s speaks plain text between nodes, and this node TLS", addr)
	case errors.Is(err, nodeport.ErrProtocol):
		return fail(subject, "mend --seeds; sessnode config print shows the ports", "%s is no node port: another program answers", addr)
	case p.peer != nil:
		return fail(subject, "certificates of one authority: "+remake, "%s ends the TLS handshake: %v", addr, err)
	}
	return warn(subject, "see the log of that node", "%s does not end the challenge: %s", addr, reasonOfDial(err))
}

// speaksPlain reports whether a node answers in plain text, whatever it thinks of this one.
func (p Patient) speaksPlain(ctx context.Context, addr string) bool {
	keys, err := p.keys.Derive(keyring.ForNodePort)
	if err != nil {
		return false
	}
	_, err = nodeport.Probe(ctx, addr, nodeport.Config{Keys: keys})
	return err == nil || errors.Is(err, nodeport.ErrWrongKey) || errors.Is(err, nodeport.ErrVersion)
}

// speaksTLS reports whether a TLS server answers.
func speaksTLS(ctx context.Context, addr string) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(reach / 2))
	var alert tls.AlertError
	err = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}).HandshakeContext(ctx) // it sends no secret
	return err == nil || errors.As(err, &alert)
}
