package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sessnode/sessnode"
)

// Config is what an API was told. DefaultConfig fills what has a default; Store has none.
type Config struct {
	// Store answers the requests. Required.
	Store Store

	// Keys are the API keys that are let in. Without any the API is open, which Insecure must allow.
	Keys []APIKey

	// Insecure lets everyone who reaches the port be an operator while Keys is empty. It has no meaning otherwise.
	Insecure bool

	// OpenMetrics serves /metrics without an API key. Default false: it takes an operator's.
	OpenMetrics bool

	// AllowDrills tells operators that they may drill this node where it runs. Default false. The API enforces nothing by it:
	// a drill does what an operator may do anyway, and asks first.
	AllowDrills bool

	// Hosts are further names, without port, under which the node is reached; "*" allows any. See guard.go.
	Hosts []string

	// MaxInFlight is how many reads, how many changes and how many endings are worked on at once at most; as a rule it is as many as are
	// done in 100 ms. More wait a little, and are then shed with 503 and Retry-After. Default 1,024.
	MaxInFlight int

	// MaxBodyBytes is how many bytes of request bodies are held at once; more are shed likewise. Default 64 MiB, at least
	// sessnode.MaxBodyBytes.
	MaxBodyBytes int64

	// MaxStreams is how many streams of events may be open at once; more are shed likewise. Default 256.
	MaxStreams int

	// EventBeat is how often a stream of events says that nothing happened. Default 10 s.
	EventBeat time.Duration

	// Registry gets the API's metrics, and /metrics shows all that is in it. Default: one of its own.
	Registry *prometheus.Registry

	// Log gets refused keys and panics, at Warn and Error. Default: discarded.
	Log *slog.Logger
}

// DefaultConfig returns a Config over a store with every default filled in, and no API keys.
func DefaultConfig(store Store) Config {
	return Config{Store: store, MaxInFlight: 1024, MaxBodyBytes: 64 << 20, MaxStreams: 256, EventBeat: defaultEventBeat, Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)}
}

// Validate reports every fault at once. The result wraps sessnode.ErrInvalid.
func (c Config) Validate() error {
	var faults []error
	fail := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Store == nil {
		fail("Store is missing")
	}
	if c.MaxInFlight < 1 {
		fail("MaxInFlight is %d, allowed is 1 or more", c.MaxInFlight)
	}
	if c.MaxBodyBytes < sessnode.MaxBodyBytes {
		fail("MaxBodyBytes is %d, allowed is %d or more", c.MaxBodyBytes, sessnode.MaxBodyBytes)
	}
	if c.MaxStreams < 1 || c.EventBeat <= 0 {
		fail("MaxStreams is %d and EventBeat %v, allowed is more than zero", c.MaxStreams, c.EventBeat)
	}
	if c.Registry == nil || c.Log == nil {
		fail("Registry or Log is missing: begin with DefaultConfig")
	}
	if len(c.Keys) == 0 && !c.Insecure {
		fail("there are no API keys, and Insecure does not allow that")
	}
	names := map[string]bool{}
	for _, k := range c.Keys {
		if k.Name == "" || names[k.Name] {
			fail("the API key name %q is empty or used twice", k.Name)
		}
		names[k.Name] = true
		if app, isApp := strings.CutPrefix(k.Role, "app:"); k.Role != "operator" && (!isApp || !sessnode.ValidApp(app)) {
			fail("the role of API key %q is %q, allowed is operator or app:NAME", k.Name, k.Role)
		}
		if k.Hash == ([32]byte{}) {
			fail("the API key %q has no hash", k.Name)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &sessnode.Error{Op: "httpapi", Detail: errors.Join(faults...).Error(), Err: sessnode.ErrInvalid}
}
