package apitest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/httpapi/apitest"
)

const (
	listed  = `{"id":"AQIDAAAAAAAAAAAAAAAAAA","app":"web","version":1,"created":"2026-01-01T00:00:00Z","touched":"2026-01-01T00:00:00Z","idle_deadline":"2026-01-01T00:00:00Z","end":"2026-01-01T00:00:00Z"`
	session = listed + `,"attrs":{}}`
	unwell  = `{"type":"about:blank","title":"t","status":503,"code":"unavailable","outcome":"not_done"}`
)

// TestRecorderCatchesWhatBreaksTheContract tests the test: a recorder that finds nothing in broken exchanges holds nothing.
func TestRecorderCatchesWhatBreaksTheContract(t *testing.T) {
	for name, test := range map[string]struct {
		method, path, sent string // what is asked
		status             int
		contentType, body  string // what is answered
		without            string // the header that is missing
		broken             bool
	}{
		"good":                     {status: 200, body: session},
		"good problem":             {status: 503, contentType: "application/problem+json", body: unwell},
		"missing field":            {status: 200, body: listed + `}`, broken: true},
		"undocumented field":       {status: 200, body: listed + `,"attrs":{},"token":"x"}`, broken: true},
		"wrong type":               {status: 200, body: strings.Replace(session, `"version":1`, `"version":"1"`, 1), broken: true},
		"no JSON":                  {status: 200, body: "{", broken: true},
		"undocumented type":        {status: 200, contentType: "text/html", body: "<p>", broken: true},
		"missing ETag":             {status: 200, body: session, without: "ETag", broken: true},
		"missing no-store":         {status: 200, body: session, without: "Cache-Control", broken: true},
		"problem without position": {status: 503, contentType: "application/problem+json", body: unwell, without: "Session-Index", broken: true},
		"problem of unknown code":  {status: 503, contentType: "application/problem+json", body: strings.Replace(unwell, "unavailable", "busy", 1), broken: true},
		"huge number in a value":   {status: 200, body: strings.Replace(session, `"attrs":{}`, `"attrs":{"a":1e999}`, 1)},
		"huge number elsewhere":    {status: 200, body: strings.Replace(session, `"attrs":{}`, `"attrs":{"a":1e999},"b":1`, 1), broken: true},
		"msgpack in JSON's name":   {status: 200, body: "\x80", broken: true},
		"msgpack lacks fields":     {status: 200, contentType: "application/msgpack", body: "\x80", broken: true},
		"bad request refused":      {method: "PATCH", sent: `{"sett":{}}`, status: 400, contentType: "application/problem+json", body: strings.Replace(strings.Replace(unwell, "503", "400", 1), "unavailable", "invalid", 1)},
		"bad request taken":        {method: "PATCH", sent: `{"sett":{}}`, status: 200, body: listed + `}`, broken: true},
		"unknown path refused":     {path: "/nowhere", status: 400, contentType: "application/problem+json", body: strings.Replace(unwell, "unavailable", "invalid", 1)},
		"unknown path as 404":      {path: "/nowhere", status: 404, contentType: "application/problem+json", body: strings.Replace(unwell, "unavailable", "not_found", 1), broken: true},
		"unknown path answered":    {path: "/nowhere", status: 200, body: session, broken: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := apitest.New(t)
			h := r.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				_, _ = io.Copy(io.Discard, req.Body)
				for header, value := range map[string]string{"ETag": `"x"`, "Session-Index": "1-1", "Session-Generation": "1", "Cache-Control": "no-store", "Content-Type": "application/json"} {
					if header != test.without {
						w.Header().Set(header, value)
					}
				}
				if test.contentType != "" {
					w.Header().Set("Content-Type", test.contentType)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}))
			path, method := "/v1/apps/web/session", "GET"
			if test.path != "" {
				path = test.path
			}
			if test.method != "" {
				method = test.method
			}
			req := httptest.NewRequest(method, path, strings.NewReader(test.sent))
			req.Header.Set("Session-Token", strings.Repeat("x", 32))
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, req)
			if rec.Body.String() != test.body || rec.Code != test.status {
				t.Errorf("the client got %d %q, want what the handler said", rec.Code, rec.Body)
			}
			if faults := r.Faults(); (len(faults) > 0) != test.broken {
				t.Errorf("faults = %q, want some: %v", faults, test.broken)
			}
		})
	}
}

// TestTransportRecordsAndPassesOn holds that a client behind the recorder notices nothing.
func TestTransportRecordsAndPassesOn(t *testing.T) {
	r := apitest.New(t)
	client := &http.Client{Transport: r.Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
		if sent, _ := io.ReadAll(req.Body); string(sent) != `{"names":["a"]}` {
			t.Errorf("sent %q", sent)
		}
		rec := httptest.NewRecorder()
		rec.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(rec, "{}")
		return rec.Result(), nil
	}))}
	res, err := client.Post("http://localhost/v1/apps/web/session/pop", "application/json", strings.NewReader(`{"names":["a"]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, _ := io.ReadAll(res.Body); string(got) != "{}" {
		t.Errorf("answer = %q", got)
	}
	if len(r.Faults()) != 1 || r.Seen()["pop"] != 1 {
		t.Errorf("faults = %q, seen = %v, want one broken pop", r.Faults(), r.Seen())
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
