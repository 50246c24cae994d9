package view

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/term"
)

var midday = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// people is how tables are shown to people in these tests: without colours.
var people = Form{Now: midday, Screen: term.Screen{TTY: true, Width: 100}}

var programs = Form{Now: midday, Plain: true}

func ada() sessnode.Session {
	return sessnode.Session{
		App: "web", ID: sessnode.ID{1}, Subject: "ada", Version: 7,
		Device:  sessnode.Device{IP: "192.0.2.7", UserAgent: "evil\x1b[2J", Label: "laptop"},
		Created: midday.Add(-time.Hour), Authenticated: midday.Add(-time.Hour), Touched: midday.Add(-3 * time.Minute),
		IdleDeadline: midday.Add(27 * time.Minute), End: midday.Add(11 * time.Hour),
		Timeouts: sessnode.Timeouts{Idle: 30 * time.Minute},
		Attrs: map[string]sessnode.Value{
			"cart": {Codec: sessnode.JSON, Data: []byte(`[1, 2.0,"x"]`)},
			"blob": {Codec: sessnode.Bytes, Data: []byte{0, 1, 2}},
		},
	}
}

// same compares lines of text.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	if strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("%s =\n%s\nwant\n%s", what, got, strings.TrimSpace(want))
	}
}

func TestSessionsAreShownToPeopleAndPrograms(t *testing.T) {
	anonymous := sessnode.Session{ID: sessnode.ID{2}, Created: midday.Add(-10 * time.Second), Touched: midday, End: midday.Add(time.Hour)}
	list := []sessnode.Session{ada(), anonymous}
	same(t, "table", strings.Join(Sessions(list, people, false).Lines(people.Screen), "\n"), `
ID                      SUBJECT      CREATED  ACTIVE    ENDS    LABEL
AQAAAAAAAAAAAAAAAAAAAA  ada          1h ago   3m ago    in 27m  laptop
AgAAAAAAAAAAAAAAAAAAAA  (anonymous)  10s ago  just now  in 1h
──────────────────────  ───────────  ───────  ────────  ──────  ──────
2 sessions              1 subject`)
	var tsv bytes.Buffer
	if err := Sessions(list, programs, true).TSV(&tsv); err != nil {
		t.Fatal(err)
	}
	same(t, "TSV", tsv.String(), strings.ReplaceAll(`
id|subject|created|active|ends|label|version|ip|user_agent
AQAAAAAAAAAAAAAAAAAAAA|ada|2026-05-01T11:00:00Z|2026-05-01T11:57:00Z|2026-05-01T12:27:00Z|laptop|7|192.0.2.7|evil\x1b[2J
AgAAAAAAAAAAAAAAAAAAAA||2026-05-01T11:59:50Z|2026-05-01T12:00:00Z|2026-05-01T13:00:00Z||0||`, "|", "\t"))
}

func TestOneSessionIsShownWithItsAttributes(t *testing.T) {
	same(t, "table", strings.Join(OneSession(ada(), `"1-7"`, people).Lines(people.Screen), "\n"), `
FIELD          VALUE
id             AQAAAAAAAAAAAAAAAAAAAA
app            web
subject        ada
version        7
etag           "1-7"
created        1h ago (2026-05-01T11:00:00Z)
authenticated  1h ago (2026-05-01T11:00:00Z)
active         3m ago (2026-05-01T11:57:00Z)
idle deadline  in 27m (2026-05-01T12:27:00Z)
end            in 11h (2026-05-01T23:00:00Z)
own idle       30m
ip             192.0.2.7
user agent     evil\x1b[2J
label          laptop
attr blob      (bytes, 3 B)
attr cart      [1, 2.0,"x"]`)
}

func TestSessionInJSONHasTheNamesOfTheAPI(t *testing.T) {
	raw, err := json.MarshalIndent(SessionOf(ada(), `"1-7"`), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "JSON", string(raw), `
{
 "id": "AQAAAAAAAAAAAAAAAAAAAA",
 "app": "web",
 "subject": "ada",
 "version": 7,
 "etag": "\"1-7\"",
 "created": "2026-05-01T11:00:00Z",
 "authenticated": "2026-05-01T11:00:00Z",
 "touched": "2026-05-01T11:57:00Z",
 "idle_deadline": "2026-05-01T12:27:00Z",
 "end": "2026-05-01T23:00:00Z",
 "idle": "1800s",
 "device": {
  "ip": "192.0.2.7",
  "user_agent": "evil\u001b[2J",
  "label": "laptop"
 },
 "attrs": {
  "cart": [
   1,
   2.0,
   "x"
  ]
 },
 "raw": {
  "blob": {
   "codec": "bytes",
   "data": "AAEC"
  }
 }
}`)
}

func TestEndedIsTold(t *testing.T) {
	at := midday.Add(-3 * time.Minute)
	for want, e := range map[string]sessnode.Ended{
		"revoked 3m ago by key:web at node n2 (log 88213)":                                                   {Reason: sessnode.ReasonRevoked, Actor: "key:web", Node: "n2-d3ce128096a43de0", At: at, Index: 88213},
		"revoked 3m ago by the app, with the session's own token at node n1 (log 7)":                         {Reason: sessnode.ReasonRevoked, Actor: "token", Node: "n1", At: at, Index: 7},
		"expired 3m ago by its idle timeout or lifetime (log 9)":                                             {Reason: sessnode.ReasonExpired, Actor: "timeout", At: at, Index: 9},
		"evicted to make room for another session 3m ago by the app's limit for a subject at node n (log 1)": {Reason: sessnode.ReasonEvicted, Actor: "subject limit", Node: "n", At: at, Index: 1},
		"given a new token, and lives on 3m ago (log 2)":                                                     {Reason: sessnode.ReasonRotated, At: at, Index: 2},
		`ended 3m ago by evil\x1b[2J (log 3)`:                                                                {Reason: "new reason", Actor: "evil\x1b[2J", At: at, Index: 3},
	} {
		if got := EndedSentence(e, people); got != want {
			t.Errorf("EndedSentence(%+v) = %q, want %q", e, got, want)
		}
	}
}

func TestSpansAreReadAsWritten(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30m": 30 * time.Minute, "12h": 12 * time.Hour, "400d": 400 * sessnode.Day, "1h30m": 90 * time.Minute, "1m30s": 90 * time.Second, "0s": 0, "90m": 90 * time.Minute, "1.5s": 1500 * time.Millisecond,
	} {
		got, err := ParseSpan(text)
		if err != nil || got != want {
			t.Errorf("ParseSpan(%q) = %v, %v, want %v", text, got, err, want)
		}
		if again, err := ParseSpan(Span(got)); err != nil || again != got {
			t.Errorf("ParseSpan(Span(%v)) = %v, %v", got, again, err)
		}
	}
	for _, text := range []string{"", "30", "-1s", "-1d", "1w", "99999999d", "d"} {
		if got, err := ParseSpan(text); err == nil {
			t.Errorf("ParseSpan(%q) = %v, want an error", text, got)
		}
	}
}

// TestEveryRuleOfAPolicyIsShownAndSet: a rule that is new in the domain must not be missing here.
func TestEveryRuleOfAPolicyIsShownAndSet(t *testing.T) {
	policy := sessnode.Policy{}
	for i, f := range PolicyFields() {
		text := map[string]string{"duration": "7m", "count": "7", "size": "7KiB", "reject|evict-oldest": "evict-oldest"}[f.Kind]
		before := policy
		if err := f.Set(&policy, text); err != nil || policy == before {
			t.Errorf("rule %d, %s: Set(%q) = %v, and the policy is the same: %v", i, f.Name, text, err, policy == before)
		}
		again := sessnode.Policy{}
		if err := f.Set(&again, f.Show(policy)); err != nil || f.Show(again) != f.Show(policy) {
			t.Errorf("%s: what is shown (%q) cannot be set: %v", f.Name, f.Show(policy), err)
		}
		if err := f.Set(&policy, "nonsense"); err == nil {
			t.Errorf("%s takes nonsense", f.Name)
		}
	}
	raw, err := json.Marshal(AppOf(sessnode.AppInfo{Name: "web", Policy: policy}))
	if err != nil {
		t.Fatal(err)
	}
	var app struct{ Policy map[string]any }
	if err := json.Unmarshal(raw, &app); err != nil || len(app.Policy) != len(PolicyFields()) {
		t.Errorf("JSON of a policy = %s, %v, want %d fields", raw, err, len(PolicyFields()))
	}
	for i, fields := 0, reflect.ValueOf(policy); i < fields.NumField(); i++ {
		if fields.Field(i).IsZero() {
			t.Errorf("no rule is about Policy.%s", fields.Type().Field(i).Name)
		}
	}
}
