package httpapi_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi"
)

func TestReadinessSaysWhatIsMissing(t *testing.T) {
	b := newBench(t)
	if a := b.do("GET", "//readyz", ""); a.Code != 200 || a.Body.String() != "ok\n" {
		t.Errorf("readyz = %d %q", a.Code, a.Body)
	}
	if a := b.do("GET", "//readyz?verbose", ""); a.Code != 200 || a.Body.String() != "[+]leader ok\n[+]storage ok: 12 GiB free\nready\n" {
		t.Errorf("readyz?verbose = %d %q", a.Code, a.Body)
	}
	b.store.checks[0] = sessnode.Check{Name: "leader", Detail: "none is known"}
	if a := b.do("GET", "//readyz", ""); a.Code != 503 || a.Body.String() != "[-]leader failed: none is known\n[+]storage ok: 12 GiB free\nnot ready\n" {
		t.Errorf("readyz without a leader = %d %q", a.Code, a.Body)
	}
	a := b.do("GET", "//readyz", "", "Accept: application/json")
	if a.Code != 503 || a.Body.String() != `{"ready":false,"checks":[{"name":"leader","ok":false,"detail":"none is known"},{"name":"storage","ok":true,"detail":"12 GiB free"}]}` {
		t.Errorf("readyz as JSON = %d %s", a.Code, a.Body)
	}
	if a := b.do("GET", "//livez", ""); a.Code != 200 {
		t.Errorf("livez without a leader = %d: a restart would not help", a.Code)
	}
}

func TestDrainingNodeIsNotReadyAndStillAnswers(t *testing.T) {
	b := newBench(t)
	b.api.Drain()
	if a := b.do("GET", "//readyz", ""); a.Code != 503 || !strings.Contains(a.Body.String(), "[-]draining failed") {
		t.Errorf("readyz = %d %q", a.Code, a.Body)
	}
	if a := b.withToken("GET", "/session", ""); a.Code != 200 {
		t.Errorf("read = %d", a.Code)
	}
}

// TestMetricsCountByPatternAndCode: neither users nor scanners can make the number of series grow.
func TestMetricsCountByPatternAndCode(t *testing.T) {
	b := newBench(t, func(c *httpapi.Config) { withKeys(c); c.OpenMetrics = true })
	series := regexp.MustCompile(`(?m)^sessnode_http_requests_total\{`)
	before := len(series.FindAllString(b.do("GET", "//metrics", "").Body.String(), -1))
	for range 3 {
		b.do("GET", "/subjects/ada-lovelace/sessions", "", "Authorization: Bearer key-of-web")
	}
	b.do("GET", "//v1/apps/shop/subjects/ada-lovelace/sessions", "", "Authorization: Bearer key-of-web")
	b.do("GET", "//wp-login.php", "")
	text := b.do("GET", "//metrics", "").Body.String()
	for _, want := range []string{
		`sessnode_http_requests_total{code="ok",route="GET /v1/apps/{app}/subjects/{subject}/sessions"} 3`,
		`sessnode_http_requests_total{code="forbidden",route="GET /v1/apps/{app}/subjects/{subject}/sessions"} 1`,
		`sessnode_http_requests_total{code="invalid",route="none"} 1`,
		`sessnode_http_requests_total{code="unknown",route="PATCH /v1/apps/{app}/session"} 0`,
		`sessnode_http_request_seconds_count{route="GET /v1/apps/{app}/subjects/{subject}/sessions"} 4`,
		`sessnode_http_requests_in_flight 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("metrics lack %s", want)
		}
	}
	if after := len(series.FindAllString(text, -1)); after != before {
		t.Errorf("series grew from %d to %d", before, after)
	}
	for _, bad := range []string{"ada", "wp-login", "shop"} {
		if strings.Contains(text, bad) {
			t.Errorf("metrics hold %q of a path", bad)
		}
	}
}

func TestContractIsServed(t *testing.T) {
	b := newBench(t)
	if a := b.do("GET", "//openapi.yaml", ""); a.Code != 200 || a.Body.String() != string(httpapi.OpenAPI()) {
		t.Errorf("openapi.yaml = %d", a.Code)
	}
}

// TestPolicyIsWrittenInFull: what is left out gets its default, and what is stored is read back field by field.
func TestPolicyIsWrittenInFull(t *testing.T) {
	b := newBench(t)
	a := b.do("PUT", "", `{"idle":"1h","subject_limit":3,"on_limit":"evict-oldest","anonymous_idle":60}`)
	want := sessnode.DefaultPolicy()
	want.Idle, want.SubjectLimit, want.OnLimit, want.AnonymousIdle = 3600e9, 3, sessnode.EvictOldest, 60e9
	if got := b.store.changes(); len(got) != 1 || got[0].Change != (sessnode.PutPolicy{Policy: want}) {
		t.Errorf("the store was asked for %+v, want %+v", got, want)
	}
	const policy = `{"idle":"1800s","lifetime":"43200s","max_idle":"34560000s","max_lifetime":"34560000s","touch_resolution":"0s","rotation_grace":"10s",` +
		`"rotation_max":"120s","tombstone_time":"3600s","anonymous_idle":"0s","anonymous_quota":0,"subject_limit":0,"min_token_length":32,"max_name_bytes":128,` +
		`"max_attributes":256,"max_bytes":262144,"on_limit":"reject"}`
	if want := `{"name":"web","declared":true,"policy":` + policy + `,"sessions":2,"anonymous":0,"bytes":99}`; a.Body.String() != want {
		t.Errorf("answer =\n%s, want\n%s", a.Body, want)
	}
	bad := b.do("PUT", "", `{"idle":0,"tombstone_time":"1s"}`)
	bad.wants(t, badRequest)
	if !strings.Contains(bad.Body.String(), "idle is 0s") || !strings.Contains(bad.Body.String(), "tombstone_time is 1s") {
		t.Errorf("answer = %s, want both faults", bad.Body)
	}
	for _, body := range []string{`{"subject_limit":-1}`, `{"subject_limit":1.5}`, `{"on_limit":"drop"}`, `{"on_limit":1}`, `{"sessions":1}`} {
		b.do("PUT", "", body).wants(t, badRequest)
	}
}

// TestEveryOperationKeepsTheContract goes through all of them in both formats.
func TestEveryOperationKeepsTheContract(t *testing.T) {
	b := newBench(t)
	for _, format := range []string{"application/json", "application/msgpack"} {
		for _, r := range []struct{ method, path, header string }{
			{"POST", "/sessions", ""}, {"GET", "/session", ""}, {"PATCH", "/session", ""}, {"PUT", "/session", "If-Match: *"}, {"DELETE", "/session", ""},
			{"POST", "/session/touch", ""}, {"POST", "/session/rotate", ""}, {"GET", "/sessions/" + anID.String(), ""}, {"DELETE", "/sessions/" + anID.String(), ""},
			{"GET", "/subjects/ada/sessions", ""}, {"DELETE", "/subjects/ada/sessions", ""}, {"GET", "/subjects/ada", ""},
			{"GET", "/why?subject=ada", ""}, {"GET", "/why?id=" + anID.String(), ""}, {"GET", "/sessions?cursor=x", ""}, {"DELETE", "/sessions", ""},
			{"GET", "", ""}, {"PUT", "", ""}, {"DELETE", "", ""}, {"GET", "//v1/apps", ""}, {"GET", "//v1/cluster", ""}, {"POST", "//v1/cluster/transfer", ""},
			{"GET", "//livez", ""}, {"GET", "//readyz", ""}, {"GET", "//metrics", ""}, {"GET", "//openapi.yaml", ""},
		} {
			if a := b.withToken(r.method, r.path, "", "Accept: "+format, r.header); a.Code >= 300 {
				t.Errorf("%s %s = %d %s", r.method, r.path, a.Code, a.Body)
			}
		}
		b.withToken("POST", "/session/pop", `{"names":["a"]}`, "Accept: "+format)
		b.do("POST", "/import", `{"key":"`+strings.Repeat("0f", 32)+`","token_chars":32}`, "Accept: "+format)
	}
	if got := len(b.recorder.Seen()); got != 27 {
		names, _ := json.Marshal(b.recorder.Seen())
		t.Errorf("validated %d operations, want all 27: %s", got, names)
	}
	if skipped := b.recorder.Skipped(); len(skipped) != 0 {
		t.Errorf("not validated: %v", skipped)
	}
}

func TestTransferNamesTheNode(t *testing.T) {
	b := newBench(t)
	if a := b.do("POST", "//v1/cluster/transfer", `{"to":"n2"}`); a.Code != 204 || b.store.asked[0] != "transfer n2" {
		t.Errorf("transfer = %d, the store was asked %v", a.Code, b.store.asked)
	}
	b.do("POST", "//v1/cluster/transfer", `{"to":"n\u0000"}`).wants(t, badRequest)
	for _, tc := range []struct{ path, body, asked string }{
		{"remove", `{"node":"n2"}`, "remove n2"}, {"leave", `{"node":"n1"}`, "leave"}, {"drain", ``, "drain true for 0s"}, {"drain", `{"drained":false}`, "drain false for 0s"}, {"drain", `{"for":"2m"}`, "drain true for 2m0s"},
	} {
		if a := b.do("POST", "//v1/cluster/"+tc.path, tc.body); a.Code != 204 || b.store.asked[len(b.store.asked)-1] != tc.asked {
			t.Errorf("%s = %d, the store was asked %v, want %s", tc.path, a.Code, b.store.asked, tc.asked)
		}
	}
	b.do("POST", "//v1/cluster/remove", ``).wants(t, badRequest)
	b.do("POST", "//v1/cluster/remove", `{"node":"n\u0000"}`).wants(t, badRequest)
	b.do("POST", "//v1/cluster/drain", `{"drained":1}`).wants(t, badRequest)
	b.do("POST", "//v1/cluster/leave", `{"node":"n2"}`).wants(t, "Conflict conflict")
	b.do("POST", "//v1/cluster/leave", ``).wants(t, "Conflict conflict")
}
