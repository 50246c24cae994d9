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
	var was bool
	var began, said time.Time
	for {
		var now time.Time
		select {
		case now = <-poll:
		case <-ctx.Done():
			return
		}
		if began.IsZero() {
			began, said = now, now
		}
		missing := unmet(ready())
		switch is := len(missing) == 0; {
		case is && !was:
			log.Info("ready", "name", name, "after", now.Sub(began).Round(time.Millisecond))
			was = true
		case !is && was:
			log.Warn("no longer ready", "name", name, "waiting_for", strings.Join(missing, "; "))
			was, began, said = false, now, now
		case !is && now.Sub(said) >= waitSay:
			log.Info("not ready yet", "name", name, "elapsed", now.Sub(began).Round(time.Second), "waiting_for", strings.Join(missing, "; "))
			said = now
		}
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
