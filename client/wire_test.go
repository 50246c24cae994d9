package client_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

func text(s string) sessnode.Value { return sessnode.Value{Codec: sessnode.JSON, Data: []byte(s)} }

func TestBodiesAreThoseOfTheContract(t *testing.T) {
	hour, zero, past := time.Hour, time.Duration(0), time.Date(2020, 1, 1, 0, 0, 0, 5, time.UTC)
	ada, key := "ada", token.Key()
	edit := sessnode.Edit{
		Set:      map[string]sessnode.Value{"j": text(`{"a": 1.0}`), "m": {Codec: sessnode.Msgpack, Data: []byte{1}}, "padded": text(" 1")},
		Unset:    []string{"x", `"`},
		Incr:     map[string]int64{"n": -1 << 63},
		If:       map[string]sessnode.Guard{"a": {Absent: true}, "e": {Value: text("1.0")}, "r": {Value: sessnode.Value{Codec: sessnode.Bytes}}},
		Timeouts: sessnode.TimeoutChange{Idle: &hour, Lifetime: &zero, Expires: &past},
		Device:   &sessnode.Device{UserAgent: "a\xffb"},
	}
	const edited = `"set":{"j":{"a": 1.0}},"raw":{"m":{"codec":"msgpack","data":"AQ=="},"padded":{"codec":"json","data":"IDE="}},` +
		`"unset":["x","\""],"incr":{"n":-9223372036854775808},"if":{"a":{"absent":true},"e":{"equals":1.0},"r":{"raw":{"codec":"bytes","data":""}}},` +
		`"idle":"3600s","lifetime":"0s","expires":"2020-01-01T00:00:00.000000005Z","device":{"ip":"","user_agent":"a` + "\uFFFD" + `b","label":""}`
	c, f := connect(t, []script{alive("1")})
	ctx := t.Context()
	_, _, _ = c.Create(ctx, client.Create{Token: token, Subject: "ada", Attrs: map[string]sessnode.Value{"<": text(`"<"`)}, Timeouts: sessnode.Timeouts{Idle: 1500 * time.Millisecond, Expires: past}})
	_, _ = c.Patch(ctx, token, edit)
	_, _ = c.Replace(ctx, token, map[string]sessnode.Value{"a": text("1")}, sessnode.TimeoutChange{})
	_, _ = c.Pop(ctx, token, []string{"a", "b"})
	_, _ = c.Touch(ctx, token, sessnode.TimeoutChange{})
	_, _, _ = c.Rotate(ctx, token, client.Rotation{Token: token, Subject: &ada, Reauth: true, Edit: edit})
	_, _ = c.Import(ctx, client.Import{Key: token.Key(), TokenChars: 43, Subject: "ada", Device: sessnode.Device{IP: "::1"}, Attrs: map[string]sessnode.Value{"a": text("1.0")}, Timeouts: sessnode.Timeouts{Idle: hour}})
	_ = c.Transfer(ctx, "")
	_ = c.Transfer(ctx, "n2")
	want := []string{
		`{"attrs":{"\u003c":"<"},"idle":"1.5s","expires":"2020-01-01T00:00:00.000000005Z","subject":"ada","token":"` + token.Reveal() + `"}`,
		`{` + edited + `}`,
		`{"attrs":{"a":1}}`,
		`{"names":["a","b"]}`,
		``,
		`{` + edited + `,"subject":"ada","reauth":true,"token":"` + token.Reveal() + `"}`,
		`{"attrs":{"a":1.0},"idle":"3600s","subject":"ada","device":{"ip":"::1","user_agent":"","label":""},"key":"` + hex.EncodeToString(key[:]) + `","token_chars":43}`,
		`{}`,
		`{"to":"n2"}`,
	}
	for i, s := range f.seen() {
		if s.body != want[i] {
			t.Errorf("body of %s %s\n got %s\nwant %s", s.method, s.path, s.body, want[i])
		}
		if s.body != "" && !json.Valid([]byte(s.body)) {
			t.Errorf("body of %s %s is no JSON", s.method, s.path)
		}
	}
	if len(f.seen()) != len(want) {
		t.Errorf("requests = %d, want %d", len(f.seen()), len(want))
	}
}

func TestSubjectsAreOneSegment(t *testing.T) {
	c, f := connect(t, []script{alive("1")})
	for subject, want := range map[string]string{"a/b": "a%2Fb", "..": "%2E%2E", ".": "%2E", "%2F": "%252F", "Ä ö?#": "%C3%84%20%C3%B6%3F%23", "a..b": "a..b"} {
		_, _ = c.SubjectSessions(t.Context(), subject)
		got := f.seen()[len(f.seen())-1].path
		if got != "/v1/apps/web/subjects/"+want+"/sessions" {
			t.Errorf("path of subject %q = %s, want the segment %s", subject, got, want)
		}
	}
	if _, err := c.SubjectSessions(t.Context(), ""); !errors.Is(err, sessnode.ErrInvalid) {
		t.Errorf("SubjectSessions of nobody = %v, want ErrInvalid", err)
	}
}

func TestWhatCannotBeWrittenIsInvalidBeforeItIsSent(t *testing.T) {
	c, f := connect(t, []script{alive("1")})
	for name, edit := range map[string]sessnode.Edit{
		"value that is no JSON":     {Set: map[string]sessnode.Value{"a": text("{")}},
		"two values in one":         {Set: map[string]sessnode.Value{"a": text(`1,"b":2`)}},
		"name that is no UTF-8":     {Set: map[string]sessnode.Value{"\xff": text("1")}},
		"raw name that is no UTF-8": {Set: map[string]sessnode.Value{"\xff": {Codec: sessnode.Bytes}}},
		"unset that is no UTF-8":    {Unset: []string{"\xff"}},
		"incr that is no UTF-8":     {Incr: map[string]int64{"\xff": 1}},
	} {
		if _, err := c.Patch(t.Context(), token, edit); !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("Patch with a %s = %v, want ErrInvalid", name, err)
		}
	}
	if _, _, err := c.Create(t.Context(), client.Create{Subject: "\xff"}); !errors.Is(err, sessnode.ErrInvalid) {
		t.Errorf("Create for a subject that is no UTF-8 = %v, want ErrInvalid", err)
	}
	if len(f.seen()) != 0 {
		t.Errorf("requests went out: %v", f.seen())
	}
}

func TestSessionIsReadAsItWasWritten(t *testing.T) {
	const body = `{"id":"AQAAAAAAAAAAAAAAAAAAAA","app":"web","subject":"ada","version":7,
		"created":"2026-01-01T12:00:00.000000001Z","authenticated":"2026-01-01T12:00:01Z","touched":"2026-01-01T12:00:02Z",
		"idle_deadline":"2026-01-01T12:30:02Z","end":"2026-01-02T00:00:00Z","idle":"1800s","lifetime":"0.5s",
		"device":{"ip":"::1","user_agent":"ua","label":"l"},
		"attrs":{"a":{"x": 1.0, "y":12345678901234567890}},"raw":{"m":{"codec":"msgpack","data":"AQ=="},"f":{"codec":"future","data":""}}}`
	c, _ := connect(t, []script{says(200, "application/json", body, "Session-Index", "1-z", "Session-Generation", "1", "ETag", `"x"`)})
	s, err := c.Read(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	at := func(h, m, sec, ns int) time.Time { return time.Date(2026, 1, 1, h, m, sec, ns, time.UTC) }
	want := client.Session{ETag: `"x"`, At: sessnode.Position{Generation: 1, Index: 35}, Session: sessnode.Session{
		App: "web", ID: sessnode.ID{1}, Subject: "ada", Version: 7, Created: at(12, 0, 0, 1), Authenticated: at(12, 0, 1, 0),
		Touched: at(12, 0, 2, 0), IdleDeadline: at(12, 30, 2, 0), End: at(24, 0, 0, 0),
		Device:   sessnode.Device{IP: "::1", UserAgent: "ua", Label: "l"},
		Timeouts: sessnode.Timeouts{Idle: 30 * time.Minute, Lifetime: time.Second / 2},
		Attrs: map[string]sessnode.Value{"a": text(`{"x": 1.0, "y":12345678901234567890}`), "m": {Codec: sessnode.Msgpack, Data: []byte{1}},
			"f": {Codec: sessnode.Bytes, Data: []byte{}}},
	}}
	if !reflect.DeepEqual(*s, want) {
		t.Errorf("Read =\n%+v, want\n%+v", *s, want)
	}
}

func TestNotModifiedBringsDeadlines(t *testing.T) {
	var asked string
	c, _ := connect(t, []script{func(req *http.Request) (*http.Response, error) {
		asked = req.Header.Get("If-None-Match") + req.URL.RawQuery
		return respond(304, "", "", "Session-Index", "1-5", "Session-Generation", "1", "ETag", `"x"`,
			"Session-Idle-Deadline", "2026-01-01T12:30:00Z", "Session-End", "2026-01-02T00:00:00Z"), nil
	}})
	s, err := c.Read(t.Context(), token, client.IfNoneMatch(`"x"`), client.WithoutTouch())
	if err != nil || !s.NotModified || s.IdleDeadline.Hour() != 12 || s.End.Day() != 2 || asked != `"x"touch=false` {
		t.Errorf("Read = %+v, %v (asked %s)", s, err, asked)
	}
}

func TestJSONValuesRoundTrip(t *testing.T) {
	v, err := client.JSON(map[string]any{"<": []int{1}})
	if err != nil || string(v.Data) != `{"<":[1]}` {
		t.Fatalf("JSON = %s, %v", v.Data, err)
	}
	var back map[string][]int
	if err := client.Decode(v, &back); err != nil || back["<"][0] != 1 {
		t.Errorf("Decode = %v, %v", back, err)
	}
	var raw []byte
	if err := client.Decode(sessnode.Value{Codec: sessnode.Bytes, Data: []byte("x")}, &raw); err != nil || string(raw) != "x" {
		t.Errorf("Decode of bytes = %q, %v", raw, err)
	}
	var n int
	for _, bad := range []sessnode.Value{text(`"x"`), {Codec: sessnode.Bytes}, {Codec: sessnode.Msgpack}} {
		if err := client.Decode(bad, &n); !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("Decode(%v) into an int = %v, want ErrInvalid", bad, err)
		}
	}
	if _, err := client.JSON(make(chan int)); !errors.Is(err, sessnode.ErrInvalid) {
		t.Errorf("JSON of a channel = %v, want ErrInvalid", err)
	}
}
