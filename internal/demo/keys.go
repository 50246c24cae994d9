package demo

import (
	"context"
	"fmt"
	"time"
	"unicode"

	"github.com/sessnode/sessnode/internal/local"
)

const (
	// pauseLimit is after how long a paused leader goes on by itself: whoever paused it may have left.
	pauseLimit = 10 * time.Second

	// leaderLimit is how long a key waits for an election to be over.
	leaderLimit = 3 * time.Second
)

// fault is a leader that was taken away, until people are served again.
type fault struct {
	node  *local.Node
	term  uint64
	since time.Time // when there was a leader again; zero: none yet
}

// press passes on what a person presses and what the script says, until ctx ends.
func (s *show) press(ctx context.Context, pressed chan<- rune) {
	pass := func(key rune) {
		select {
		case pressed <- key:
		case <-ctx.Done():
		}
	}
	if len(s.Script) > 0 {
		select { // a fault before anybody is signed in would show nothing
		case <-s.people.SignedIn:
		case <-ctx.Done():
			return
		}
	}
	for _, step := range s.Script {
		if step.Key != 0 {
			pass(step.Key)
			continue
		}
		select {
		case <-time.After(step.Wait):
		case <-ctx.Done():
			return
		}
	}
	for {
		select {
		case key, open := <-s.Keys:
			if !open { // the terminal is gone
				return
			}
			pass(key)
		case <-ctx.Done():
			return
		}
	}
}

// obey does what the keys say, one after the other, until ctx ends.
func (s *show) obey(ctx context.Context, pressed <-chan rune) {
	for {
		var key rune
		select {
		case key = <-pressed:
		case <-ctx.Done():
			return
		}
		switch unicode.ToLower(key) {
		case KeyKill:
			s.kill(ctx)
		case KeyRestart:
			s.restart()
		case KeyPause:
			s.pause(ctx)
		case KeyStatus:
			s.status()
		case KeyQuit:
			s.quit()
		}
	}
}

func (s *show) kill(ctx context.Context) {
	leader, term, err := s.stage.cluster.Leader(ctx, leaderLimit)
	if err != nil {
		s.event("no node leads: press r to restart what is down")
		return
	}
	s.strike(&fault{node: leader, term: term})
	pid, err := leader.Kill()
	if err != nil {
		s.event(err.Error())
		return
	}
	s.event(fmt.Sprintf("%s killed (SIGKILL, pid %d), it led term %d", leader.Name, pid, term))
	s.tellMajority()
}

func (s *show) restart() {
	some := false
	for _, n := range s.stage.cluster.Nodes {
		if life, _ := n.Life(); life != local.Killed && life != local.Ended {
			continue
		}
		some = true
		if err := n.Start(); err != nil {
			s.event(err.Error())
			continue
		}
		s.event(n.Name + " restarted")
	}
	if !some {
		s.event("nothing is down: press k first")
	}
}

func (s *show) pause(ctx context.Context) {
	for _, n := range s.stage.cluster.Nodes {
		if life, _ := n.Life(); life == local.Paused {
			s.resume(n, "goes on")
			return
		}
	}
	leader, term, err := s.stage.cluster.Leader(ctx, leaderLimit)
	if err != nil {
		s.event("no node leads: press r to restart what is down")
		return
	}
	s.strike(&fault{node: leader, term: term})
	if err := leader.Pause(ctx); err != nil {
		s.event(err.Error())
		return
	}
	s.event(fmt.Sprintf("%s paused (SIGSTOP), it led term %d; it goes on in %d s, or with p", leader.Name, term, int(pauseLimit.Seconds())))
	s.tellMajority()
}

func (s *show) resume(n *local.Node, what string) {
	switch did, err := n.Resume(); {
	case err != nil:
		s.event(err.Error())
	case did:
		s.event(n.Name + " " + what)
	}
}

// resumeInTime lets a node go on that was paused for long enough.
func (s *show) resumeInTime(now time.Time) {
	for _, n := range s.stage.cluster.Nodes {
		if life, since := n.Life(); life == local.Paused && now.Sub(since) > pauseLimit {
			s.resume(n, "goes on by itself")
		}
	}
}

func (s *show) status() {
	s.say("")
	s.say("  " + s.Screen.Dim("status at "+stamp(time.Since(s.began))))
	s.sayNodes()
	counts := s.people.Counts()
	s.say(peopleLine(s.Screen, counts))
	s.say(promiseLine(s.Screen, counts))
	s.say("")
}

// strike begins a fault: from now on the longest wait is counted anew.
func (s *show) strike(f *fault) {
	s.people.SetMark()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// tellMajority explains what it means that two of three nodes do not run.
func (s *show) tellMajority() {
	down := 0
	for _, n := range s.stage.cluster.Nodes {
		if life, _ := n.Life(); life != local.Running {
			down++
		}
	}
	if down*2 > local.NodeCount {
		s.event(fmt.Sprintf("%d of %d nodes are down: people are answered 503, and stay signed in", down, local.NodeCount))
	}
}

// settle ends a fault once there is a new leader and nobody waits who clicked before it was there. A paused node goes on to take
// requests that it does not answer: that fault ends when the node goes on. It reports whether a fault is on.
func (s *show) settle(all []local.NodeStatus, now time.Time) bool {
	s.mu.Lock()
	f := s.fault
	s.mu.Unlock()
	if f == nil {
		return false
	}
	if leader, term := local.LeaderOf(all); leader == nil || term <= f.term {
		return true
	}
	if life, _ := f.node.Life(); f.since.IsZero() || life == local.Paused {
		f.since = now
		return true
	}
	longest, settled := s.people.SinceMark(f.since)
	if !settled {
		return true
	}
	s.mu.Lock()
	s.fault = nil
	s.mu.Unlock()
	s.event(fmt.Sprintf("longest gap %s seen by people · signed out by a fault %d", seconds(longest), s.people.Counts().SignedOut))
	return false
}
