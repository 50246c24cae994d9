package httpapi

import (
	"net/netip"
	"strings"

	"github.com/sessnode/sessnode"
)

// guard refuses requests that a web page made a browser send. sessnode is for application servers; a browser in the same
// network must not become their deputy.
//
//   - Origin: browsers send it with every request that crosses origins or changes anything; application servers never do.
//   - Host: after DNS rebinding, the page's own name leads to a node. So without API keys, or where names were given, the
//     node answers only to an address, to localhost, to a name without a dot (which no public DNS can own) and to the
//     names given. With API keys and without names any Host will do: such a page knows no key.
func (a *API) guard(c *call) error {
	if c.Header.has(headerOrigin) {
		return sessnode.Errorf(sessnode.CodeForbidden, "", "requests with an Origin are refused: this API is not for browsers")
	}
	if len(a.config.Keys) > 0 && len(a.config.Hosts) == 0 || c.Host == c.known.host || c.Host == "" {
		return nil
	}
	if a.ownHost(hostname(c.Host)) {
		c.known.host = strings.Clone(c.Host)
		return nil
	}
	return sessnode.Errorf(sessnode.CodeForbidden, "", "this node does not answer to the name in Host: use its address, or tell the node its name")
}

func (a *API) ownHost(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil || !strings.Contains(name, ".") || strings.HasSuffix(name, ".localhost") {
		return true
	}
	for _, own := range a.config.Hosts {
		if own == "*" || strings.EqualFold(own, name) {
			return true
		}
	}
	return false
}

// hostname takes the port and the brackets of an IPv6 address away.
func hostname(host string) string {
	if inner, found := strings.CutPrefix(host, "["); found {
		inner, _, _ = strings.Cut(inner, "]")
		return inner
	}
	name, _, _ := strings.Cut(host, ":")
	return strings.ToLower(strings.TrimSuffix(name, "."))
}
