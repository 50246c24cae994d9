package cluster

import (
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// heldWire is a transport whose messages are answered when the test says so.
type heldWire struct {
	wire
	sent    chan *raft.AppendEntriesRequest
	answers chan error
}

func newHeldWire() *heldWire {
	return &heldWire{sent: make(chan *raft.AppendEntriesRequest, 16), answers: make(chan error)}
}

func (w *heldWire) AppendEntries(_ raft.ServerID, _ raft.ServerAddress, args *raft.AppendEntriesRequest, answer *raft.AppendEntriesResponse) error {
	w.sent <- args
	err, open := <-w.answers
	if !open {
		return raft.ErrTransportShutdown
	}
	answer.Term, answer.Success = args.Term, err == nil
	return err
}

func (w *heldWire) Close() error { close(w.answers); return nil }

// TestStrainedLeaderBearsALateAnswer: what is reported as contact, and for how long.
func TestStrainedLeaderBearsALateAnswer(t *testing.T) {
	w := newHeldWire()
	s := newStrain(200 * time.Millisecond)
	h := newHeartbeats(w, s, FastProfile())
	t.Cleanup(func() { _ = h.Close() })
	beat := func(term uint64) <-chan error {
		done := make(chan error, 1)
		go func() {
			var answer raft.AppendEntriesResponse
			done <- h.AppendEntries("b", "b:1", &raft.AppendEntriesRequest{Term: term}, &answer)
		}()
		return done
	}
	waits := func(what string, done <-chan error) {
		t.Helper()
		select {
		case err := <-done:
			t.Fatalf("%s: a heartbeat without an answer was reported (%v)", what, err)
		case <-time.After(5 * h.every): // nothing to wait for but that nothing comes
		}
	}

	first := beat(2)
	<-w.sent
	s.late(200*time.Millisecond, time.Now()) // 800 ms are allowed
	waits("never heard", first)
	w.answers <- nil
	if err := <-first; err != nil {
		t.Fatalf("heartbeat = %v", err)
	}
	if err := <-beat(2); err != nil {
		t.Errorf("a strained leader's heartbeat to who answered just now = %v, want contact", err)
	}
	<-w.sent
	if err := <-beat(2); err != nil || len(w.sent) > 0 {
		t.Errorf("the next one = %v with %d more messages, want it to join the one under way", err, len(w.sent))
	}
	h.mu.Lock()
	h.heard["b"] = contact{2, time.Now().Add(-time.Second)}
	h.mu.Unlock()
	gone := beat(2)
	waits("heard a second ago", gone)
	refused := errors.New("refused")
	w.answers <- refused
	if err := <-gone; !errors.Is(err, refused) {
		t.Errorf("heartbeat = %v, want what the transport said", err)
	}
}

func TestLeaderWithoutStrainWaitsForItsAnswer(t *testing.T) {
	w := newHeldWire()
	h := newHeartbeats(w, newStrain(time.Hour), FastProfile()) // nothing is late for it
	t.Cleanup(func() { _ = h.Close() })
	h.contact("b", 2)
	done := make(chan error, 1)
	go func() {
		var answer raft.AppendEntriesResponse
		done <- h.AppendEntries("b", "b:1", &raft.AppendEntriesRequest{Term: 2}, &answer)
	}()
	<-w.sent
	select {
	case err := <-done:
		t.Fatalf("a heartbeat without an answer was reported (%v)", err)
	case <-time.After(5 * h.every): // nothing to wait for but that nothing comes
	}
	w.answers <- nil
	if err := <-done; err != nil {
		t.Errorf("heartbeat = %v", err)
	}
}

// TestEntriesAreNeverReportedEarly: Raft counts the answer to entries towards what is committed.
func TestEntriesAreNeverReportedEarly(t *testing.T) {
	w := newHeldWire()
	s := newStrain(200 * time.Millisecond)
	h := newHeartbeats(w, s, FastProfile())
	t.Cleanup(func() { _ = h.Close() })
	for _, args := range []raft.AppendEntriesRequest{
		{Term: 2, PrevLogEntry: 7, PrevLogTerm: 1, Entries: []*raft.Log{{Index: 8}}}, {Term: 2, Entries: []*raft.Log{{Index: 1}}}, {Term: 2, LeaderCommitIndex: 3},
	} {
		s.late(200*time.Millisecond, time.Now())
		h.contact("b", 2)
		done := make(chan error, 1)
		var answer raft.AppendEntriesResponse
		go func() { done <- h.AppendEntries("b", "b:1", &args, &answer) }()
		<-w.sent
		select {
		case err := <-done:
			t.Fatalf("%+v without an answer was reported (%v)", args, err)
		case <-time.After(5 * h.every): // nothing to wait for but that nothing comes
		}
		w.answers <- nil
		if err := <-done; err != nil || !answer.Success {
			t.Errorf("%+v = %+v, %v", args, answer, err)
		}
	}
}

func TestClosingEndsHeartbeatsUnderWay(t *testing.T) {
	w := newHeldWire()
	h := newHeartbeats(w, newStrain(200*time.Millisecond), FastProfile())
	args := &raft.AppendEntriesRequest{Term: 2}
	f := h.send("b", "b:1", args)
	<-w.sent
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	<-f.done // Close has waited for it
	if err := h.AppendEntries("b", "b:1", args, new(raft.AppendEntriesResponse)); !errors.Is(err, raft.ErrTransportShutdown) {
		t.Errorf("heartbeat after Close = %v, want ErrTransportShutdown", err)
	}
}
