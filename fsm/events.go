package fsm

import (
	"sort"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/slab"
)

// EventsKept is how many events a Machine keeps at least, and half of how many at most, for readers that come back. Twice as many
// take about 10 MB and their subjects, none of which the collector walks. At a thousand logins a second they reach back a minute, far
// longer than any failover.
const EventsKept = 1 << 16

// events are what happened lately, oldest first. They are a function of the log and so the same on every replica, but no part of
// the state: neither hashed nor in a snapshot, which says what is and not how it came about.
type events struct {
	list   []kept            // in the order of the log; at most twice EventsKept
	texts  []byte            // of the list, one event's after the other's
	before uint64            // texts that were dropped: what the places in the list count from
	since  sessnode.EventPos // all that happened after this is in the list
	reason string            // why what was before is not: ReasonSnapshot or ReasonOverrun
	fresh  int               // where the events of the entry under way begin in the list
}

// event is sessnode.Event as it is told.
type event struct {
	kind sessnode.EventKind
	app  uint32
	id   sessnode.ID
	at   int64 // cluster time, ns

	subject, was, reason, actor, node string
}

// kept is an event without its texts: no pointers.
type kept struct {
	index uint64
	count uint32 // its place among the events of its entry, from 1; 0 = the last
	app   uint32
	id    sessnode.ID
	at    int64
	texts uint64    // where they begin
	sizes [5]uint16 // subject, was, reason, actor, node
	kind  uint8
}

// happened notes an event of the entry under way. It copies the texts.
func (m *Machine) happened(e event) {
	l := &m.events
	k := kept{index: m.index, kind: uint8(e.kind), app: e.app, id: e.id, at: e.at, texts: l.before + uint64(len(l.texts))}
	for i, text := range [...]string{e.subject, e.was, e.reason, e.actor, e.node} {
		l.texts = append(l.texts, text...)
		k.sizes[i] = uint16(len(text)) // maxText is the most
	}
	l.list = append(l.list, k)
}

// text returns one of an event's texts. It shares the memory of the list.
func (e *events) text(k *kept, number int) string {
	at := k.texts - e.before
	for _, size := range k.sizes[:number] {
		at += uint64(size)
	}
	return slab.Text(e.texts[at : at+uint64(k.sizes[number])])
}

// closeEntry numbers the events of the entry that was applied, and drops what is more than is kept. Dropping half at a time costs
// less than a ring and keeps the list one slice.
func (e *events) closeEntry(generation uint64) {
	fresh := e.list[e.fresh:]
	for i := range fresh {
		fresh[i].count = uint32(i + 1)
	}
	if len(fresh) > 0 {
		fresh[len(fresh)-1].count = 0
	}
	if len(e.list) > 2*EventsKept {
		keep := e.list[len(e.list)-EventsKept:]
		e.since, e.reason = e.list[len(e.list)-EventsKept-1].pos(generation), sessnode.ReasonOverrun
		e.list = append(make([]kept, 0, 2*EventsKept+MaxBatchOps), keep...)
		texts := e.texts[e.list[0].texts-e.before:]
		e.texts, e.before = append(make([]byte, 0, 2*len(texts)), texts...), e.list[0].texts
	}
	e.fresh = len(e.list)
}

// lose forgets everything: the state was replaced, or begins.
func (e *events) lose(at sessnode.Position, reason string) {
	*e = events{since: sessnode.EventPos{Position: at}, reason: reason}
}

func (e *kept) pos(generation uint64) sessnode.EventPos {
	return sessnode.EventPos{Position: sessnode.Position{Generation: generation, Index: e.index}, Count: uint64(e.count)}
}

// Events returns the events after a place, at most a number of them and of a bounded part of what is kept; none where the place is
// at or ahead of what is applied. A place before what is kept, or in another life of the cluster, is a *sessnode.Error that wraps
// ErrGone and names the oldest place; a text that is no place is ErrInvalid.
func (m *Machine) Events(q sessnode.EventQuery, most int) (sessnode.EventPage, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	from, err := m.eventsFrom(q.After)
	if err != nil {
		return sessnode.EventPage{}, err
	}
	reached := from
	list := m.events.list
	first := sort.Search(len(list), func(i int) bool { return from.Less(list[i].pos(m.generation)) })
	var page sessnode.EventPage
	for i := first; i < len(list); i++ {
		if len(page.Events) == most || i-first == maxEventScan {
			page.Next = reached.String()
			return page, nil
		}
		reached = list[i].pos(m.generation)
		if m.wants(&q, &list[i]) {
			page.Events = append(page.Events, m.event(&list[i]))
		}
	}
	if now := (sessnode.EventPos{Position: m.position()}); reached.Less(now) {
		reached = now
	}
	page.Next = reached.String()
	return page, nil
}

// maxEventScan bounds how long one call holds the lock that applying waits for.
const maxEventScan = 8192

// eventsFrom reads where a reader wants to go on.
func (m *Machine) eventsFrom(after string) (sessnode.EventPos, error) {
	switch after {
	case "":
		return sessnode.EventPos{Position: m.position()}, nil
	case sessnode.OldestEvent:
		return m.events.since, nil
	}
	from, err := sessnode.ParseEventPos(after)
	if err != nil {
		return from, err
	}
	reason := m.events.reason
	switch {
	case from.Generation != m.generation:
		reason = sessnode.ReasonGeneration
	case !from.Less(m.events.since):
		return from, nil
	}
	gone := sessnode.Errorf(sessnode.CodeGone, reason, "events between there and the oldest that this node keeps are lost: read the sessions anew, then follow from oldest")
	gone.Oldest = m.events.since.String()
	return from, gone
}

// wants is EventQuery.Wants, without making the event first: most readers want few of many.
func (m *Machine) wants(q *sessnode.EventQuery, e *kept) bool {
	return q.Wants(&sessnode.Event{Kind: sessnode.EventKind(e.kind), App: m.apps[e.app].name, Subject: m.events.text(e, 0), Was: m.events.text(e, 1)})
}

func (m *Machine) event(e *kept) sessnode.Event {
	text := func(number int) string { return strings.Clone(m.events.text(e, number)) }
	return sessnode.Event{ID: e.pos(m.generation).String(), Kind: sessnode.EventKind(e.kind), App: m.apps[e.app].name, Session: e.id,
		Subject: text(0), Was: text(1), Reason: text(2), Actor: text(3), Node: text(4), At: moment(e.at)}
}
