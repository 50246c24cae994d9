package demo

import (
	"fmt"
	"strings"
	"time"
)

// watcher turns what is seen of the nodes into events: what changed since the last look. It is not safe for concurrent use.
type watcher struct {
	leader string
	term   uint64
	lives  map[string]Life
	behind map[string]bool // restarted or resumed, and not seen to be up to date since
}

// newWatcher starts from what is seen first.
func newWatcher(all []NodeStatus) *watcher {
	w := &watcher{lives: map[string]Life{}, behind: map[string]bool{}}
	for _, s := range all {
		w.lives[s.node.Name] = s.Life
	}
	if leader, term := leaderOf(all); leader != nil {
		w.leader, w.term = leader.Name, term
	}
	return w
}

// see returns the events since the last look. What the demo did itself is told by whoever did it.
func (w *watcher) see(all []NodeStatus, now time.Time) []string {
	var events []string
	for _, s := range all {
		name := s.node.Name
		if before := w.lives[name]; before != s.Life {
			w.lives[name] = s.Life
			switch s.Life {
			case Ended:
				how, _ := s.node.exit()
				events = append(events, fmt.Sprintf("%s has ended by itself (%s): %s", name, how, strings.Join(s.node.lastLog(1), "")))
			case Running:
				w.behind[name] = true
			}
		}
		if w.behind[name] && s.Err == nil && s.Leader != "" && s.Lag <= slack {
			delete(w.behind, name)
			events = append(events, fmt.Sprintf("%s has caught up, after %s", name, seconds(now.Sub(s.Since))))
		}
	}
	if leader, term := leaderOf(all); leader != nil && (leader.Name != w.leader || term != w.term) {
		w.leader, w.term = leader.Name, term
		events = append(events, fmt.Sprintf("%s leads term %d", leader.Name, term))
	}
	return events
}

// slack is by how many entries a node may be behind while others write, because the nodes are not asked at the same moment.
const slack = 5

// leaderOf returns the node that leads the highest term that anyone knows, nil if none does.
func leaderOf(all []NodeStatus) (leader *Node, term uint64) {
	for _, s := range all {
		switch {
		case s.Err != nil || s.Term < term:
		case leads(s.Status):
			leader, term = s.node, s.Term
		case s.Term > term:
			leader, term = nil, s.Term
		}
	}
	return leader, term
}
