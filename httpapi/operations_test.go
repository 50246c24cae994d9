package httpapi_test

import (
	"encoding/hex"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/sessnode/sessnode"
)

const fullEdit = `"set": {"a": {"x": 1.0, "y":12345678901234567890}, "b": null}, "raw": {"m": {"codec": "msgpack", "data": "kwECAw=="}},
	"unset": ["gone", "\""], "incr": {"n": -9223372036854775808},
	"if": {"a": {"absent": true}, "e": {"equals": 1.0}, "r": {"raw": {"codec": "bytes", "data": ""}}},
	"device": {"ip": "::1", "user_agent": "ua", "label": "l"}, "idle": "1h30m", "lifetime": 0, "expires": "2020-01-01T00:00:00.000000005Z"`

func wantEdit() sessnode.Edit {
	idle, lifetime, expires := 90*time.Minute, time.Duration(0), time.Date(2020, 1, 1, 0, 0, 0, 5, time.UTC)
	return sessnode.Edit{
		Set: map[string]sessnode.Value{
			"a": jsonValue(`{"x": 1.0, "y":12345678901234567890}`), "b": jsonValue("null"),
			"m": {Codec: sessnode.Msgpack, Data: []byte{0x93, 1, 2, 3}},
		},
		Unset: []string{"gone", `"`},
		Incr:  map[string]int64{"n": -1 << 63},
		If: map[string]sessnode.Guard{"a": {Absent: true}, "e": {Value: jsonValue("1.0")},
			"r": {Value: sessnode.Value{Codec: sessnode.Bytes, Data: []byte{}}}},
		Timeouts: sessnode.TimeoutChange{Idle: &idle, Lifetime: &lifetime, Expires: &expires},
		Device:   &sessnode.Device{IP: "::1", UserAgent: "ua", Label: "l"},
	}
}

// TestRequestsBecomeChanges holds what each request means to the store.
func TestRequestsBecomeChanges(t *testing.T) {
	const fresh = "new-0123456789abcdefghijklmnopqrstuv"
	newKey, empty := sessnode.Token(fresh).Key(), ""
	key := token.Key()
	for _, test := range []struct {
		name, method, path, body, header string
		status                           int
		actor                            string
		want                             sessnode.Change
	}{
		{"create", "POST", "/sessions", `{"attrs":{"a":1.0},"subject":"ada","device":{"label":"l"},"token":"` + fresh + `","idle":"14d","lifetime":0.5,"expires":"2030-01-01T01:00:00+01:00"}`, "", 201, "token",
			sessnode.Create{Key: newKey, TokenChars: len(fresh), Subject: "ada", Device: sessnode.Device{Label: "l"}, Attrs: map[string]sessnode.Value{"a": jsonValue("1.0")},
				Timeouts: sessnode.Timeouts{Idle: 14 * sessnode.Day, Lifetime: time.Second / 2, Expires: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}}},
		{"import", "POST", "/import", `{"attrs":{"a":1.0},"subject":"ada","key":"` + hex.EncodeToString(newKey[:]) + `","token_chars":8,"expires":"2030-01-01T01:00:00+01:00"}`, "", 201, "operator",
			sessnode.Create{Key: newKey, TokenChars: 8, Subject: "ada", Attrs: map[string]sessnode.Value{"a": jsonValue("1.0")},
				Timeouts: sessnode.Timeouts{Expires: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}}},
		{"patch", "PATCH", "/session", "{" + fullEdit + "}", `If-Match: "2-7"`, 200, "token", sessnode.Patch{Key: key, IfMatch: 7, Edit: wantEdit()}},
		{"patch of anything", "PATCH", "/session", "", "If-Match: *", 200, "token", sessnode.Patch{Key: key}},
		{"replace", "PUT", "/session", `{"attrs":{"a":[]},"idle":0}`, `If-Match: "2-z"`, 200, "token",
			sessnode.Replace{Key: key, IfMatch: 35, Attrs: map[string]sessnode.Value{"a": jsonValue("[]")}, Timeouts: sessnode.TimeoutChange{Idle: new(time.Duration)}}},
		{"replace by nothing", "PUT", "/session", "", "If-Match: *", 200, "token", sessnode.Replace{Key: key}},
		{"pop", "POST", "/session/pop", `{"names":["a","ä/\u0022"]}`, "", 200, "token", sessnode.Pop{Key: key, Names: []string{"a", `ä/"`}}},
		{"touch", "POST", "/session/touch", "", "", 200, "token", sessnode.TouchOne{Key: key}},
		{"touch with a body", "POST", "/session/touch", `{"idle": 0}`, "", 200, "token", sessnode.TouchOne{Key: key, Timeouts: sessnode.TimeoutChange{Idle: new(time.Duration)}}},
		{"rotate", "POST", "/session/rotate", `{"token":"` + fresh + `","subject":"","reauth":true,` + fullEdit + `}`, `If-Match: "2-7"`, 200, "token",
			sessnode.Rotate{Key: key, IfMatch: 7, NewKey: newKey, TokenChars: len(fresh), Subject: &empty, Reauth: true, Edit: wantEdit()}},
		{"revoke", "DELETE", "/session", "", `If-Match: "2-7"`, 204, "token", sessnode.Revoke{Key: key, IfMatch: 7}},
		{"revoke by id", "DELETE", "/sessions/" + anID.String(), "", "", 204, "operator", sessnode.RevokeID{ID: anID}},
		{"revoke a subject", "DELETE", "/subjects/a%2Fb/sessions", "", "", 200, "operator", sessnode.RevokeSubject{Subject: "a/b"}},
		{"revoke all others", "DELETE", "/subjects/ada/sessions?except=" + anID.String(), "", "", 200, "operator", sessnode.RevokeSubject{Subject: "ada", Except: anID}},
		{"revoke an app", "DELETE", "/sessions", "", "", 200, "operator", sessnode.RevokeApp{}},
		{"drop an app", "DELETE", "", "", "", 200, "operator", sessnode.DropApp{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			headers := []string{"Idempotency-Key: op-1"}
			if test.header != "" {
				headers = append(headers, test.header)
			}
			a := b.withToken(test.method, test.path, test.body, headers...)
			if a.Code != test.status {
				t.Fatalf("status = %d, want %d: %s", a.Code, test.status, a.Body)
			}
			want := []sessnode.Mutation{{App: "web", OpID: sessnode.OpIDOf("op-1"), Actor: test.actor, Change: test.want}}
			if got := b.store.changes(); !reflect.DeepEqual(got, want) {
				t.Errorf("the store was asked for\n%+v, want\n%+v", got, want)
			}
		})
	}
}

// TestMsgpackSaysTheSame sends the edit in msgpack: plain values keep their bytes and get that codec.
func TestMsgpackSaysTheSame(t *testing.T) {
	b := newBench(t)
	body, err := msgpack.Marshal(map[string]any{
		"set": map[string]any{"a": []int{1, 2}}, "raw": map[string]any{"j": map[string]any{"codec": "json", "data": []byte("1.0")}},
		"unset": []string{"u"}, "incr": map[string]any{"n": int64(-5)}, "if": map[string]any{"e": map[string]any{"equals": "x"}},
		"idle": 90.5, "lifetime": "0s",
	})
	if err != nil {
		t.Fatal(err)
	}
	b.store.values = map[string]sessnode.Value{"n": jsonValue("-5")}
	a := b.withToken("PATCH", "/session", string(body), "Content-Type: application/msgpack")
	idle := 90*time.Second + time.Second/2
	want := sessnode.Edit{
		Set:   map[string]sessnode.Value{"a": {Codec: sessnode.Msgpack, Data: []byte{0x92, 1, 2}}, "j": jsonValue("1.0")},
		Unset: []string{"u"}, Incr: map[string]int64{"n": -5},
		If:       map[string]sessnode.Guard{"e": {Value: sessnode.Value{Codec: sessnode.Msgpack, Data: []byte{0xa1, 'x'}}}},
		Timeouts: sessnode.TimeoutChange{Idle: &idle, Lifetime: new(time.Duration)},
	}
	if got := b.store.changes(); len(got) != 1 || !reflect.DeepEqual(got[0].Change, sessnode.Patch{Key: token.Key(), Edit: want}) {
		t.Fatalf("the store was asked for %+v, want %+v (%s)", got, want, a.Body)
	}
	var out struct {
		ID  string `msgpack:"id"`
		Raw map[string]struct {
			Codec string `msgpack:"codec"`
			Data  []byte `msgpack:"data"`
		} `msgpack:"raw"`
		Values map[string]any `msgpack:"values"`
	}
	if err := msgpack.Unmarshal(a.Body.Bytes(), &out); err != nil || a.Header().Get("Content-Type") != "application/msgpack" {
		t.Fatalf("answer of type %s: %v", a.Header().Get("Content-Type"), err)
	}
	if out.ID != anID.String() || string(out.Raw["n"].Data) != "-5" || out.Raw["n"].Codec != "json" || len(out.Values) != 0 {
		t.Errorf("answer = %+v, want the number of incr as raw JSON", out)
	}
}

// TestReadAnswersExactly holds a session's body to the byte: the values are those that were stored.
func TestReadAnswersExactly(t *testing.T) {
	b := newBench(t)
	a := b.withToken("GET", "/session", "")
	const want = `{"id":"AQIDAAAAAAAAAAAAAAAAAA","app":"web","subject":"ada","version":7,` +
		`"created":"2026-01-31T12:00:00.000000005Z","authenticated":"2026-01-31T12:00:01.000000005Z","touched":"2026-01-31T12:00:00.000000005Z",` +
		`"idle_deadline":"2026-01-31T13:00:00.000000005Z","end":"2026-02-01T00:00:00.000000005Z","idle":"1.5s",` +
		`"device":{"ip":"::1","user_agent":"","label":""},` +
		`"attrs":{"big":123456789012345678901234567890,"n":1.0,"text":"\u00e4 "},` +
		`"raw":{"b":{"codec":"bytes","data":"/w=="},"m":{"codec":"msgpack","data":"kwECAw=="}}}`
	if a.Code != 200 || a.Body.String() != want {
		t.Errorf("read = %d\n%s, want\n%s", a.Code, a.Body, want)
	}
	for name, want := range map[string]string{"Etag": `"2-7"`, "Session-Index": at.String(), "Session-Generation": "2", "Cache-Control": "no-store", "Content-Type": "application/json"} {
		if got := a.Header().Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestJSONWithSpaceAroundItKeepsIt(t *testing.T) {
	b := newBench(t)
	b.store.session.Attrs = map[string]sessnode.Value{"s": jsonValue(" 1\n")}
	if a := b.withToken("GET", "/session", ""); !strings.Contains(a.Body.String(), `"attrs":{},"raw":{"s":{"codec":"json","data":"IDEK"}}`) {
		t.Errorf("read = %s, want the value with its white space under raw", a.Body)
	}
}

func TestTokenIsAnsweredOnlyWhereTheServerMadeIt(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct{ path, body string }{{"/sessions", `{}`}, {"/session/rotate", ``}} {
		a := b.withToken("POST", test.path, test.body)
		got := b.store.changes()[len(b.store.changes())-1].Change
		var key sessnode.Key
		switch c := got.(type) {
		case sessnode.Create:
			key = c.Key
		case sessnode.Rotate:
			key = c.NewKey
		}
		_, rest, found := strings.Cut(a.Body.String(), `"token":"`)
		text, _, _ := strings.Cut(rest, `"`)
		if !found || len(text) != 43 || sessnode.Token(text).Key() != key {
			t.Errorf("%s: the token of %d characters is not that of the session", test.path, len(text))
		}
		if a := b.withToken("POST", test.path, `{"token":"`+token.Reveal()+`"}`); a.Code >= 300 || strings.Contains(a.Body.String(), `"token"`) {
			t.Errorf("%s with a token = %d %s, want no token back", test.path, a.Code, a.Body)
		}
		before := len(b.store.changes())
		b.withToken("POST", test.path, test.body, "Idempotency-Key: x").wants(t, badRequest)
		if len(b.store.changes()) != before {
			t.Errorf("%s: a retry could get another token than the first try", test.path)
		}
	}
}

func TestCreateSaysWhereTheSessionIs(t *testing.T) {
	b := newBench(t)
	if got, want := b.do("POST", "/sessions", "").Header().Get("Location"), "/v1/apps/web/sessions/"+anID.String(); got != want {
		t.Errorf("Location = %q, want %q", got, want)
	}
}

func TestReadByIDIsNoActivity(t *testing.T) {
	b := newBench(t)
	if a := b.do("GET", "/sessions/"+anID.String(), ""); a.Code != 200 || !b.store.reads[0].NoTouch || b.store.asked[0] != "id web "+anID.String() {
		t.Errorf("read by id = %d, the store was asked %v as %+v", a.Code, b.store.asked, b.store.reads)
	}
	for _, id := range []string{"x", "AAAAAAAAAAAAAAAAAAAAAA", anID.String() + "A"} {
		b.do("GET", "/sessions/"+id, "").wants(t, "Not Found not_found")
		b.do("DELETE", "/sessions/"+id, "").wants(t, "Not Found not_found")
	}
}

func TestNotModifiedBringsDeadlines(t *testing.T) {
	b := newBench(t)
	for _, tags := range []string{`"2-7"`, `W/"2-7"`, `"x", "2-7"`, "*"} {
		a := b.withToken("GET", "/session", "", "If-None-Match: "+tags)
		if a.Code != http.StatusNotModified || a.Body.Len() != 0 || a.Header().Get("Session-Idle-Deadline") != "2026-01-31T13:00:00.000000005Z" || a.Header().Get("Session-End") == "" || a.Header().Get("Etag") != `"2-7"` {
			t.Errorf("If-None-Match %s = %d %v, want 304 with deadlines", tags, a.Code, a.Header())
		}
	}
	for _, tags := range []string{`"2-8"`, `"1-7"`, `2-7`} {
		if a := b.withToken("GET", "/session", "", "If-None-Match: "+tags); a.Code != 200 {
			t.Errorf("If-None-Match %s = %d, want 200", tags, a.Code)
		}
	}
}
