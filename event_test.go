package sessnode

import (
	"errors"
	"testing"
)

func TestEventPositionsAreInTheOrderOfTheLog(t *testing.T) {
	ordered := []EventPos{
		{Position{3, 6}, 0}, {Position{3, 7}, 1}, {Position{3, 7}, 2}, {Position{3, 7}, 40}, {Position{3, 7}, 0}, {Position{3, 8}, 1},
	}
	for i, p := range ordered {
		for j, q := range ordered {
			if got := p.Less(q); got != (i < j) {
				t.Errorf("%v.Less(%v) = %v", p, q, got)
			}
		}
		if back, err := ParseEventPos(p.String()); err != nil || back != p {
			t.Errorf("ParseEventPos(%q) = %v, %v", p.String(), back, err)
		}
	}
}

func TestSessionIndexIsAPlaceInTheStream(t *testing.T) {
	at := Position{Generation: 77, Index: 123456}
	if p, err := ParseEventPos(at.String()); err != nil || p != (EventPos{Position: at}) {
		t.Errorf("ParseEventPos(%q) = %v, %v, want behind all events of that entry", at, p, err)
	}
}

func TestForeignEventIDsAreInvalid(t *testing.T) {
	for _, s := range []string{"", "-", "1", "1-", "1-2-", "1-2-0", "1-2-3-4", "1--2", "x y-1", "1-2-zzzzzzzzzzzzzzzzzzzz", "oldest", "1-2-3\n"} {
		if p, err := ParseEventPos(s); !errors.Is(err, ErrInvalid) {
			t.Errorf("ParseEventPos(%q) = %v, %v, want ErrInvalid", s, p, err)
		}
	}
}

func TestEventKindsHaveNames(t *testing.T) {
	for k := range EventKind(len(eventKinds)) {
		if back, known := ParseEventKind(k.String()); !known || back != k {
			t.Errorf("ParseEventKind(%q) = %v, %v", k.String(), back, known)
		}
	}
	if _, known := ParseEventKind("deleted"); known {
		t.Error("deleted is a kind")
	}
}

func TestEventQueryWantsWhatItNames(t *testing.T) {
	e := &Event{Kind: EventBound, App: "web", Subject: "ada", Was: "bob"}
	for _, tc := range []struct {
		q    EventQuery
		want bool
	}{
		{EventQuery{}, true}, {EventQuery{App: "web"}, true}, {EventQuery{App: "shop"}, false},
		{EventQuery{Subject: "ada"}, true}, {EventQuery{Subject: "bob"}, true}, {EventQuery{Subject: "eve"}, false},
		{EventQuery{Kinds: []EventKind{EventBound}}, true}, {EventQuery{Kinds: []EventKind{EventCreated, EventExpired}}, false},
		{EventQuery{Kinds: []EventKind{}}, false},
	} {
		if got := tc.q.Wants(e); got != tc.want {
			t.Errorf("%+v wants a login of ada, bob before = %v", tc.q, got)
		}
	}
}
