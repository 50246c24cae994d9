package apitest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/sessnode/sessnode/httpapi"
)

// Recorder validates exchanges. Make one with New.
type Recorder struct {
	router routers.Router

	mu      sync.Mutex
	faults  []string
	seen    map[string]int // by operation id
	skipped map[string]int // by reason
}

// New makes a Recorder of the contract that this build serves. It fails the test when the contract itself is not valid.
func New(t testing.TB) *Recorder {
	t.Helper()
	router, err := contract()
	if err != nil {
		t.Fatalf("openapi.yaml: %v", err)
	}
	return &Recorder{router: router, seen: map[string]int{}, skipped: map[string]int{}}
}

// contract reads the document once: that takes longer than most tests.
var contract = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(httpapi.OpenAPI())
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// Check fails the test for every exchange that broke the contract. Call it when all exchanges are over.
func (r *Recorder) Check(t testing.TB) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, fault := range r.faults {
		t.Errorf("broken contract: %s", fault)
	}
	if len(r.seen) == 0 {
		t.Error("the recorder saw no exchange at all")
	}
	for _, reason := range slices.Sorted(maps.Keys(r.skipped)) {
		t.Logf("not validated: %d exchanges: %s", r.skipped[reason], reason)
	}
}

// Seen returns how many exchanges of each operation were validated, by the operation's id in the contract.
func (r *Recorder) Seen() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.seen)
}

// Skipped returns how many exchanges were not validated, by reason.
func (r *Recorder) Skipped() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.skipped)
}

// Faults returns what broke the contract so far.
func (r *Recorder) Faults() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.faults)
}

// Transport puts the recorder before a transport of an HTTP client.
func (r *Recorder) Transport(next http.RoundTripper) http.RoundTripper {
	return transport(func(req *http.Request) (*http.Response, error) {
		var sent []byte
		if req.Body != nil {
			var err error
			if sent, err = io.ReadAll(req.Body); err != nil {
				return nil, err
			}
			_ = req.Body.Close()
			req = req.Clone(req.Context())
			req.Body = io.NopCloser(bytes.NewReader(sent))
		}
		res, err := next.RoundTrip(req)
		if err != nil {
			r.skip("no answer came")
			return nil, err
		}
		if isStream(res.Header) {
			r.skip(skipStream)
			return res, nil
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			r.skip("the answer broke off")
			return nil, err
		}
		res.Body = io.NopCloser(bytes.NewReader(body))
		r.observe(exchange{req, sent, res.StatusCode, res.Header, body})
		return res, nil
	})
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) { return t(req) }

// Handler puts the recorder around a handler.
func (r *Recorder) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var sent bytes.Buffer
		inner := req.Clone(req.Context())
		if req.Body != nil {
			inner.Body = io.NopCloser(io.TeeReader(req.Body, &sent))
		}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, inner)
		r.observe(exchange{req, sent.Bytes(), rec.Code, rec.Header(), rec.Body.Bytes()})
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

func (r *Recorder) skip(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skipped[reason]++
}

// observe validates one exchange and books the result.
func (r *Recorder) observe(x exchange) {
	operation, skipped, err := r.validate(x)
	r.mu.Lock()
	defer r.mu.Unlock()
	if skipped != "" {
		r.skipped[skipped]++
	}
	if operation == "" {
		return
	}
	r.seen[operation]++
	if err != nil {
		r.faults = append(r.faults, fmt.Sprintf("%s %s -> %d: %v", x.request.Method, operation, x.status, err))
	}
}
