package fsm

import (
	"errors"
	"testing"

	"github.com/sessnode/sessnode"
)

// TestEventsAreKeptWithinBounds plays far more events than are kept: the newest stay, and who comes too late is told so.
func TestEventsAreKeptWithinBounds(t *testing.T) {
	m := New()
	m.generation = 5
	m.appNamed("web")
	const entries, each = 5 * EventsKept / 1000, 1000
	m.events.lose(m.position(), sessnode.ReasonGeneration)
	for range entries {
		m.index++
		for range each {
			m.happened(event{kind: sessnode.EventCreated, subject: "ada"})
		}
		m.events.closeEntry(m.generation)
		if n := len(m.events.list); n > 2*EventsKept || m.index > 2*EventsKept/each && n < EventsKept {
			t.Fatalf("%d events are kept, want %d to %d", n, EventsKept, 2*EventsKept)
		}
	}
	oldest := m.events.since
	page, err := m.Events(sessnode.EventQuery{App: "web", After: oldest.String()}, 1)
	if err != nil || len(page.Events) != 1 {
		t.Errorf("the oldest event that is kept = %+v, %v", page, err)
	}
	if page.Events[0].ID == oldest.String() {
		t.Errorf("the place before the oldest event is its own id %s", oldest)
	}
	before := oldest
	before.Index--
	_, err = m.Events(sessnode.EventQuery{After: before.String()}, 1)
	var e *sessnode.Error
	if !errors.As(err, &e) || !errors.Is(err, sessnode.ErrGone) || e.Reason != sessnode.ReasonOverrun || e.Oldest != oldest.String() {
		t.Errorf("events before what is kept = %+v, want gone (overrun) with %s", err, oldest)
	}
}

// TestLookingForRareEventsIsBounded holds that a reader who wants nothing of what there is does not hold up the log.
func TestLookingForRareEventsIsBounded(t *testing.T) {
	m := New()
	m.generation = 5
	m.appNamed("web")
	m.index++
	for range 3 * maxEventScan {
		m.happened(event{kind: sessnode.EventCreated, subject: "ada"})
	}
	m.happened(event{kind: sessnode.EventCreated, subject: "eve"})
	m.events.closeEntry(m.generation)
	calls, after := 0, sessnode.EventPos{Position: sessnode.Position{Generation: 5}}.String()
	for ; calls < 10; calls++ {
		page, err := m.Events(sessnode.EventQuery{Subject: "eve", After: after}, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Events) > 0 {
			break
		}
		after = page.Next
	}
	if calls != 3 {
		t.Errorf("eve came after %d calls, want 3 that looked at %d events each", calls, maxEventScan)
	}
}
