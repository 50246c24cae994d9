package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/sessnode/sessnode"
)

// maxReport is more than any report of a node's readiness has.
const maxReport = 64 << 10

// Ready asks the node whether it can serve.
func (n *Node) Ready(ctx context.Context) error {
	res, err := n.askReady(ctx, http.Header{})
	if err != nil {
		return errors.New(n.Name + " does not answer yet")
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(n.Name + " is not ready yet")
	}
	return nil
}

// Readiness asks the node for its report, check by check. One that is not ready gives it too.
func (n *Node) Readiness(ctx context.Context) ([]sessnode.Check, error) {
	res, err := n.askReady(ctx, http.Header{"Accept": {"application/json"}})
	if err != nil {
		return nil, fmt.Errorf("%s does not answer: %w", n.Name, err)
	}
	defer res.Body.Close()
	var report struct{ Checks []sessnode.Check }
	if err := json.NewDecoder(io.LimitReader(res.Body, maxReport)).Decode(&report); err != nil || len(report.Checks) == 0 {
		return nil, fmt.Errorf("%s: its health check answers with status %d", n.Name, res.StatusCode)
	}
	return report.Checks, nil
}

// askReady sends the question. The time that a node has is also for the body of its answer.
func (n *Node) askReady(ctx context.Context, header http.Header) (*http.Response, error) {
	limit, sends := AskLimit, http.DefaultTransport
	if n.attached != nil {
		limit, sends = attachedAskLimit, n.attached
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.URL+"/readyz?verbose", http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header = header
	req.Close = true // a kept connection would be one more thing that a killed node can break
	return (&http.Client{Transport: sends, Timeout: limit}).Do(req)
}
