package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Status is what the harness reads of GET /v1/cluster.
type Status struct {
	Generation uint64   `json:"generation"`
	Cluster    string   `json:"cluster"`
	Node       string   `json:"node"`
	Leader     string   `json:"leader"`
	Term       uint64   `json:"term"`
	Commit     uint64   `json:"commit"`
	Applied    uint64   `json:"applied"`
	StateHash  string   `json:"state_hash"`
	Sessions   uint64   `json:"sessions"`
	Members    []Member `json:"members"`
}

// Member is one row of a Status.
type Member struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Voter bool   `json:"voter"`
}

// askLimit bounds one question to a node; a paused node answers none.
const askLimit = time.Second

// Leads reports whether the node that gave the status calls itself leader.
func (s Status) Leads() bool { return s.Leader != "" && s.Leader == s.Node }

// Status asks the node what it believes.
func (n *Node) Status(ctx context.Context) (Status, error) { return AskStatus(ctx, n.URL()) }

// AskStatus asks the node at a base address what it believes. It is safe for concurrent use.
func AskStatus(ctx context.Context, url string) (Status, error) {
	var s Status
	body, err := get(ctx, url+"/v1/cluster")
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return s, fmt.Errorf("%s/v1/cluster: %w", url, err)
	}
	return s, nil
}

// get fetches a page; anything but 200 is an error.
func get(ctx context.Context, url string) ([]byte, error) {
	return request(ctx, http.MethodGet, url)
}

func request(ctx context.Context, method, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	req.Close = true // a kept connection would be one more thing that a killed node can break
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s %s", method, url, res.Status, body)
	}
	return body, err
}

// errNoLeader is what Leader waits to get over.
var errNoLeader = errors.New("no node calls itself leader")
