package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/bench/wire"
)

var _ Store = (*Cluster)(nil)

// requestTimeout is the time that one request has where nobody says: the nodes' own default.
const requestTimeout = 5 * time.Second

// Cluster is a store that runs: the load goes to it over package wire, everything else over the Go client. It is safe for
// concurrent use.
type Cluster struct {
	client *client.Client
	access Access

	mu     sync.Mutex
	urlOf  map[string]string         // by the id of the node that answered there
	shared map[string][]*wire.Shared // by the address of the node
	next   int
}

// Access is how the load is let in: as the client is that stands beside it.
type Access struct {
	APIKey  string        // the client's own; empty where none is asked for
	TLS     *tls.Config   // who vouches for nodes that speak TLS; nil: the system's authorities
	Timeout time.Duration // of one request, at most 30 s, the most that a node takes
	Shared  int           // over how many connections to a node all clients send together; 0: each has its own
}

// Reach prepares access to the cluster and app of a client.
func Reach(c *client.Client, a Access) *Cluster {
	a.Timeout = min(a.Timeout, 30*time.Second)
	return &Cluster{client: c, access: a, urlOf: map[string]string{}, shared: map[string][]*wire.Shared{}}
}

// Nodes asks a node for the members. The URLs that were given are used for the nodes that answer there; other nodes are
// reached where they say that they are. An app's own key may not ask for the members: then the URLs are the nodes, and who
// leads is not known.
func (c *Cluster) Nodes(ctx context.Context) (Nodes, error) {
	status, err := c.client.Cluster(ctx)
	if errors.Is(err, sessnode.ErrForbidden) {
		var list Nodes
		for _, u := range c.client.Nodes() {
			list = append(list, Node{ID: u, Name: hostOf(u), URL: u, Alive: true})
		}
		return list, nil
	}
	if err != nil {
		return nil, err
	}
	c.identify(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	scheme, _, _ := strings.Cut(c.client.Nodes()[0], "://")
	var list Nodes
	for _, m := range status.Members {
		n := Node{ID: m.ID, Name: m.Name, URL: c.urlOf[m.ID], Leader: m.Leader, Voter: m.Voter, Alive: m.Alive}
		if n.URL == "" && m.HTTPAddr != "" {
			n.URL = scheme + "://" + m.HTTPAddr
		}
		list = append(list, n)
	}
	return list, nil
}

// identify finds out which node answers at each URL. One that does not answer is asked again the next time.
func (c *Cluster) identify(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout/5)
	defer cancel()
	var asked sync.WaitGroup
	for _, u := range c.client.Nodes() {
		one, err := c.client.At(u)
		if err != nil {
			continue
		}
		asked.Go(func() { // ends with ctx
			status, err := one.Cluster(ctx)
			if err != nil {
				return
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.urlOf[status.Node] = u
		})
	}
	asked.Wait()
}

// RevokeSubject ends a subject's sessions.
func (c *Cluster) RevokeSubject(ctx context.Context, subject string) (uint64, error) {
	return c.client.RevokeSubject(ctx, subject, sessnode.ID{})
}

// Connect prepares a connection to a node.
func (c *Cluster) Connect(n Node) Conn {
	target := wire.Target{Address: hostOf(n.URL), APIKey: c.access.APIKey, Timeout: c.access.Timeout}
	if host, secure := strings.CutPrefix(n.URL, "https://"); secure {
		if target.TLS = c.access.TLS; target.TLS == nil {
			target.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		if _, _, err := net.SplitHostPort(host); err != nil {
			target.Address = net.JoinHostPort(host, "443")
		}
	}
	prefix := "/v1/apps/" + c.client.Name()
	return &conn{Conn: c.open(target), shapes: [operations]wire.Request{
		Create:    {Method: "POST", Path: prefix + "/sessions"},
		Read:      {Method: "GET", Path: prefix + "/session?touch=false"},
		ReadTouch: {Method: "GET", Path: prefix + "/session"},
		Patch:     {Method: "PATCH", Path: prefix + "/session"},
		Touch:     {Method: "POST", Path: prefix + "/session/touch"},
	}}
}

// open prepares a client's connection, or its part in one of those that all share, in turn.
func (c *Cluster) open(t wire.Target) *wire.Conn {
	if c.access.Shared == 0 {
		return wire.New(t)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.shared[t.Address]
	for len(all) < c.access.Shared {
		all = append(all, wire.Share(t))
	}
	c.shared[t.Address] = all
	c.next++
	return wire.Over(all[c.next%len(all)])
}

// Close closes the connections that clients shared.
func (c *Cluster) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, all := range c.shared {
		for _, s := range all {
			_ = s.Close()
		}
	}
}

// conn makes requests of operations.
type conn struct {
	*wire.Conn
	shapes [operations]wire.Request
}

// Do sends the request of an operation. Changes carry an operation id, as those of the Go client do.
func (c *conn) Do(ctx context.Context, o Operation, token sessnode.Token, body []byte) sessnode.Code {
	r := &c.shapes[o]
	r.Body = body
	if o != Create { // there it is in the body
		r.Token = token
	}
	if r.Method != "GET" {
		r.Operation = sessnode.NewID().String()
	}
	return c.Conn.Do(ctx, r)
}

// hostOf returns what stands between a URL's scheme and its path.
func hostOf(text string) string {
	if u, err := url.Parse(text); err == nil {
		return u.Host
	}
	return text
}
