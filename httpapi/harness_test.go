package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/sessnode/sessnode/httpapi"
	"github.com/sessnode/sessnode/httpapi/apitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is an API over a stub. Every exchange is held against the contract.
type bench struct {
	t        *testing.T
	store    *stub
	api      *httpapi.API
	handler  http.Handler
	recorder *apitest.Recorder
	log      *logBook
}

// logBook is where the API's log goes.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func newBench(t *testing.T, adjust ...func(*httpapi.Config)) *bench {
	t.Helper()
	b := &bench{t: t, store: newStub(), recorder: apitest.New(t), log: &logBook{}}
	config := httpapi.DefaultConfig(b.store)
	config.Insecure = true
	config.Log = slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, f := range adjust {
		f(&config)
	}
	api, err := httpapi.New(config)
	if err != nil {
		t.Fatal(err)
	}
	b.api, b.handler = api, b.recorder.Handler(api)
	t.Cleanup(func() {
		if len(b.recorder.Seen()) > 0 {
			b.recorder.Check(t)
		}
	})
	return b
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
}

// do sends a request to /v1/apps/web + path, or to path where it begins with a double slash. Headers are "Name: value".
func (b *bench) do(method, path, body string, headers ...string) answer {
	b.t.Helper()
	if p, whole := strings.CutPrefix(path, "//"); whole {
		path = "/" + p
	} else {
		path = "/v1/apps/web" + path
	}
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req := httptest.NewRequest(method, path, reader)
	req.Host = "127.0.0.1:7480"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, req)
	return answer{rec}
}

// withToken is do with the token's header.
func (b *bench) withToken(method, path, body string, headers ...string) answer {
	b.t.Helper()
	return b.do(method, path, body, append(headers, "Session-Token: "+token.Reveal())...)
}

// problem returns "STATUS code/reason", and how the outcome is told.
func (a answer) problem() (what, outcome string) {
	var p struct {
		Status                int
		Code, Reason, Outcome string
	}
	if err := json.Unmarshal(a.Body.Bytes(), &p); err != nil || p.Status != a.Code {
		return a.Body.String(), ""
	}
	return strings.TrimSuffix(http.StatusText(a.Code)+" "+p.Code+"/"+p.Reason, "/"), p.Outcome
}

// wants fails the test unless the answer is the problem described.
func (a answer) wants(t *testing.T, what string) {
	t.Helper()
	if got, outcome := a.problem(); got != what || outcome != "not_done" {
		t.Errorf("answer = %q (outcome %q), want %q\n%s", got, outcome, what, a.Body)
	}
}

const badRequest = "Bad Request invalid"
