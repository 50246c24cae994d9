package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// Event is something that happens under the steady load.
type Event struct {
	Name   string  `json:"name"`
	What   string  `json:"what"` // what was seen to have happened
	Took   float64 `json:"took_seconds"`
	Before Window  `json:"before"`
	During Window  `json:"during"`
	After  Window  `json:"after"`
	From   float64 `json:"from"` // the event's band in the picture, in seconds
	To     float64 `json:"to"`
	Span   float64 `json:"span"`
	Strip  []Bin   `json:"strip"`
	Late   float64 `json:"late_seconds"` // after it until no request waited any more
	Wrong  int     `json:"wrong"`        // answers that contradict what was acknowledged
}

// scene is what events happen to.
type scene struct {
	options
	site   *site
	people *people
	load   *steady
	rate   float64
	policy string // the app's present idle timeout
	log    func(format string, args ...any)
}

// happening makes one event. It says what it saw, and when it began and ended on the load's clock, where that is not simply its call.
type happening func(ctx context.Context, s *scene) (band, error)

type band struct {
	what     string
	from, to time.Time // zero: from the call to its return
}

// during runs the steady load before, while and after something happens.
func (s *scene) during(ctx context.Context, name string, happen happening) (e Event, err error) {
	s.log("%s", name)
	e.Name = name
	if err := s.begin(ctx, s.settle); err != nil {
		return e, err
	}
	ended := false
	defer func() {
		if !ended {
			s.load.end()
		}
	}()
	var look [4]metrics
	if look[0], err = measureNode(ctx, s.site.leader); err != nil {
		return e, err
	}
	first := s.load.now()
	if err := pause(ctx, s.span); err != nil {
		return e, err
	}
	if look[1], err = measureNode(ctx, s.site.leader); err != nil {
		return e, err
	}
	from := s.load.now()
	b, err := happen(ctx, s)
	if err != nil {
		return e, fmt.Errorf("%s: %w", name, err)
	}
	to := s.load.now()
	if !b.from.IsZero() {
		from, to = b.from.Sub(s.load.start), b.to.Sub(s.load.start)
	}
	if look[2], err = measureNode(ctx, s.site.leader); err != nil {
		return e, err
	}
	if err := s.caughtUp(ctx); err != nil {
		return e, err
	}
	calm := s.load.now()
	if err := pause(ctx, s.span); err != nil {
		return e, err
	}
	last := s.load.now()
	if look[3], err = measureNode(ctx, s.site.leader); err != nil {
		return e, err
	}
	all, wrong := s.load.end()
	ended = true
	e.What, e.Took, e.Late, e.Wrong = b.what, (to - from).Seconds(), (calm - to).Seconds(), wrong
	least := max(to-from, s.least) // a moment is too short for a quantile
	e.Before, e.During, e.After = window(all, first, from), window(all, from, from+least), window(all, max(from+least, calm), last)
	e.Before.GC, e.During.GC, e.After.GC = gcBetween(look[0], look[1], from-first), gcBetween(look[1], look[2], to-from), gcBetween(look[2], look[3], last-to)
	e.From, e.To, e.Span = (from - first).Seconds(), (to - first).Seconds(), (last - first).Seconds()
	e.Strip = bins(all, first, last)
	s.log("%s: %s in %.2f s; p99 of writes %.2f, %.2f, %.2f ms; longest gap %.0f ms; failed %v; wrong %d", name, b.what, e.Took,
		e.Before.Writes.P99, e.During.Writes.P99, e.After.Writes.P99, e.During.GapMs, e.During.Failed, wrong)
	return e, nil
}

// caughtUp waits until the load is no longer late: what had to wait during an event is no measure of the time after it.
func (s *scene) caughtUp(ctx context.Context) error {
	return await(ctx, 3*time.Minute, "the requests that had to wait", func(context.Context) error {
		if late := s.load.behind(); late > 50*time.Millisecond {
			return fmt.Errorf("the load is %v late", late)
		}
		return nil
	})
}

// snapshotted takes one and tells the writing of the state from the cutting of the log.
func snapshotted(cut *moments) happening {
	return func(ctx context.Context, s *scene) (band, error) {
		wait, err := takeSnapshot(s.site.leader)
		if err != nil {
			return band{}, err
		}
		m, err := wait(ctx)
		if err != nil {
			return band{}, err
		}
		*cut = m
		end := m.end
		if !m.compact.IsZero() {
			end = m.compact
		}
		return band{fmt.Sprintf("the state written; the log cut in %.2f s", m.end.Sub(end).Seconds()), m.start, m.end}, nil
	}
}

// restarted stops a node and starts it again: a follower, or the only node.
func restarted(ctx context.Context, s *scene) (band, error) {
	n := s.site.leader
	for _, other := range s.site.Others(n) {
		n = other
	}
	if err := n.Stop(); err != nil {
		return band{}, err
	}
	began := time.Now()
	if err := n.Start(); err != nil {
		return band{}, err
	}
	if err := awaitReady(ctx, n); err != nil {
		return band{}, err
	}
	who := "a follower"
	if n == s.site.leader {
		who = "the only node"
	}
	return band{what: fmt.Sprintf("%s was stopped, started and ready %.1f s later", who, time.Since(began).Seconds())}, nil
}

// joined starts a node that has nothing yet.
func joined(ctx context.Context, s *scene) (band, error) {
	if err := s.site.spare.Start(); err != nil {
		return band{}, err
	}
	if err := awaitReady(ctx, s.site.spare); err != nil {
		return band{}, err
	}
	status, err := s.site.spare.Status(ctx)
	if err != nil {
		return band{}, err
	}
	if status.Sessions < uint64(s.people.filled) {
		return band{}, fmt.Errorf("the node that joined has %d sessions, of %d", status.Sessions, s.people.filled)
	}
	return band{what: fmt.Sprintf("a fresh node joined and has %d sessions", status.Sessions)}, nil
}

// prepareStorm makes sessions that are all due within a time, some time from now, and returns the first moment.
func prepareStorm(ctx context.Context, s *scene, many int, perSecond float64) (due time.Time, err error) {
	lead := time.Duration(float64(many)/perSecond*1.3*float64(time.Second)) + s.settle + s.span + s.lead
	due = time.Now().Add(lead)
	from := s.people.take(many)
	lifetime := func() string {
		at := due.Add(time.Duration(rand.Int64N(int64(s.storm))))
		return `"lifetime":"` + strconv.Itoa(int(max(time.Until(at), time.Second)/time.Second)) + `s",`
	}
	_, err = fill(ctx, s.people, s.site.leader.HTTPAddr, from, from+uint64(many), subjectOf, lifetime)
	return due, err
}

// stormed waits until all those sessions are gone.
func stormed(due time.Time, many int) happening {
	return func(ctx context.Context, s *scene) (band, error) {
		before, err := measureNode(ctx, s.site.leader)
		if err != nil {
			return band{}, err
		}
		base := before["sessnode_sessions_expired_total"]
		var last metrics
		err = await(ctx, time.Until(due)+s.storm+2*time.Minute, "the storm's end", func(ctx context.Context) error {
			if last, err = measureNode(ctx, s.site.leader); err != nil {
				return err
			}
			if gone := last["sessnode_sessions_expired_total"] - base; gone < float64(many) {
				return fmt.Errorf("%.0f of %d have expired", gone, many)
			}
			return nil
		})
		from := due
		if now := time.Now(); from.After(now) {
			from = now
		}
		return band{fmt.Sprintf("%d sessions expired", many), from, time.Now()}, err
	}
}

// revokedAll ends all sessions of one subject.
func revokedAll(subject string, many int) happening {
	return func(ctx context.Context, s *scene) (band, error) {
		answer, err := s.site.call(ctx, "DELETE", "/v1/apps/"+app+"/subjects/"+subject+"/sessions", "")
		if err != nil {
			return band{}, err
		}
		var a struct{ Ended int }
		if err := json.Unmarshal(answer, &a); err != nil || a.Ended != many {
			return band{}, fmt.Errorf("%d sessions were revoked, of %d", a.Ended, many)
		}
		return band{what: fmt.Sprintf("%d sessions of a subject revoked", many)}, nil
	}
}

// changedPolicy shortens the idle timeout of all sessions, and waits until the leader has nothing left to do about it.
func changedPolicy(ctx context.Context, s *scene) (band, error) {
	began := time.Now()
	if err := s.site.policy(ctx, "100h"); err != nil {
		return band{}, err
	}
	quiet, ticks := time.Now(), -1.0
	err := await(ctx, 5*time.Minute, "the end of the sweep", func(ctx context.Context) error {
		m, err := measureNode(ctx, s.site.leader)
		if err != nil {
			return err
		}
		if now := m["sessnode_ticks_total"]; now != ticks {
			ticks, quiet = now, time.Now()
		}
		if time.Since(quiet) < time.Second {
			return fmt.Errorf("it goes on")
		}
		return nil
	})
	return band{"every session of the app got an earlier deadline", began, quiet}, err
}

// take gives numbers for more sessions that the load does not touch.
func (p *people) take(many int) (from uint64) {
	return mostFilled + p.created.Add(uint64(many)) - uint64(many) + 1
}
