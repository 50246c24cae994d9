package check

import (
	"testing"

	"github.com/sessnode/sessnode"
)

func told(id string, kind sessnode.EventKind, session byte, subject, was string) sessnode.Event {
	return sessnode.Event{ID: id, Kind: kind, Session: sessnode.ID{session}, Subject: subject, Was: was}
}

func TestEventsThatAddUpAreAccepted(t *testing.T) {
	for name, tc := range map[string]struct {
		events []sessnode.Event
		stored []sessnode.Session
	}{
		"nothing happened": {},
		"a life": {events: []sessnode.Event{
			told("1-5", sessnode.EventCreated, 1, "", ""), told("1-6-1", sessnode.EventBound, 1, "ada", ""), told("1-6", sessnode.EventRotated, 1, "ada", ""),
			told("1-9", sessnode.EventRevoked, 1, "ada", "")}},
		"one lives": {
			events: []sessnode.Event{told("1-5-1", sessnode.EventCreated, 1, "ada", ""), told("1-5-2", sessnode.EventCreated, 2, "bob", ""), told("1-5", sessnode.EventExpired, 1, "ada", "")},
			stored: []sessnode.Session{{ID: sessnode.ID{2}, Subject: "bob"}}},
		"a gap hides a beginning and an end": {
			events: []sessnode.Event{told("1-5", sessnode.EventCreated, 1, "ada", ""), {ID: "1-7"}, told("1-8", sessnode.EventRotated, 2, "bob", "")},
			stored: []sessnode.Session{{ID: sessnode.ID{2}, Subject: "bob"}, {ID: sessnode.ID{3}, Subject: "eve"}}},
	} {
		if vs := Events(tc.events, tc.stored); len(vs) != 0 {
			t.Errorf("%s: %v", name, vs)
		}
	}
}

func TestEventsThatDoNotAddUpAreFound(t *testing.T) {
	created := told("1-5", sessnode.EventCreated, 1, "ada", "")
	for name, tc := range map[string]struct {
		events []sessnode.Event
		stored []sessnode.Session
	}{
		"an event twice":               {events: []sessnode.Event{created, created}, stored: []sessnode.Session{{ID: sessnode.ID{1}, Subject: "ada"}}},
		"the wrong order":              {events: []sessnode.Event{created, told("1-4", sessnode.EventRevoked, 1, "ada", "")}},
		"a beginning is missing":       {events: []sessnode.Event{told("1-6", sessnode.EventRevoked, 1, "ada", "")}},
		"an end is missing":            {events: []sessnode.Event{created}},
		"a login is missing":           {events: []sessnode.Event{told("1-5", sessnode.EventCreated, 1, "", ""), told("1-6", sessnode.EventRevoked, 1, "ada", "")}},
		"a session is missing":         {stored: []sessnode.Session{{ID: sessnode.ID{1}}}},
		"the subject differs":          {events: []sessnode.Event{created}, stored: []sessnode.Session{{ID: sessnode.ID{1}, Subject: "bob"}}},
		"something after the end":      {events: []sessnode.Event{created, told("1-6", sessnode.EventRevoked, 1, "ada", ""), told("1-7", sessnode.EventRotated, 1, "ada", "")}},
		"it came back":                 {events: []sessnode.Event{created, told("1-6", sessnode.EventExpired, 1, "ada", ""), told("1-7", sessnode.EventCreated, 1, "ada", "")}, stored: []sessnode.Session{{ID: sessnode.ID{1}, Subject: "ada"}}},
		"an id that is none":           {events: []sessnode.Event{told("x", sessnode.EventCreated, 1, "", "")}, stored: []sessnode.Session{{ID: sessnode.ID{1}}}},
		"a login from another subject": {events: []sessnode.Event{created, told("1-6", sessnode.EventBound, 1, "eve", "bob")}, stored: []sessnode.Session{{ID: sessnode.ID{1}, Subject: "eve"}}},
	} {
		if vs := Events(tc.events, tc.stored); len(vs) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}
