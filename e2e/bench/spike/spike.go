package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/raft"
)

const (
	mostBatch    = 512 // changes in one entry
	payloadBytes = 512
	applyLimit   = 5 * time.Second
)

// waiter is one request that waits for a batch.
type waiter struct {
	key   string
	value []byte
	done  chan error
}

// spike collects what arrives while a batch is under way into the next one: changes for the log, reads for one question whether this
// node still leads.
type spike struct {
	group   *raft.Raft
	machine *machine
	changes chan *waiter
	reads   chan *waiter
}

func newSpike(group *raft.Raft, m *machine) *spike {
	s := &spike{group: group, machine: m, changes: make(chan *waiter, 4096), reads: make(chan *waiter, 4096)}
	go collect(s.changes, s.apply) // as long as the program
	go collect(s.reads, s.verify)
	return s
}

// collect hands over all that is there, again and again.
func collect(from chan *waiter, do func([]*waiter) error) {
	var batch []*waiter
	for first := range from {
		batch = append(batch[:0], first)
		for more := true; more && len(batch) < mostBatch; {
			select {
			case w := <-from:
				batch = append(batch, w)
			default:
				more = false
			}
		}
		err := do(batch)
		for _, w := range batch {
			w.done <- err
		}
	}
}

// apply proposes one entry. Its memory is the map's afterwards, so it is new each time.
func (s *spike) apply(batch []*waiter) error {
	size := stampBytes
	for _, w := range batch {
		size += 6 + len(w.key) + len(w.value)
	}
	entry := binary.LittleEndian.AppendUint64(make([]byte, 0, size), uint64(time.Now().UnixNano()))
	for _, w := range batch {
		entry = appendChange(entry, w.key, w.value)
	}
	return s.group.Apply(entry, applyLimit).Error()
}

// verify asks the others once whether this node still leads.
func (s *spike) verify([]*waiter) error { return s.group.VerifyLeader().Error() }

// request is what is looked at of a request. Its texts are good until the answer.
type request struct {
	get   bool
	token string
	body  []byte
	wait  *waiter // of the connection
}

// answer makes one operation and returns the status, and the value of a read.
func (s *spike) answer(r *request) (status int, value []byte) {
	w := r.wait
	w.key, w.value = r.token, nil
	if r.get {
		s.reads <- w
		if <-w.done != nil {
			return http.StatusServiceUnavailable, nil
		}
		if value = s.machine.get(r.token); value == nil {
			return http.StatusNotFound, nil
		}
		return http.StatusOK, value
	}
	if w.value = r.body[max(0, len(r.body)-payloadBytes):]; w.key == "" { // a create has its token in the body
		_, rest, _ := bytes.Cut(r.body, []byte(`"token":"`))
		token, _, _ := bytes.Cut(rest, []byte(`"`))
		w.key = string(token)
	} else if len(w.value) > 0 { // a patch: the new session
		whole := make([]byte, payloadBytes)
		copy(whole[copy(whole, w.value):], s.machine.get(w.key))
		w.value = whole
	}
	s.changes <- w
	if <-w.done != nil {
		return http.StatusServiceUnavailable, nil
	}
	return http.StatusOK, nil
}

func newWaiter() *waiter { return &waiter{done: make(chan error, 1)} }

// ServeHTTP answers over net/http. /readyz says whether this node leads.
func (s *spike) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/readyz") {
		if s.group.State() != raft.Leader {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	status, value := s.answer(&request{get: r.Method == http.MethodGet, token: r.Header.Get("Session-Token"), body: body, wait: newWaiter()})
	h := w.Header()
	h["Session-Index"], h["Content-Type"] = []string{"1"}, []string{"application/json"}
	w.WriteHeader(status)
	_, _ = w.Write(value)
}
