package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/sessnode/sessnode/internal/config"
)

// listening is one address that the node listens on.
type listening struct{ key, network, addr string }

func listens(l config.Listen) []listening {
	return []listening{{"http", "tcp", l.HTTP}, {"node", "tcp", l.Node}, {"gossip", "tcp", l.Gossip}, {"gossip", "udp", l.Gossip}}
}

// addresses is ports and then address: both listen for a moment, and must not be in each other's way.
func (p Patient) addresses(ctx context.Context) []Finding {
	return append(p.ports(ctx), p.address(ctx)...)
}

// ports finds what the node cannot listen on, and who is in its way.
func (p Patient) ports(ctx context.Context) []Finding {
	const subject = "ports"
	var found []Finding
	var free, own []string
	for _, l := range listens(p.Config.Listen) {
		err := tryListen(ctx, l)
		name := fmt.Sprintf("--%s %s (%s)", l.key, l.addr, strings.ToUpper(l.network))
		switch {
		case err == nil:
			free = append(free, l.addr)
		case errors.Is(err, syscall.EADDRINUSE):
			who := p.holder(l)
			if who.pid != 0 && who.pid == p.owner {
				own = append(own, l.addr)
				continue
			}
			found = append(found, fail(subject, fmt.Sprintf("stop that program, or give the node another port: --%s HOST:PORT", l.key), "%s is taken by %s", name, who))
		case errors.Is(err, syscall.EADDRNOTAVAIL):
			found = append(found, fail(subject, "listen on an address of `ip addr`, or on 0.0.0.0 with --advertise-host", "%s: no interface of this host has that address", name))
		case errors.Is(err, fs.ErrPermission):
			found = append(found, fail(subject, "use a port from 1024 on, or give the program CAP_NET_BIND_SERVICE", "%s: this user may not listen there", name))
		default:
			found = append(found, fail(subject, "sessnode config print shows where the address is set", "%s: %v", name, err))
		}
	}
	if len(found) > 0 {
		return found
	}
	if len(own) > 0 {
		return []Finding{ok(subject, "held by this node, process %d", p.owner)}
	}
	return []Finding{ok(subject, "%s are free", strings.Join(uniq(free), ", "))}
}

func uniq(list []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}

// tryListen listens for a moment.
func tryListen(ctx context.Context, l listening) error {
	var lc net.ListenConfig
	if l.network == "udp" {
		conn, err := lc.ListenPacket(ctx, "udp", l.addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	ln, err := lc.Listen(ctx, "tcp", l.addr)
	if err != nil {
		return err
	}
	return ln.Close()
}
