package main

import (
	"net/http"
	"strings"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/e2e/bench/loop"
	"github.com/sessnode/sessnode/httpapi/http1"
)

// handler answers one connection's requests.
func (s *spike) handler() loop.Handler {
	r := &request{wait: newWaiter()}
	return func(out []byte, head *http1.Head, body []byte) []byte {
		if strings.HasPrefix(head.Path, "/readyz") {
			if s.group.State() != raft.Leader {
				return loop.Answer(out, http.StatusServiceUnavailable, nil)
			}
			return loop.Answer(out, http.StatusOK, nil)
		}
		r.get, r.token, r.body = head.Method == http.MethodGet, loop.Header(head, "Session-Token"), body
		status, value := s.answer(r)
		return loop.Answer(out, status, value)
	}
}
