package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/sessnode/sessnode/internal/local"
)

// watcher turns what is seen of the nodes into events: what changed since the last look. It is not safe for concurrent use.
type watcher struct {
	leader string
	term   uint64
	lives  map[string]local.Life
	behind map[string]bool // restarted or resumed, and not seen to be up to date since
}

// newWatcher starts from what is seen first.
func newWatcher(all []local.NodeStatus) *watcher {
	w := &watcher{lives: map[string]local.Life{}, behind: map[string]bool{}}
	for _, s := range all {
		w.lives[s.Of.Name] = s.Life
	}
	if leader, term := local.LeaderOf(all); leader != nil {
		w.leader, w.term = leader.Name, term
	}
	return w
}

// see returns the events since the last look. What the demo did itself is told by whoever did it.
func (w *watcher) see(all []local.NodeStatus, now time.Time) []string {
	var events []string
	for _, s := range all {
		name := s.Of.Name
		if before := w.lives[name]; before != s.Life {
			w.lives[name] = s.Life
			switch s.Life {
			case local.Ended:
				how, _ := s.Of.Exit()
				events = append(events, fmt.Sprintf("%s has ended by itself (%s): %s", name, how, strings.Join(s.Of.LastLog(1), "")))
			case local.Running:
				w.behind[name] = true
			}
		}
		if w.behind[name] && s.Err == nil && s.Leader != "" && s.Lag <= slack {
			delete(w.behind, name)
			events = append(events, fmt.Sprintf("%s has caught up, after %s", name, seconds(now.Sub(s.Since))))
		}
	}
	if leader, term := local.LeaderOf(all); leader != nil && (leader.Name != w.leader || term != w.term) {
		w.leader, w.term = leader.Name, term
		events = append(events, fmt.Sprintf("%s leads term %d", leader.Name, term))
	}
	return events
}

// slack is by how many entries a node may be behind while others write, because the nodes are not asked at the same moment.
const slack = 5
