package moving

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

const secret = "SECRET-0123456789-abcdefghijklmnopqrs"

func hexKey() string {
	key := sessnode.Token(secret).Key()
	return hex.EncodeToString(key[:])
}

func TestALineIsReadAsItWasWritten(t *testing.T) {
	line := `{"key": "` + hexKey() + `", "token_chars": 37, "subject": "ada", "attrs": {"n": 1.0, "o": { "b":1, "a" : 12345678901234567890 }, "null": null},
		"raw": {"m": {"codec": "msgpack", "data": "kwECAw=="}}, "created": "2026-01-01T00:00:00Z", "touched": "2026-01-01T01:00:00+01:00",
		"idle": "14d", "lifetime": 3600.5, "expires": "2030-01-01T00:00:00Z", "device": {"ip": "::1", "label": "l"}, "x_note": {"any": 1}}`
	got, err := parseRecord([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	want := record{Import: client.Import{
		Key: sessnode.Token(secret).Key(), TokenChars: 37, Subject: "ada", Device: sessnode.Device{IP: "::1", Label: "l"},
		Attrs: map[string]sessnode.Value{"n": {Data: []byte("1.0")}, "o": {Data: []byte(`{ "b":1, "a" : 12345678901234567890 }`)}, "null": {Data: []byte("null")},
			"m": {Codec: sessnode.Msgpack, Data: []byte{0x93, 1, 2, 3}}},
		Timeouts: sessnode.Timeouts{Idle: 14 * sessnode.Day, Lifetime: 3600500 * time.Millisecond, Expires: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)},
	}, created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), touched: got.touched}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("parseRecord = %+v, want %+v", got, want)
	}
	if !got.touched.Equal(want.created) {
		t.Errorf("touched = %v, want %v", got.touched, want.created)
	}
}

func TestATokenIsHashedWhenItIsRead(t *testing.T) {
	got, err := parseRecord([]byte(`{"token": "` + secret + `", "subject": null}`))
	if err != nil || got.Key != sessnode.Token(secret).Key() || got.TokenChars != len(secret) || !got.secret {
		t.Errorf("parseRecord = %+v %v, want the key of the token", got, err)
	}
}

// TestBadLinesAreRefusedWithoutTheirValues: whatever is wrong, no value comes back, because it may be a token.
func TestBadLinesAreRefusedWithoutTheirValues(t *testing.T) {
	key := `"key": "` + hexKey() + `", "token_chars": 37`
	for line, want := range map[string]string{
		``:                            "JSON object",
		`[]`:                          "JSON object",
		`{` + key:                     "no whole",
		`{` + key + `} {}`:            "no whole",
		`{` + key + `} x`:             "no whole",
		`{}`:                          "key is missing",
		`{"key": "` + hexKey() + `"}`: "token_chars is missing",
		`{"token_chars": 37}`:         "key is missing",
		`{"token": "` + secret + `", ` + key + `}`:                                  "key and token",
		`{` + key + `, "token": "` + secret + `"}`:                                  "key and token",
		`{"key": "` + secret + `"}`:                                                 "64 hex digits",
		`{"key": 7}`:                                                                "key should be text",
		`{"token": "` + secret + ` "}`:                                              "visible ASCII",
		`{"token": ""}`:                                                             "visible ASCII",
		`{"token": ["` + secret + `"]}`:                                             "token should be text",
		`{` + key + `, "token_chars": 38}`:                                          "token_chars twice",
		`{` + key + `, "expire": 1}`:                                                "expire that this format does not have",
		`{` + key + `, "` + secret + `": 1}`:                                        "(not shown)",
		`{` + key + `, "subject": 7}`:                                               "subject should be text",
		`{` + key + `, "attrs": []}`:                                                "attrs should be a JSON object",
		`{` + key + `, "attrs": {"a": 1, "a": 2}}`:                                  "a twice",
		`{` + key + `, "attrs": {"a":` + `}}`:                                       "no whole",
		`{` + key + `, "raw": {"a": 1}}`:                                            "codec",
		`{` + key + `, "raw": {"a": {"data": ""}}}`:                                 "codec",
		`{` + key + `, "raw": {"a": {"codec": "pickle", "data": ""}}}`:              "codec in raw",
		`{` + key + `, "raw": {"a": {"codec": "bytes", "data": "` + secret + `"}}}`: "base64",
		`{` + key + `, "attrs": {"a": 1}, "raw": {"a": {"codec": "bytes", "data": "AA=="}}}`: "both attrs and raw",
		`{` + key + `, "created": 1700000000}`:                                               "created should be a time",
		`{` + key + `, "expires": "` + secret + `"}`:                                         "expires should be a time",
		`{` + key + `, "idle": 0}`:                                                           "idle should be a duration",
		`{` + key + `, "idle": -1}`:                                                          "idle should be a duration",
		`{` + key + `, "idle": true}`:                                                        "idle should be a duration",
		`{` + key + `, "lifetime": "` + secret + `"}`:                                        "lifetime should be a duration",
		`{` + key + `, "lifetime": 1e300}`:                                                   "lifetime should be a duration",
		`{` + key + `, "device": {"agent": "x"}}`:                                            "device has",
		`{` + key + `, "subject": "` + "\xff" + `"}`:                                         "not UTF-8",
	} {
		_, err := parseRecord([]byte(line))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parseRecord(%s) = %v, want something about %q", line, err, want)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("parseRecord(%s) = %v, which holds a value", line, err)
		}
	}
}

func TestHeaders(t *testing.T) {
	h, err := parseHeader([]byte(`{"format": "sessnode-sessions", "version": 1, "app": "web", "source": "s", "exported": "2026-01-01T00:00:00Z", "new": 1}`))
	if want := (Header{App: "web", Source: "s", Exported: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}); err != nil || h != want {
		t.Errorf("parseHeader = %+v %v, want %+v", h, err, want)
	}
	for _, bad := range []string{"", "{}", `{"format": "sessnode-sessions", "version": 2}`, `{"format": "sessnode-sessions"}`, `{"format": "other", "version": 1}`, `{"token": "` + secret + `"}`, `{"format": "sessnode-sessions", "version": 1, "exported": "` + secret + `"}`} {
		if _, err := parseHeader([]byte(bad)); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("parseHeader(%s) = %v, want an error without its values", bad, err)
		}
	}
}

func TestTheOldEndIsKept(t *testing.T) {
	now := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	ago := func(days int) string { return now.AddDate(0, 0, -days).Format(time.RFC3339) }
	for fields, want := range map[string]string{
		`"lifetime": "10d", "created": "` + ago(3) + `"`:                                    "2026-01-17",
		`"lifetime": "10d", "created": "` + ago(3) + `", "expires": "2026-01-12T00:00:00Z"`: "2026-01-12",
		`"lifetime": "10d", "created": "` + ago(3) + `", "expires": "2026-01-20T00:00:00Z"`: "2026-01-17",
		`"lifetime": "10d", "created": "` + ago(10) + `"`:                                   "over",
		`"expires": "` + ago(0) + `"`:                                                       "over",
		`"idle": "1d", "touched": "` + ago(1) + `"`:                                         "over",
		`"idle": "2d", "touched": "` + ago(1) + `"`:                                         "0001-01-01",
		`"touched": "` + ago(99) + `", "created": "` + ago(99) + `"`:                        "0001-01-01",
		`"idle": "1d"`: "0001-01-01",
	} {
		r, err := parseRecord([]byte(`{"key": "` + hexKey() + `", "token_chars": 37, ` + fields + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got := "over"
		if !r.settle(now) {
			got = r.Timeouts.Expires.Format(time.DateOnly)
		}
		if got != want {
			t.Errorf("settle(%s) = %s, want %s", fields, got, want)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"key": "` + hexKey() + `", "token_chars": 37, "attrs": {"a": [1, {"b": null}]}, "idle": "1d"}`))
	f.Add([]byte(`{"token": "x", "raw": {"a": {"codec": "bytes", "data": "AA=="}}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if r, err := parseRecord(line); err == nil && (r.Key.IsZero() || r.TokenChars < 1 || r.TokenChars > sessnode.MaxTokenLength || r.Timeouts.Idle < 0) {
			t.Errorf("parseRecord(%q) = %+v, which no session can be", line, r)
		}
	})
}
