package faultnet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"testing"
)

// process is a node's side of the strings: it tells what it is told, and answers unless it is paused.
func process(t *testing.T, s *Switch) (told <-chan Command, answers chan<- State, end func()) {
	c := hello(t, s, Hello{Control: "a"})
	heard, said := make(chan Command, 16), make(chan State, 16)
	go func() { // ends with the connection
		in := json.NewDecoder(bufio.NewReader(c))
		for {
			var cmd Command
			if in.Decode(&cmd) != nil {
				return
			}
			heard <- cmd
			state := <-said
			state.ID = cmd.ID
			_ = json.NewEncoder(c).Encode(state)
		}
	}()
	t.Cleanup(func() { close(said) })
	return heard, said, func() { _ = c.Close() }
}

func TestFaultIsToldAgainToANodeThatRestarted(t *testing.T) {
	s := newSwitch(t)
	n := s.Node("a")
	if _, err := n.Disk(soon(t), DiskFault{Stall: true}); !errors.Is(err, ErrDetached) {
		t.Fatalf("error %v, want ErrDetached", err)
	}
	for range 2 {
		told, answers, end := process(t, s)
		answers <- State{}
		if err := n.Attached(soon(t)); err != nil {
			t.Fatal(err)
		}
		if first := <-told; first.Disk == nil || !first.Disk.Stall {
			t.Errorf("first command %+v, want the stall", first)
		}
		answers <- State{DiskWrites: 7}
		if st, err := n.State(soon(t)); err != nil || st.DiskWrites != 7 {
			t.Errorf("State = %+v, %v, want 7 writes", st, err)
		}
		end()
		if err := n.await(soon(t), func() bool { return n.conn == nil }); err != nil {
			t.Fatal(err)
		}
	}
}

// A drill that took the answer to an earlier question for that to a later one would believe in faults that never landed.
func TestLateAnswerIsNotTakenForThatToAnotherQuestion(t *testing.T) {
	s := newSwitch(t)
	n := s.Node("a")
	_, answers, _ := process(t, s)
	answers <- State{}
	if err := n.Attached(soon(t)); err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.State(impatient); err == nil {
		t.Fatal("a paused node answered")
	}
	answers <- State{DiskWrites: 1} // late
	answers <- State{DiskWrites: 2}
	if st, err := n.State(soon(t)); err != nil || st.DiskWrites != 2 {
		t.Errorf("State = %+v, %v, want 2 writes", st, err)
	}
}

// A drill ends while a node's answer is on its way and nobody waits for it: the end must not wait for somebody.
func TestAnswerAtTheEndHoldsNobodyUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ours, theirs := net.Pipe() // what is written to it has been read when Write returns
	defer theirs.Close()
	n, done := newNode("a"), make(chan struct{})
	go func() { // ends with attach
		defer close(done)
		n.attach(ctx, ours, bufio.NewReader(ours))
	}()
	var greeting Command
	if err := json.NewDecoder(theirs).Decode(&greeting); err != nil {
		t.Fatal(err)
	}
	cancel()
	n.turn.Lock() // the greeting waits no more
	n.turn.Unlock()
	if err := json.NewEncoder(theirs).Encode(State{ID: greeting.ID}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-soon(t).Done():
		t.Error("the connection is still served")
	}
}
