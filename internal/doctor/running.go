package doctor

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
)

// running asks a node that runs on this very directory whether it is ready, and names the conditions that do not hold.
func (p Patient) running(ctx context.Context) []Finding {
	const subject = "running"
	if p.owner == 0 {
		return nil
	}
	const cure = "the log of the node says more"
	ctx, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	status, body, err := p.readiness(ctx)
	switch {
	case err != nil:
		return []Finding{warn(subject, "compare --http with what the log of the node says that it listens on", "the node does not answer at %s: %s", p.Config.Listen.HTTP, reasonOfDial(err))}
	case status == http.StatusOK:
		return []Finding{ok(subject, "ready, at %s", p.Config.Listen.HTTP)}
	}
	var failing []string
	for line := range strings.Lines(body) {
		if name, found := strings.CutPrefix(strings.TrimSpace(line), "[-]"); found {
			failing = append(failing, name)
		}
	}
	return []Finding{fail(subject, cure, "the node is not ready: %s", strings.Join(failing, "; "))}
}

func (p Patient) readiness(ctx context.Context) (status int, body string, err error) {
	scheme, host := "http://", p.Config.Listen.HTTP
	if p.Config.Security.TLS.Given() {
		scheme = "https://"
	}
	if name, port, err := net.SplitHostPort(host); err == nil && (name == "" || name == "0.0.0.0" || name == "::") {
		host = net.JoinHostPort("127.0.0.1", port)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+host+"/readyz?verbose", nil)
	if err != nil {
		return 0, "", err
	}
	res, err := p.HTTP.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	return res.StatusCode, string(raw), err
}
