package client

import (
	"net"
	"net/http"
	"time"
)

// DefaultTimeout is how long a call may take in total when neither WithTimeout nor the context says less.
const DefaultTimeout = 5 * time.Second

// dialTimeout is how long a node may take to accept a connection. A node that is up answers in one round trip; one that
// was paused or cut off must not eat the time in which another node could have answered.
const dialTimeout = 500 * time.Millisecond

// Option changes how New sets up a Client.
type Option func(*settings)

type settings struct {
	timeout        time.Duration
	tries          int
	transport      http.RoundTripper
	sharedConns    int
	apiKey         string
	app            string
	readYourWrites bool
}

// WithTimeout bounds every call in total, over all its tries. The default is DefaultTimeout; a context that ends earlier
// wins. It must be positive.
func WithTimeout(total time.Duration) Option { return func(s *settings) { s.timeout = total } }

// WithTries bounds how many tries a call may take. The default, 0, means as many as the deadline allows; 1 means that
// every failure is reported at once.
func WithTries(most int) Option { return func(s *settings) { s.tries = most } }

// WithTransport sends requests through rt, for instance a DefaultTransport with a TLS configuration. Redirects are never
// followed, whatever rt does.
func WithTransport(rt http.RoundTripper) Option { return func(s *settings) { s.transport = rt } }

// WithSharedConnections sends requests over so many connections to each node, which all callers share, 1 to 64; 2 to 4 are enough for a
// process on a few processors. It is for processes with many requests at a time, of which a node carries more that way
// (docs/performance/peers.md); a lone request takes longer, a read up to twice as long. A packet that is lost holds up all the requests of its connection, and there is a goroutine
// for each connection until Close. Requests of more than 32 KiB, streams, and nodes that do not know of this, are served over connections of their own. The
// default, 0, is that all are.
//
// With WithTransport it takes an *http.Transport, and does nothing where that has a Proxy, a Dial or a DialTLS.
func WithSharedConnections(each int) Option { return func(s *settings) { s.sharedConns = each } }

// WithAPIKey sets the key that the nodes ask for. It takes precedence over a key in the URL.
func WithAPIKey(key string) Option { return func(s *settings) { s.apiKey = key } }

// WithApp sets the app that calls are about. It takes precedence over an app in the URL; see also Client.In.
func WithApp(name string) Option { return func(s *settings) { s.app = name } }

// WithReadYourWrites makes every read wait until the node has applied the last change that this client knows of. It
// matters for the levels sessnode.Bounded and sessnode.Local only: the default level always includes it.
func WithReadYourWrites() Option { return func(s *settings) { s.readYourWrites = true } }

// DefaultTransport returns a new transport as New uses it: keep-alive connections to each node, no proxy (a proxy would
// see the tokens), half a second to connect.
func DefaultTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	return &http.Transport{
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: time.Second,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true,
	}
}
