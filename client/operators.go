package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/sessnode/sessnode"
)

// SessionByID returns a live session, with its attributes, by its public name. It does not count as activity. It returns
// sessnode.ErrNotFound if there is none.
func (c *Client) SessionByID(ctx context.Context, id sessnode.ID, opts ...CallOption) (*Session, error) {
	return c.session(ctx, c.appRequest("read by id", http.MethodGet, "/sessions/"+id.String(), opts), newObject())
}

// RevokeID ends a session by its public name. It returns sessnode.ErrNotFound if there is none.
func (c *Client) RevokeID(ctx context.Context, id sessnode.ID, opts ...CallOption) error {
	_, err := c.do(ctx, c.appRequest("revoke by id", http.MethodDelete, "/sessions/"+id.String(), opts))
	return err
}

// Page returns one page of the app's live sessions, without attributes, in the order of their creation. The first page has
// the empty cursor, the last one an empty Page.Next. sessnode.ErrGone means that the cursor is no longer good: start again.
func (c *Client) Page(ctx context.Context, cursor string, opts ...CallOption) (sessnode.Page, error) {
	r := c.appRequest("list", http.MethodGet, "/sessions", opts)
	if cursor != "" {
		r.query = url.Values{"cursor": {cursor}}
	}
	var out struct {
		Sessions []wireSession
		Next     string
	}
	err := c.exchange(ctx, r, &out)
	return sessnode.Page{Sessions: sessionsOf(out.Sessions), Next: out.Next}, err
}

// Sessions goes through all live sessions of the app, page by page. A session that lives all the while comes exactly once.
// The loop ends after the first error.
func (c *Client) Sessions(ctx context.Context, opts ...CallOption) iter.Seq2[sessnode.Session, error] {
	return func(yield func(sessnode.Session, error) bool) {
		for cursor := ""; ; {
			page, err := c.Page(ctx, cursor, opts...)
			if err != nil {
				yield(sessnode.Session{}, err)
				return
			}
			for _, s := range page.Sessions {
				if !yield(s, nil) {
					return
				}
			}
			if cursor = page.Next; cursor == "" {
				return
			}
		}
	}
}

// Why tells how the session of a public name ended, newest first: empty if it lives, or if nothing is remembered.
func (c *Client) Why(ctx context.Context, id sessnode.ID, opts ...CallOption) ([]sessnode.Ended, error) {
	return c.why(ctx, url.Values{"id": {id.String()}}, opts)
}

// WhySubject tells how the sessions of a subject ended lately, newest first.
func (c *Client) WhySubject(ctx context.Context, subject string, opts ...CallOption) ([]sessnode.Ended, error) {
	return c.why(ctx, url.Values{"subject": {subject}}, opts)
}

func (c *Client) why(ctx context.Context, query url.Values, opts []CallOption) ([]sessnode.Ended, error) {
	r := c.appRequest("why", http.MethodGet, "/why", opts)
	r.query = query
	var out struct{ Ended []wireEnded }
	err := c.exchange(ctx, r, &out)
	return endedOf(c.app, out.Ended), err
}

// Cluster returns one node's own view of its cluster. Ask a client of a single node to know whose.
func (c *Client) Cluster(ctx context.Context, opts ...CallOption) (sessnode.Status, error) {
	r := &request{op: "cluster", method: http.MethodGet, path: "/v1/cluster", call: callOf(opts)}
	var w wireStatus
	err := c.exchange(ctx, r, &w)
	s := sessnode.Status{Cluster: w.Cluster, Generation: w.Generation, Node: w.Node, Leader: w.Leader, Term: w.Term,
		Now: w.Now, Commit: w.Commit, Applied: w.Applied, StateHash: w.StateHash,
		Sessions: w.Sessions, Bytes: w.Bytes, Budget: w.Budget, Drills: w.Drills}
	for _, m := range w.Members {
		s.Members = append(s.Members, sessnode.Member(m))
	}
	return s, err
}

// Transfer hands leadership to a node, by id or name; empty lets the cluster choose. It is not repeated by itself once it
// may have been done.
func (c *Client) Transfer(ctx context.Context, to string) error {
	body := map[string]any{}
	if to != "" {
		body["to"] = to
	}
	return c.operate(ctx, "transfer", body)
}

// Remove takes a node that is gone for good out of the cluster, by id or name. It returns sessnode.ErrInvalid if there is none, and
// ErrConflict, with the reason in words, if it lives or if the others would have no majority. It is not repeated by itself once
// it may have been done.
func (c *Client) Remove(ctx context.Context, who string) error {
	return c.operate(ctx, "remove", map[string]any{"node": who})
}

// Leave makes a node leave its cluster for good, and stop. Ask a client of that node alone; id is the node's own. Errors are those
// of Remove.
func (c *Client) Leave(ctx context.Context, id string) error {
	return c.operate(ctx, "leave", map[string]any{"node": id})
}

// SetDrained drains a node (not ready, does not lead, still answers), or lets it work again. Ask a client of that node alone. See
// DrainFor for a drain that ends by itself.
func (c *Client) SetDrained(ctx context.Context, drained bool) error {
	return c.operate(ctx, "drain", map[string]any{"drained": drained})
}

// DrainFor is SetDrained with an end: the node works again by itself after limit, whatever has become of the caller.
func (c *Client) DrainFor(ctx context.Context, limit time.Duration) error {
	return c.operate(ctx, "drain", map[string]any{"for": limit.Seconds()})
}

func (c *Client) operate(ctx context.Context, op string, body map[string]any) error {
	r := &request{op: op, method: http.MethodPost, path: "/v1/cluster/" + op, once: true}
	r.body, _ = json.Marshal(body) // strings and booleans never fail
	_, err := c.do(ctx, r)
	return err
}

type wireStatus struct {
	Cluster    string       `json:"cluster"`
	Generation uint64       `json:"generation"`
	Node       string       `json:"node"`
	Leader     string       `json:"leader"`
	Term       uint64       `json:"term"`
	Now        time.Time    `json:"now"`
	Commit     uint64       `json:"commit"`
	Applied    uint64       `json:"applied"`
	StateHash  string       `json:"state_hash"`
	Sessions   uint64       `json:"sessions"`
	Bytes      uint64       `json:"bytes"`
	Budget     uint64       `json:"budget"`
	Drills     bool         `json:"drills"`
	Members    []wireMember `json:"members"`
}

type wireMember struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	NodeAddr string `json:"node_addr"`
	HTTPAddr string `json:"http_addr"`
	Voter    bool   `json:"voter"`
	Leader   bool   `json:"leader"`
	Alive    bool   `json:"alive"`
	Applied  uint64 `json:"applied"`
	Version  string `json:"version"`

	Keys       []string `json:"keys"`
	KeyFileBad bool     `json:"key_file_bad"`
}
