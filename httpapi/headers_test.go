package httpapi_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi"
)

func TestReadLevels(t *testing.T) {
	for header, want := range map[string]sessnode.Read{
		"":                                    {},
		"Session-Consistency: linearizable":   {},
		"Session-Consistency: bounded=0.5":    {Level: sessnode.Bounded, Bound: time.Second / 2},
		"Session-Consistency: local":          {Level: sessnode.Local},
		"Session-Min-Index: " + at.String():   {Min: at},
		"Session-Consistency: bounded=" + "0": {Level: sessnode.Bounded},
	} {
		b := newBench(t)
		a := b.withToken("GET", "/session?touch=false", "", header)
		want.NoTouch = true
		if a.Code != 200 || len(b.store.reads) != 1 || b.store.reads[0] != want {
			t.Errorf("read with %q = %d, the store was asked for %+v, want %+v", header, a.Code, b.store.reads, want)
		}
	}
}

func TestBadHeadersAreRefused(t *testing.T) {
	long := strings.Repeat("k", 129)
	for _, test := range []struct{ method, path, header string }{
		{"GET", "/session", "Session-Consistency: bounded"}, {"GET", "/session", "Session-Consistency: bounded=-1"},
		{"GET", "/session", "Session-Consistency: eventual"}, {"GET", "/session", "Session-Min-Index: 5"},
		{"GET", "/session", "Session-Timeout: 0"}, {"GET", "/session", "Session-Timeout: 31"}, {"GET", "/session", "Session-Timeout: NaN"},
		{"GET", "/session", "Session-Timeout: 5s"}, {"GET", "/session", "Session-Timeout: "}, {"GET", "/session", "Session-Timeout: 1e1"},
		{"PATCH", "/session", "Idempotency-Key: "}, {"PATCH", "/session", "Idempotency-Key: " + long}, {"PATCH", "/session", "Idempotency-Key: ü"},
		{"PATCH", "/session", "If-Match: 2-7"}, {"PATCH", "/session", `If-Match: "2-7", "2-8"`}, {"PATCH", "/session", "If-Match: "},
		{"POST", "/session/touch", "If-Match: *"}, {"DELETE", "/sessions/" + anID.String(), `If-Match: "2-7"`},
		{"PUT", "/session", "X: y"}, // no If-Match
		{"GET", "/session?touch=no", ""}, {"GET", "/session?tuch=false", ""}, {"GET", "/session?touch=true&touch=false", ""}, {"GET", "/session?%zz", ""},
		{"DELETE", "/subjects/ada/sessions?excpt=" + anID.String(), ""}, {"DELETE", "/subjects/ada/sessions?except=", ""},
		{"GET", "/why", ""}, {"GET", "/why?id=&subject=", ""}, {"GET", "/why?id=x", ""}, {"GET", "/why?subject=", ""}, {"GET", "/why?subject=%00", ""},
	} {
		b := newBench(t)
		a := b.withToken(test.method, test.path, "", test.header)
		a.wants(t, badRequest)
		if len(b.store.asked) != 0 {
			t.Errorf("%s %s with %q: the store was asked %v", test.method, test.path, test.header, b.store.asked)
		}
	}
}

// TestForeignETagsMatchNothing: what this life of the cluster cannot have given out is no reason to answer `invalid`.
func TestForeignETagsMatchNothing(t *testing.T) {
	b := newBench(t)
	for _, tag := range []string{`"1-7"`, `W/"2-7"`, `"x"`, `"2-0"`, `""`, `"2-07"`, `"2-7-7"`} {
		b.withToken("PATCH", "/session", "", "If-Match: "+tag).wants(t, "Precondition Failed precondition_failed")
	}
	if len(b.store.changes()) != 0 {
		t.Errorf("the store was asked for %v", b.store.changes())
	}
}

// A node that had just been restarted answered 412 to a tag of the present generation, which it did not know yet: certainly not done,
// and certainly wrong.
func TestFreshNodeAsksForTheGenerationBeforeItRefusesATag(t *testing.T) {
	b := newBench(t)
	b.store.fresh = true
	if a := b.withToken("PATCH", "/session", "", `If-Match: "2-7"`); a.Code != 200 || b.store.changes()[0].Change.(sessnode.Patch).IfMatch != 7 {
		t.Errorf("patch with a present tag = %d, the store was asked for %v", a.Code, b.store.changes())
	}
	b.withToken("PATCH", "/session", "", `If-Match: "1-7"`).wants(t, "Precondition Failed precondition_failed")
	b.store.err = sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonNoLeader, "no leader")
	b.withToken("PATCH", "/session", "", `If-Match: "2-7"`).wants(t, "Service Unavailable unavailable/no_leader")
}

func TestRequestHasTheTimeItAsksFor(t *testing.T) {
	for header, want := range map[string]time.Duration{"": 5 * time.Second, "Session-Timeout: 0.25": time.Second / 4, "Session-Timeout: 30": 30 * time.Second} {
		b := newBench(t)
		var left time.Duration
		b.store.hook = func(ctx context.Context) {
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
		}
		b.withToken("GET", "/session", "", header)
		if left > want || left < want-2*time.Second {
			t.Errorf("with %q the store had %v, want %v", header, left, want)
		}
	}
}

// TestSubjectIsOneSegment holds that nothing on the way cleans, splits or joins what is encoded.
func TestSubjectIsOneSegment(t *testing.T) {
	for path, subject := range map[string]string{
		"a%2Fb": "a/b", "%2e%2e": "..", "%2E": ".", "..%2F..": "../..", "a+b": "a+b", "%252F": "%2F", "%C3%A4": "ä", "a;b=1": "a;b=1", "ada@example.org": "ada@example.org",
		url.PathEscape(strings.Repeat("ä", 128)): strings.Repeat("ä", 128),
	} {
		b := newBench(t)
		if a := b.do("GET", "/subjects/"+path+"/sessions", ""); a.Code != 200 || b.store.asked[0] != "subject web "+subject {
			t.Errorf("subject %s = %d, the store was asked %q, want %q", path, a.Code, b.store.asked, subject)
		}
	}
	for _, path := range []string{"", ".", "..", "%00", "%0A", "%7F", "%C2%85", "%FF", strings.Repeat("a", 257)} {
		b := newBench(t)
		for _, after := range []string{"/sessions", ""} {
			b.do("GET", "/subjects/"+path+after, "").wants(t, badRequest)
		}
		if len(b.store.asked) != 0 {
			t.Errorf("subject %q: the store was asked %v", path, b.store.asked)
		}
	}
}

// TestPathsThatNetHTTPRefusesAreRefusedHereToo: another server may pass them on.
func TestPathsThatNetHTTPRefusesAreRefusedHereToo(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{"", "*", "v1/apps", "/v1/apps/web/subjects/%zz", "/v1/apps/web/subjects/%2/sessions", "/v1/apps/%/session"} {
		r := b.api.Do(t.Context(), &httpapi.Request{Method: "GET", Path: path})
		if r.Status != 400 || len(b.store.asked) != 0 {
			t.Errorf("GET %q = %d %s", path, r.Status, r.Body)
		}
	}
}

func TestAppNamesAreChecked(t *testing.T) {
	b := newBench(t)
	for _, app := range []string{"Web", "-x", "%2E%2E", "a%2Fb", strings.Repeat("a", 65), "a%00"} {
		b.do("GET", "//v1/apps/"+app+"/session", "", "Session-Token: "+token.Reveal()).wants(t, badRequest)
	}
}

// TestWrongPathsAreNotNotFound: `not_found` is said about sessions only, so a wrong base address signs nobody out.
func TestWrongPathsAreNotNotFound(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{"//", "//v1", "//v1/apps/", "//v1/apps/web/", "//v1/apps/web/session/", "//v1//apps/web/session", "//prefix/v1/apps/web/session", "//V1/apps", "//v2/apps"} {
		b.withToken("GET", path, "").wants(t, badRequest)
	}
}

func TestMethods(t *testing.T) {
	b := newBench(t)
	a := b.do("POST", "/session", "")
	a.wants(t, "Method Not Allowed invalid")
	const allow = "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
	if got := a.Header().Get("Allow"); got != allow {
		t.Errorf("Allow = %q, want %q", got, allow)
	}
	if a := b.do("OPTIONS", "/session", ""); a.Code != 204 || a.Header().Get("Allow") != allow {
		t.Errorf("OPTIONS = %d %v", a.Code, a.Header())
	}
	get, head := b.withToken("GET", "/session", ""), b.withToken("HEAD", "/session", "")
	if head.Code != 200 || head.Body.Len() != 0 || head.Header().Get("Content-Length") != get.Header().Get("Content-Length") || head.Header().Get("Etag") != get.Header().Get("Etag") {
		t.Errorf("HEAD = %d %v, want GET's %v without its body", head.Code, head.Header(), get.Header())
	}
}

func TestAcceptChoosesTheFormat(t *testing.T) {
	for accept, want := range map[string]string{
		"": "json", "*/*": "json", "application/msgpack": "msgpack", "application/json, application/msgpack;q=0.5": "json",
		"application/json;q=0.2, application/msgpack;q=0.5": "msgpack", "application/msgpack;q=0": "json", "text/html": "json",
	} {
		b := newBench(t)
		if got := b.withToken("GET", "/session", "", "Accept: "+accept).Header().Get("Content-Type"); got != "application/"+want {
			t.Errorf("Accept %q = %s, want %s", accept, got, want)
		}
	}
	b := newBench(t)
	if got := b.withToken("POST", "/session/touch", "\x80", "Content-Type: application/msgpack", "Accept: */*").Header().Get("Content-Type"); got != "application/msgpack" {
		t.Errorf("answer to msgpack = %s", got)
	}
}

// TestErrorsKeepTheirMeaning holds the table of codes, and that a read never has an unknown outcome.
func TestErrorsKeepTheirMeaning(t *testing.T) {
	for _, row := range sessnode.Codes[1:] {
		for _, method := range []string{"GET", "PATCH"} {
			b := newBench(t)
			e := sessnode.Errorf(row.Code, sessnode.ReasonExpired, "why")
			e.RetryAfter = 1500 * time.Millisecond
			b.store.err = e
			a := b.withToken(method, "/session", "")
			want := row
			outcome := "not_done"
			if row.Code == sessnode.CodeUnknown {
				outcome = "unknown"
				if method == "GET" {
					want, outcome = sessnode.CodeUnavailable.Info(), "not_done"
				}
			}
			_, gotOutcome := a.problem()
			if a.Code != want.Status || !strings.Contains(a.Body.String(), `"code":"`+want.Name+`","reason":"expired","detail":"why"`) || gotOutcome != outcome {
				t.Errorf("%s with %s = %d %s, want %d and outcome %s", method, row.Name, a.Code, a.Body, want.Status, outcome)
			}
			if a.Header().Get("Retry-After") != "2" || !strings.Contains(a.Body.String(), `"retry_after":1.5`) {
				t.Errorf("%s: Retry-After = %q, body %s", row.Name, a.Header().Get("Retry-After"), a.Body)
			}
			if a.Header().Get("Session-Index") != at.String() || a.Header().Get("Session-Generation") != "2" || a.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s: headers = %v", row.Name, a.Header())
			}
		}
	}
}

func TestForeignErrorsAreNeitherShownNorCertain(t *testing.T) {
	for _, cause := range []error{errors.New("secret of the store"), context.DeadlineExceeded} {
		b := newBench(t)
		b.store.err = cause
		write, read := b.withToken("PATCH", "/session", ""), b.withToken("GET", "/session", "")
		if _, outcome := write.problem(); write.Code != 504 || outcome != "unknown" {
			t.Errorf("PATCH = %d %s, want 504 and an unknown outcome", write.Code, write.Body)
		}
		read.wants(t, "Service Unavailable unavailable")
		if strings.Contains(write.Body.String()+read.Body.String(), "secret") || read.Header().Get("Retry-After") != "1" {
			t.Errorf("answers = %s %s", write.Body, read.Body)
		}
	}
}
