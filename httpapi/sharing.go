package httpapi

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/frames"
)

// serveOdd answers what the loop leaves to net/http.
func (s *Server) serveOdd(w http.ResponseWriter, r *http.Request) {
	if !asksToShare(r) {
		s.api.ServeHTTP(w, r)
		return
	}
	if err := s.share(w, r); err != nil {
		reply := problem(err, false)
		reply.at = s.api.config.Store.Position()
		reply.expand()
		for _, f := range reply.Header {
			w.Header().Set(f.Name, f.Value)
		}
		w.WriteHeader(reply.Status)
		_, _ = w.Write(reply.Body)
	}
}

// asksToShare reports whether a request is for a shared connection and for nothing else.
func asksToShare(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Path == frames.Path && r.Header.Get("Upgrade") == frames.Protocol &&
		strings.EqualFold(r.Header.Get("Connection"), "Upgrade") && r.ContentLength == 0 && len(r.TransferEncoding) == 0
}

// share turns a connection of net/http into a shared one and serves it to its end. An error means that it is net/http's still.
func (s *Server) share(w http.ResponseWriter, r *http.Request) error {
	asked := newCall(s.api, &Request{Host: r.Host})
	if origin := r.Header.Get("Origin"); origin != "" {
		asked.Header.Add("Origin", origin)
	}
	if err := s.api.guard(asked); err != nil {
		return err
	}
	if keys := r.Header.Values("Authorization"); len(keys) > 0 {
		asked.Header.Add("Authorization", strings.Join(keys, ","))
	}
	if _, err := s.api.authenticate(asked); err != nil { // each request says who sends it; this is for the memory that a connection may take
		return err
	}
	c := &sharedConn{server: s, remote: r.RemoteAddr}
	c.freed.L = &c.mu
	if !s.keep(c) {
		return sessnode.Errorf(sessnode.CodeUnavailable, "", "this node is shutting down: try another node")
	}
	defer s.drop(c)
	conn, in, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return mistake("this connection cannot be shared: send one request at a time")
	}
	_ = conn.SetDeadline(time.Time{})
	early, _ := in.Reader.Peek(in.Reader.Buffered()) // from a client that did not wait for the answer
	c.serve(&replayed{Conn: conn, first: append([]byte(nil), early...)})
	return nil
}

// keep makes a shared connection known. False means that the server is closing.
func (s *Server) keep(c *sharedConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return false
	}
	s.shared[c] = struct{}{}
	s.sharing.Add(1)
	s.api.metrics.shared.Add(1)
	return true
}

func (s *Server) drop(c *sharedConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.shared, c)
	s.api.metrics.shared.Add(-1)
	s.sharing.Done()
}

func (s *Server) eachShared(f func(*sharedConn)) {
	s.mu.Lock()
	all := slices.Collect(maps.Keys(s.shared))
	s.mu.Unlock()
	for _, c := range all {
		f(c)
	}
}
