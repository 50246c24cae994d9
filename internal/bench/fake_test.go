package bench

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
)

// fakeStore answers as it is told, after as long as it is told, and remembers the sessions that it has. The zero value
// answers at once that all is well, from three nodes.
type fakeStore struct {
	takes func(o Operation, call int) time.Duration // call counts from 0 on, over all operations of that kind
	says  func(o Operation, call int) sessnode.Code
	nodes func(asked int) (Nodes, error)
	keeps func(ctx context.Context, call int) bool // refuses to revoke

	mu       sync.Mutex
	asked    int
	revoked  int
	calls    [operations]int
	via      map[string]int    // requests by node
	sessions map[string]uint64 // by subject
	opened   int
	closed   int
}

func threeNodes(leader string) Nodes {
	list := Nodes{}
	for _, name := range []string{"n1", "n2", "n3"} {
		list = append(list, Node{ID: name + "-id", Name: name, URL: "http://127.0.0.1:" + name[1:], Leader: name == leader, Voter: true, Alive: true})
	}
	return list
}

func (s *fakeStore) Nodes(context.Context) (Nodes, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.nodes != nil {
		return s.nodes(s.asked)
	}
	return threeNodes("n1"), nil
}

func (s *fakeStore) Connect(n Node) Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	return &fakeConn{store: s, node: n.Name}
}

func (s *fakeStore) RevokeSubject(ctx context.Context, subject string) (uint64, error) {
	s.mu.Lock()
	call := s.revoked
	s.revoked++
	s.mu.Unlock()
	if s.keeps != nil && s.keeps(ctx, call) {
		return 0, sessnode.ErrUnavailable
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.sessions[subject]
	delete(s.sessions, subject)
	return n, nil
}

// live counts the sessions that were not revoked.
func (s *fakeStore) live() (n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, count := range s.sessions {
		n += count
	}
	return n
}

type fakeConn struct {
	store *fakeStore
	node  string
}

func (c *fakeConn) Do(ctx context.Context, o Operation, token sessnode.Token, body []byte) sessnode.Code {
	s := c.store
	s.mu.Lock()
	call := s.calls[o]
	s.calls[o]++
	if s.via == nil {
		s.via, s.sessions = map[string]int{}, map[string]uint64{}
	}
	s.via[c.node]++
	s.mu.Unlock()
	if s.takes != nil {
		select {
		case <-time.After(s.takes(o, call)):
		case <-ctx.Done():
			return sessnode.CodeUnavailable
		}
	}
	code := sessnode.OK
	if s.says != nil {
		code = s.says(o, call)
	}
	if o == Create && code == sessnode.OK {
		var in struct{ Token, Subject string }
		if json.Unmarshal(body, &in) != nil || in.Token != token.Reveal() {
			return sessnode.CodeInvalid
		}
		s.mu.Lock()
		s.sessions[in.Subject]++
		s.mu.Unlock()
	}
	return code
}

func (c *fakeConn) Close() error {
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	c.store.closed++
	return nil
}

// spy writes down what it is asked to do, without what is new each time.
type spy struct{ list *[]string }

func (s spy) Do(_ context.Context, o Operation, token sessnode.Token, _ []byte) sessnode.Code {
	what := o.String()
	if o != Create {
		what += " " + token.Reveal()
	}
	*s.list = append(*s.list, what)
	return sessnode.OK
}

func (s spy) Close() error { return nil }
