package main

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi"
)

// store is a store that does nothing, and has every session: what sessnode's own HTTP costs.
type store struct {
	httpapi.Store // nothing else is asked
	session       sessnode.Session
}

func newStore() *store {
	now := time.Now()
	s := &store{session: sessnode.Session{App: "bench", ID: sessnode.NewID(), Subject: "somebody", Version: 1, Created: now, Authenticated: now, Touched: now,
		IdleDeadline: now.Add(3 * time.Hour), End: now.Add(12 * time.Hour), Timeouts: sessnode.Timeouts{Idle: 3 * time.Hour}, Attrs: map[string]sessnode.Value{}}}
	for _, name := range []string{"cart", "locale", "profile", "recent"} {
		s.session.Attrs[name] = sessnode.Value{Codec: sessnode.JSON, Data: []byte(`"` + strings.Repeat("x", bodyBytes/4-2) + `"`)}
	}
	return s
}

// Write changes nothing.
func (s *store) Write(context.Context, sessnode.Mutation) (sessnode.Effect, error) {
	return sessnode.Effect{At: s.Position(), Session: s.session}, nil
}

// Session is always the same one.
func (s *store) Session(context.Context, string, sessnode.Key, sessnode.Read) (sessnode.Session, sessnode.Position, error) {
	return s.session, s.Position(), nil
}

// Position never changes.
func (s *store) Position() sessnode.Position { return sessnode.Position{Generation: 1, Index: 1} }

// Ready has nothing to wait for.
func (s *store) Ready() []sessnode.Check { return nil }

// serveAPI serves sessnode's API and server over that store.
func serveAPI(ln net.Listener) error {
	config := httpapi.DefaultConfig(newStore())
	config.Insecure = true // loopback alone
	api, err := httpapi.New(config)
	if err != nil {
		return err
	}
	return httpapi.NewServer(httpapi.DefaultServerConfig(), api).Serve(ln)
}
