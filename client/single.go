package client

import (
	"context"
	"net/http"
	"strings"

	"github.com/sessnode/sessnode"
)

// Nodes returns the addresses of the nodes that New was given, as "http://host:port", in their order.
func (c *Client) Nodes() []string {
	bases := make([]string, 0, len(c.nodes.all))
	for _, n := range c.nodes.all {
		bases = append(bases, n.base)
	}
	return bases
}

// At returns a client that asks one node alone, at its first try: for operators, who want that node's own view (see
// Cluster), or to know that it does not answer. It has the key, the app and the connections of c, and believes the node's
// generation whatever c knows. The address is one of Nodes, or a Member.HTTPAddr with "http://" before it; another one is
// sessnode.ErrInvalid. The key is sent to that address.
func (c *Client) At(address string) (*Client, error) {
	t, err := parseBases(strings.TrimSuffix(address, "/"))
	if err == nil && len(t.bases) != 1 {
		err = badURL("names more than one node")
	}
	if err != nil {
		return nil, err
	}
	alone := *c.shared
	alone.nodes, alone.history, alone.tries = newNodes(t.bases, 0), &history{}, 1
	return &Client{app: c.app, shared: &alone}, nil
}

// Metrics returns the metrics of one node in Prometheus' text format. Ask a client of a single node to know whose; see At.
// Without --open-metrics a node wants an operator's key (sessnode.ErrForbidden).
func (c *Client) Metrics(ctx context.Context) ([]byte, error) {
	a, err := c.do(ctx, &request{op: "metrics", method: http.MethodGet, path: "/metrics"})
	if err != nil {
		return nil, err
	}
	if kind := a.header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") {
		return nil, &sessnode.Error{Op: "metrics", Err: sessnode.ErrUnavailable, Detail: "the node's answer is not in Prometheus' text format"}
	}
	return a.body, nil
}
