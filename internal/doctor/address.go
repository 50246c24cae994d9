package doctor

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"
)

// address finds addresses that this node would tell the others and at which they could not reach it. See addresses.
func (p Patient) address(ctx context.Context) []Finding {
	const subject = "address"
	told := p.Config.Listen.Advertised(p.Config.Listen.Node)
	host, _, err := net.SplitHostPort(told)
	if err != nil || host == "" {
		return nil // the configuration's own check says so
	}
	const cure = "--advertise-host HOST   (this host as the others see it: address or name)"
	ctx, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return []Finding{fail(subject, cure, "the others are told %s, and no host of that name is found", told)}
	}
	if slices.ContainsFunc(addrs, isLoopback) {
		if far := p.farSeeds(); len(far) > 0 {
			return []Finding{fail(subject, cure, "the others are told %s, which is this host alone, and the seeds are elsewhere (%s)", told, strings.Join(far, ", "))}
		}
	}
	if !p.reachesItself(ctx, told) {
		return []Finding{warn(subject, "open the node port in the firewall, or mend --advertise-host; behind NAT this may be as it should be", "the others are told %s, where this node does not reach itself", told)}
	}
	return []Finding{ok(subject, "the others are told %s, and it leads here", told)}
}

// farSeeds are the seeds that are given by an address of another host, or by a name.
func (p Patient) farSeeds() (far []string) {
	for _, seed := range p.Config.Cluster.Seeds {
		if host, _, err := net.SplitHostPort(seed); err == nil && !isLoopback(host) {
			far = append(far, seed)
		}
	}
	return far
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// reachesItself dials what the others are told. Where the node does not run, it listens there itself for so long; where it cannot,
// another check has said so.
func (p Patient) reachesItself(ctx context.Context, told string) bool {
	if p.owner == 0 {
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", p.Config.Listen.Node)
		if err != nil {
			return true
		}
		defer ln.Close()
	}
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", told)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
