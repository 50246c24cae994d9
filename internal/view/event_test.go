package view

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/term"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.Local)

func TestEventsAreToldInALine(t *testing.T) {
	id := sessnode.ID{1, 2, 3}
	for _, tc := range []struct {
		e    sessnode.Event
		want string
	}{
		{sessnode.Event{Kind: sessnode.EventCreated, App: "web", Session: id, Actor: "token", Node: "n1", At: noon}, "12:00:00.000  + created  web       anonymous  at n1"},
		{sessnode.Event{Kind: sessnode.EventBound, App: "web", Subject: "ada", Actor: "token", At: noon}, "12:00:00.000  + bound    web       anonymous → ada"},
		{sessnode.Event{Kind: sessnode.EventBound, App: "web", Subject: "ada", Was: "ada", At: noon}, "12:00:00.000  + bound    web       ada"},
		{sessnode.Event{Kind: sessnode.EventRotated, App: "web", Subject: "ada", At: noon}, "12:00:00.000    rotated  web       ada"},
		{sessnode.Event{Kind: sessnode.EventRevoked, App: "web", Subject: "a\x1b[2Jda", Reason: "evicted", Actor: "subject limit", Node: "n2", At: noon}, "12:00:00.000  - revoked  web       a"},
		{sessnode.Event{Kind: sessnode.EventExpired, App: "web", Subject: "ada", Reason: "expired", Actor: "timeout", At: noon}, "12:00:00.000  - expired  web       ada  by timeout"},
		{sessnode.Event{Kind: sessnode.EventGap, Reason: "overrun"}, "! events are missing here (overrun)"},
	} {
		got := EventLine(tc.e, term.Screen{}, false)
		if !strings.HasPrefix(got, tc.want) || strings.Contains(got, "\x1b") {
			t.Errorf("%v = %q, want %q", tc.e.Kind, got, tc.want)
		}
	}
	if got := EventLine(sessnode.Event{Kind: sessnode.EventCreated, Session: id, ID: "1-2", At: noon}, term.Screen{}, true); !strings.HasSuffix(got, id.String()+"  1-2") {
		t.Errorf("wide = %q, want the session's public name and the event's id at its end", got)
	}
}

func TestEventRowsHaveAColumnForEachHeader(t *testing.T) {
	row := EventRow(sessnode.Event{ID: "1-2", Kind: sessnode.EventRevoked, Subject: "tab\there", At: noon})
	if got, want := strings.Count(row, "\t"), strings.Count(EventHeader(), "\t"); got != want {
		t.Errorf("a row has %d tabs, the header %d: %q", got, want, row)
	}
}

func TestEventsKeepTheirJSONForm(t *testing.T) {
	e := sessnode.Event{ID: "1-2-1", Kind: sessnode.EventBound, App: "web", Session: sessnode.ID{1}, Subject: "ada", Was: "bob", Actor: "token", Node: "n1", At: noon.UTC()}
	got, err := json.Marshal(EventOf(e))
	want := `{"id":"1-2-1","kind":"bound","app":"web","session":"AQAAAAAAAAAAAAAAAAAAAA","subject":"ada","was":"bob","actor":"token","node":"n1","at":"` + noon.UTC().Format(time.RFC3339) + `"}`
	if err != nil || string(got) != want {
		t.Errorf("JSON = %s, %v, want %s", got, err, want)
	}
	if got, _ := json.Marshal(EventOf(sessnode.Event{ID: "1-5", Reason: "snapshot"})); string(got) != `{"id":"1-5","kind":"gap","reason":"snapshot"}` {
		t.Errorf("JSON of a gap = %s", got)
	}
}
