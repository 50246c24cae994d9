package config

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// maxName keeps "NAME-16 hex digits", the node's id, within what gossip carries.
const maxName = 63

// Validate judges the keys together and reports every fault at once. It reads no file.
func (c Config) Validate() error {
	return errors.Join(c.checkName(), c.checkPorts(), c.checkAdvertise(), c.checkFounding(), c.checkKeys(), c.checkTLS())
}

func (c Config) checkName() error {
	ok := c.Name != "" && len(c.Name) <= maxName
	for i := range len(c.Name) {
		b := c.Name[i]
		alnum := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
		ok = ok && (alnum || i > 0 && strings.IndexByte("._-", b) >= 0)
	}
	if ok {
		return nil
	}
	return &Fault{
		Key: "name", What: fmt.Sprintf("bad name %q", c.Name),
		Why:  fmt.Sprintf("a node's name has 1 to %d letters, digits, '.', '_' or '-', and begins with a letter or digit", maxName),
		Cure: "sessnode serve --name n1",
	}
}

// checkPorts refuses what the system would refuse later, or what peers could not find again.
func (c Config) checkPorts() error {
	var faults []error
	used := map[string]string{}
	for _, a := range []struct{ key, addr string }{{"http", c.Listen.HTTP}, {"node", c.Listen.Node}, {"gossip", c.Listen.Gossip}} {
		_, port, _ := net.SplitHostPort(a.addr)
		if port == "0" && a.key != "http" {
			faults = append(faults, &Fault{
				Key: a.key, What: fmt.Sprintf("bad address --%s %s", a.key, a.addr),
				Why:  "with port 0 the port changes at every start, and the other nodes could not find this one again",
				Cure: fmt.Sprintf("sessnode serve --%s 127.0.0.1:7481", a.key),
			})
		}
		if other, taken := used[port]; taken && port != "0" {
			faults = append(faults, &Fault{
				Key: a.key, What: fmt.Sprintf("--%s and --%s both use port %s", other, a.key, port),
				Why:  "each of the three listens on a port of its own",
				Cure: "sessnode serve --http 127.0.0.1:7480 --node 127.0.0.1:7481 --gossip 127.0.0.1:7482",
			})
		}
		used[port] = a.key
	}
	return errors.Join(faults...)
}

// checkAdvertise refuses to tell others an address that nobody can dial: the most common way in which a first cluster of
// Raft stores does not form (rqlite#771, rqlite#1293, consul#2120).
func (c Config) checkAdvertise() error {
	if isUnspecified(c.Listen.AdvertiseHost) && c.Listen.AdvertiseHost != "" {
		return &Fault{
			Key: "advertise-host", What: fmt.Sprintf("bad --advertise-host %s", c.Listen.AdvertiseHost),
			Why:  "it means all interfaces of this host; no other host can dial it",
			Cure: "sessnode serve --advertise-host 10.0.0.11   (this host as the others see it: address or name)",
		}
	}
	if strings.ContainsAny(c.Listen.AdvertiseHost, "/@ ") || hasPort(c.Listen.AdvertiseHost) {
		return &Fault{
			Key: "advertise-host", What: fmt.Sprintf("bad --advertise-host %q", c.Listen.AdvertiseHost),
			Why:  "it is a host alone: the ports are those of --http, --node and --gossip",
			Cure: "sessnode serve --advertise-host 10.0.0.11",
		}
	}
	for _, a := range []struct{ key, addr string }{{"node", c.Listen.Node}, {"gossip", c.Listen.Gossip}, {"http", c.Listen.HTTP}} {
		host, port, _ := net.SplitHostPort(a.addr)
		if isUnspecified(host) && c.Listen.AdvertiseHost == "" {
			return &Fault{
				Key: "advertise-host", What: fmt.Sprintf("--%s %s cannot be told to other nodes", a.key, a.addr),
				Why:  "it listens on all interfaces, and no other host can dial " + net.JoinHostPort(strings.TrimSpace(host), port),
				Cure: "add --advertise-host 10.0.0.11   (this host as the others see it: address or name)",
			}
		}
	}
	return nil
}

// checkFounding refuses what would found a second cluster beside the one that was meant: a fresh node that expects nobody
// else founds its own before it has heard of the seeds.
func (c Config) checkFounding() error {
	var others []string
	for _, seed := range c.Cluster.Seeds {
		if seed != c.Listen.Gossip && seed != c.Listen.Advertised(c.Listen.Gossip) {
			others = append(others, seed)
		}
	}
	switch {
	case c.Cluster.Expect == 1 && len(others) > 0:
		return &Fault{
			Key: "expect", What: "--expect 1 with --seeds " + strings.Join(others, ","),
			Why:  "a fresh node that expects only itself would found a cluster of its own beside that of the seeds",
			Cure: "--expect 3 (or 5) on all nodes of a new cluster, or --expect 0 to join one that exists",
		}
	case c.Cluster.Expect == 0 && len(others) == 0:
		return &Fault{
			Key: "seeds", What: "--expect 0 without --seeds",
			Why:  "a node that is only to join a cluster has to know at least one of its nodes",
			Cure: "add --seeds 10.0.0.11:7482,10.0.0.12:7482",
		}
	}
	return nil
}

// checkKeys refuses to be open to the network by accident (design: "Off loopback a node needs API keys and a cluster key").
func (c Config) checkKeys() error {
	if c.Security.Insecure || !c.Reachable() {
		return nil
	}
	var missing, flags []string
	if c.Security.ClusterKeyFile == "" {
		missing, flags = append(missing, "a cluster key"), append(flags, "--cluster-key-file cluster.key")
	}
	if c.Security.APIKeysFile == "" {
		missing, flags = append(missing, "API keys"), append(flags, "--api-keys-file api.keys")
	}
	if len(missing) == 0 {
		return nil
	}
	return &Fault{
		Key: "insecure", What: "refusing to listen beyond this host without " + strings.Join(missing, " and "),
		Why:  "anyone who reaches the ports could read and end every session, or join the cluster",
		Cure: "add " + strings.Join(flags, " ") + "   (how to make them: docs/how-to/run-three-nodes.md), or --insecure on a network you trust",
	}
}

// checkTLS refuses half of what TLS needs: the other half would be missed only when somebody connects.
func (c Config) checkTLS() error {
	var faults []error
	missing := func(bad bool, key, because, cure string) {
		if bad {
			faults = append(faults, &Fault{Key: key, What: "--" + key + " is missing", Why: because, Cure: cure})
		}
	}
	const made = "   (sessnode tls makes them: docs/how-to/tls.md)"
	s := c.Security
	missing(s.TLS.Cert == "" && s.TLS.Key != "", "tls-cert-file", "--tls-key-file names a key without its certificate", "add --tls-cert-file tls/n1.crt"+made)
	missing(s.TLS.Key == "" && s.TLS.Cert != "", "tls-key-file", "--tls-cert-file names a certificate without its key", "add --tls-key-file tls/n1.key"+made)
	peer := s.Peer.Given() || s.PeerCAFile != ""
	missing(peer && s.Peer.Cert == "", "peer-cert-file", "nodes that speak TLS show each other a certificate", "add --peer-cert-file tls/n1.crt"+made)
	missing(peer && s.Peer.Key == "", "peer-key-file", "nodes that speak TLS show each other a certificate, which needs its key", "add --peer-key-file tls/n1.key"+made)
	missing(peer && s.PeerCAFile == "", "peer-ca-file", "without authorities no other node could be believed", "add --peer-ca-file tls/ca.crt"+made)
	return errors.Join(faults...)
}

// Reachable reports whether any address may be reached from another host.
func (c Config) Reachable() bool {
	for _, addr := range []string{c.Listen.HTTP, c.Listen.Node, c.Listen.Gossip} {
		if host, _, _ := net.SplitHostPort(addr); !isLoopback(host) {
			return true
		}
	}
	return false
}

// Advertised returns what others dial for a listening address: the same port at AdvertiseHost where that is set.
func (l Listen) Advertised(listening string) string {
	host, port, err := net.SplitHostPort(listening)
	if err != nil || l.AdvertiseHost == "" {
		return net.JoinHostPort(host, port)
	}
	return net.JoinHostPort(strings.Trim(l.AdvertiseHost, "[]"), port)
}

func isUnspecified(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "" || ip != nil && ip.IsUnspecified()
}

// isLoopback trusts the name localhost and literal addresses only: what another name resolves to can change.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func hasPort(host string) bool {
	_, _, err := net.SplitHostPort(host)
	return err == nil
}
