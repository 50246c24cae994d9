package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/tlsfiles"
)

// maxHealthBytes is more than any health answer has.
const maxHealthBytes = 64 << 10

func newCheck(std stdio) *cobra.Command {
	var (
		target  string
		live    bool
		timeout time.Duration
	)
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Ask a node whether it is healthy, for health checks",
		Long: "check asks a node whether it is ready to serve, or with --live whether its process answers at all.\n" +
			"It prints one line and exits with 0 when healthy, with 1 and the reason when not.",
		Example: "  sessnode check\n  sessnode check --live --url http://10.0.0.11:7480",
		Args:    cobra.NoArgs,
		RunE: verb(func(cmd *cobra.Command, _ []string) error {
			base, tls, err := checkURL(cmd, target, std)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			return check(ctx, std, probe{base, tls, live, timeout})
		}),
	}
	cmd.Flags().StringVar(&target, "url", "", "the node's HTTP address (unset: the key http as serve reads it from SESSNODE_HTTP or the file, else http://127.0.0.1:7480)")
	cmd.Flags().BoolVar(&live, "live", false, "ask /livez instead of /readyz")
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Second, "how long to wait for the answer")
	addKey(cmd, "config")
	addKey(cmd, "ca-file")
	return cmd
}

// checkURL finds the node to ask: the flag, else the address on which `serve` in the same container was told to listen. It is
// not SESSNODE_URL, which names a cluster: a health check is about one node. Where that node speaks TLS it must show the very
// certificate of its own file, whatever name that bears.
func checkURL(cmd *cobra.Command, target string, std stdio) (*url.URL, *tls.Config, error) {
	sources, err := nodeSources(cmd, std)
	if err != nil {
		return nil, nil, err
	}
	set := map[string]string{}
	for _, v := range append(config.Values(config.ForNode, sources...), config.Values(config.ForClient, sources...)...) {
		set[v.Key.Name] = v.Text
	}
	conf, err := trust(set["ca-file"])
	if err != nil {
		return nil, nil, err
	}
	if target == "" {
		target = set["http"]
		if host, port, err := net.SplitHostPort(target); err == nil && (host == "" || host == "0.0.0.0" || host == "::") {
			target = net.JoinHostPort("127.0.0.1", port)
		}
		scheme := "http://"
		if cert := set["tls-cert-file"]; cert != "" {
			scheme = "https://"
			if conf, err = tlsfiles.Only(cert); err != nil {
				return nil, nil, err
			}
		}
		target = scheme + target
	}
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, nil, &usageError{fmt.Errorf("--url is not http://HOST:PORT")}
	}
	return u, conf, nil
}

// probe is what is asked of a node.
type probe struct {
	base    *url.URL
	tls     *tls.Config // nil = the system's authorities
	live    bool
	timeout time.Duration
}

func check(ctx context.Context, std stdio, p probe) error {
	path, query := "/readyz", "verbose"
	if p.live {
		path, query = "/livez", ""
	}
	u := p.base.JoinPath(path)
	u.RawQuery = query
	status, body, err := fetch(ctx, u.String(), p.tls)
	var why string
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		why = fmt.Sprintf("no answer within %v: the node is overloaded, paused, or this is not its HTTP port", p.timeout)
	case err != nil:
		why = reason(err)
	case status != http.StatusOK:
		why = failing(status, body)
	default:
		_, err := fmt.Fprintf(std.out, "ok: %s\n", p.base.JoinPath(path))
		return err
	}
	try := "curl -s '" + u.String() + "' shows every condition; the node's log says more"
	if err != nil {
		try = "see whether the node runs, and on which address its log says that it listens"
	}
	return &problem{what: "not healthy: " + p.base.JoinPath(path).String(), why: why, try: try, exit: exitFailure, err: err}
}

// fetch makes one request without proxies, redirects or a connection that is kept.
func fetch(ctx context.Context, u string, conf *tls.Config) (int, string, error) {
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: conf},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return 0, "", err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxHealthBytes))
	return res.StatusCode, string(body), err
}

// reason drops the method and address that net/http puts before the cause: they are in the line above.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// failing picks the conditions that do not hold out of a verbose answer: lines like "[-]leader none elected".
func failing(status int, body string) string {
	var list []string
	for line := range strings.Lines(body) {
		if name, found := strings.CutPrefix(strings.TrimSpace(line), "[-]"); found {
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		return fmt.Sprintf("it answered HTTP status %d", status)
	}
	return strings.Join(list, "; ")
}
