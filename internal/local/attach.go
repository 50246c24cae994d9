package local

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode/client"
)

const (
	// attachedAskLimit is AskLimit for nodes that run elsewhere: further away, and perhaps behind TLS.
	attachedAskLimit = time.Second

	// orderLimit bounds what nodes that run elsewhere are told to do: handing leadership over takes longer than an answer.
	orderLimit = 15 * time.Second
)

// Access is how a cluster that runs elsewhere is reached.
type Access struct {
	URL string      // its nodes, as client.New takes them; some will do
	Key string      // of an operator; empty: the nodes ask for none
	TLS *tls.Config // who vouches for the nodes; nil: the system's authorities
}

// plainName is what a node can be called (cluster.Config): commands that are told to people hold it.
func plainName(s string) bool {
	return s != "" && len(s) <= 63 && !strings.ContainsFunc(s, func(c rune) bool {
		return !strings.ContainsRune(".-_", c) && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})
}

// Attach asks a cluster that runs elsewhere for its members, and returns them as nodes that can be asked and told, but not started,
// stopped or looked into. A member is reached where it was named, else at the address that it reports. Members that do not answer are
// among them. It returns what the nodes refuse, and an error for a member whose address is not known. Close ends nothing but connections.
func Attach(ctx context.Context, a Access) (*Cluster, error) {
	transport := client.DefaultTransport()
	transport.TLSClientConfig = a.TLS
	all, err := client.New(a.URL, client.WithAPIKey(a.Key), client.WithTransport(transport))
	if err != nil {
		return nil, err
	}
	status, err := all.Cluster(ctx)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Keys: Keys{Operator: a.Key}, attached: transport}
	bases := namedBases(ctx, all)
	for _, m := range status.Members {
		if !plainName(m.Name) {
			return nil, errors.New("a member has a name that no node can have")
		}
		base := bases[m.ID]
		if scheme := schemeOf(all.Nodes()); base == "" && m.HTTPAddr != "" && scheme != "" {
			base = scheme + m.HTTPAddr
		}
		if base == "" {
			return nil, fmt.Errorf("the address of %s is not known", m.Name)
		}
		n := &Node{Name: m.Name, URL: base, NodeAddr: m.NodeAddr, attached: transport, since: time.Now()}
		if n.Ask, err = client.New(base, client.WithAPIKey(a.Key), client.WithTransport(transport), client.WithTries(1), client.WithTimeout(attachedAskLimit)); err != nil {
			return nil, err
		}
		if n.Order, err = client.New(base, client.WithAPIKey(a.Key), client.WithTransport(transport), client.WithTries(1), client.WithTimeout(orderLimit)); err != nil {
			return nil, err
		}
		if c.Node(n.Name) != nil {
			return nil, fmt.Errorf("two members are called %s: one of them is being replaced", n.Name)
		}
		c.Nodes = append(c.Nodes, n)
	}
	if len(c.Nodes) == 0 {
		return nil, errors.New("the cluster has no members yet")
	}
	slices.SortFunc(c.Nodes, func(a, b *Node) int { return cmp.Compare(a.Name, b.Name) })
	return c, nil
}

// namedBases finds out which member answers at each address that was named.
func namedBases(ctx context.Context, all *client.Client) map[string]string {
	bases := map[string]string{}
	for _, base := range all.Nodes() {
		alone, err := all.At(base)
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, attachedAskLimit)
		if s, err := alone.Cluster(ctx); err == nil {
			bases[s.Node] = base
		}
		cancel()
	}
	return bases
}

// schemeOf is that of all addresses, "" where they have several: the API key must not go in clear text where it was meant to be protected.
func schemeOf(addresses []string) string {
	for _, scheme := range []string{"http://", "https://"} {
		if !slices.ContainsFunc(addresses, func(a string) bool { return !strings.HasPrefix(a, scheme) }) {
			return scheme
		}
	}
	return ""
}

// Attached reports whether the cluster runs elsewhere.
func (c *Cluster) Attached() bool { return c.attached != nil }

// Client makes a client of all nodes with an operator's key. Options come on top.
func (c *Cluster) Client(opts ...client.Option) (*client.Client, error) {
	all := []client.Option{client.WithAPIKey(c.Keys.Operator)}
	if c.attached != nil {
		all = append(all, client.WithTransport(c.attached))
	}
	return client.New(c.URLs(), append(all, opts...)...)
}

// TLS says who vouches for nodes that run elsewhere, nil for the system's authorities.
func (c *Cluster) TLS() *tls.Config {
	if tr, ok := c.attached.(*http.Transport); ok {
		return tr.TLSClientConfig.Clone()
	}
	return nil
}

// detach closes the connections to nodes that run elsewhere.
func (c *Cluster) detach() {
	for _, n := range c.Nodes {
		n.Ask.Close()
		n.Order.Close()
	}
}

// heard keeps when a node that runs elsewhere answered, and says what may be said of its life.
func (n *Node) heard(err error) (Life, time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		return Silent, n.since
	}
	n.since = time.Now()
	return Running, n.since
}
