package client

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/sessnode/sessnode"
)

// Client is a connection to one cluster and, for most calls, one app in it. The zero value is of no use: see New.
//
// It is safe for concurrent use.
type Client struct {
	*shared
	app string
}

// shared is what the clients of all apps of a cluster have in common.
type shared struct {
	http           *http.Client
	nodes          *nodes
	history        *history
	budget         *budget
	apiKey         string
	timeout        time.Duration
	tries          int
	readYourWrites bool
}

// New prepares a client for the nodes that url names; it does not connect. The url is one of
//
//	sessnode://KEY@host1,host2:7480/app     plain HTTP, port 7480 unless given; key and app are optional
//	sessnodes://KEY@host1,host2/app         the same over TLS
//	http://host1:7480,https://host2:7443    with WithAPIKey and WithApp
//
// Name several nodes: any of them will do for any call, and one that fails is passed over. The error wraps
// sessnode.ErrInvalid and never shows the key.
func New(url string, opts ...Option) (*Client, error) {
	t, err := parseTarget(url)
	if err != nil {
		return nil, err
	}
	s := settings{timeout: DefaultTimeout, apiKey: t.key, app: t.app}
	for _, opt := range opts {
		opt(&s)
	}
	if err := s.validate(); err != nil {
		return nil, err
	}
	if s.transport == nil {
		s.transport = DefaultTransport()
	}
	if plain, ok := s.transport.(*http.Transport); ok && s.sharedConns > 0 {
		s.transport = newSharing(plain, s.sharedConns)
	}
	return &Client{app: s.app, shared: &shared{
		http: &http.Client{
			Transport: s.transport,
			// A redirect would carry the token to an address that nobody configured.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		nodes:          newNodes(t.bases, rand.Uint64N(uint64(len(t.bases)))),
		history:        &history{},
		apiKey:         s.apiKey,
		timeout:        s.timeout,
		tries:          s.tries,
		budget:         newBudget(),
		readYourWrites: s.readYourWrites,
	}}, nil
}

func (s settings) validate() error {
	fault := ""
	_, isPlain := s.transport.(*http.Transport)
	switch {
	case s.timeout <= 0:
		fault = fmt.Sprintf("the timeout is %v, it must be positive", s.timeout)
	case s.tries < 0:
		fault = fmt.Sprintf("the number of tries is %d, it must be 0 (no bound) or more", s.tries)
	case s.sharedConns < 0 || s.sharedConns > mostShared:
		fault = fmt.Sprintf("the number of shared connections is %d, it must be 0 (none) to %d", s.sharedConns, mostShared)
	case s.sharedConns > 0 && s.transport != nil && !isPlain:
		fault = "shared connections need an *http.Transport"
	case s.app != "" && !sessnode.ValidApp(s.app):
		fault = fmt.Sprintf("%q cannot name an app", s.app)
	case !visible(s.apiKey):
		fault = "the API key has characters that a header cannot carry"
	default:
		return nil
	}
	e := sessnode.Errorf(sessnode.CodeInvalid, "", "%s", fault)
	e.Op = "connect"
	return e
}

// visible reports whether s is made of visible ASCII characters only. The empty string is.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// In returns a client for another app of the same cluster. It shares connections and everything learnt about the nodes.
// A name that no app can have makes every call sessnode.ErrInvalid.
func (c *Client) In(app string) *Client { return &Client{shared: c.shared, app: app} }

// Name returns the app that calls are about; empty if none was given.
func (c *Client) Name() string { return c.app }

// Close closes idle connections, for the clients of all apps that share them. Calls that are under way go on.
func (c *Client) Close() { c.http.CloseIdleConnections() }
