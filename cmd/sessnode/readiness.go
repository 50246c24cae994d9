package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

const (
	readyPoll = 100 * time.Millisecond // how soon a change of readiness is noticed
	waitSay   = 5 * time.Second        // how often a node that is not ready says what it waits for
)

// narrateReadiness says when the node becomes ready and when it no longer is, and every few seconds what it waits for. It
// returns when ctx ends. Poll is when to look; nil means a ticker of readyPoll.
func narrateReadiness(ctx context.Context, log *slog.Logger, name string, ready func() []sessnode.Check, poll <-chan time.Time) {
	if poll == nil {
		ticker := time.NewTicker(readyPoll)
		defer ticker.Stop()
		poll = ticker.C
	}
	n := narrator{log: log, name: name}
	n.began = time.Now()
	n.said = n.began
	for {
		select {
		case now := <-poll:
			n.look(now, unmet(ready()))
		case <-ctx.Done():
			n.look(time.Now(), unmet(ready())) // ready for less than a poll is ready all the same
			return
		}
	}
}

// narrator remembers what was said last.
type narrator struct {
	log         *slog.Logger
	name        string
	isReady     bool
	began, said time.Time // of the present wait
}

func (n *narrator) look(now time.Time, missing []string) {
	switch is := len(missing) == 0; {
	case is && !n.isReady:
		n.log.Info("ready", "name", n.name, "after", now.Sub(n.began).Round(time.Millisecond))
		n.isReady = true
	case !is && n.isReady:
		n.log.Warn("no longer ready", "name", n.name, "waiting_for", strings.Join(missing, "; "))
		n.isReady, n.began, n.said = false, now, now
	case !is && now.Sub(n.said) >= waitSay:
		n.log.Info("not ready yet", "name", n.name, "elapsed", now.Sub(n.began).Round(time.Second), "waiting_for", strings.Join(missing, "; "))
		n.said = now
	}
}

func unmet(checks []sessnode.Check) []string {
	var list []string
	for _, c := range checks {
		if !c.OK {
			list = append(list, strings.TrimSpace(c.Name+" "+c.Detail))
		}
	}
	return list
}
