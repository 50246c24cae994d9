package load

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/frames"
)

// work runs the workload on a fake and returns what the checkers say of its records.
func work(t *testing.T, f *fake, watchers int) (Results, []check.Violation) {
	t.Helper()
	l := New(Config{Nodes: f.serve(t, 3), Seed: 1, Clients: 8, Watchers: watchers, Think: time.Millisecond})
	defer l.Close()
	l.Start(t.Context())
	limit := time.After(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for l.Recorder().Acked() < 1500 {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("%d operations acknowledged within a minute, want 1500", l.Recorder().Acked())
		}
	}
	l.Stop()
	l.Finish()
	r := l.Results()
	vs := slices.Concat(r.Malformed, check.Sessions(r.Ops, time.Minute), check.Subjects(r.Ops, time.Minute), check.Ledgers(r.Ledgers),
		check.Pops(r.Ops), check.DeadTokens(r.Late, 3), check.Expiry(r.Expiring, max(watchers, 0)))
	return r, vs
}

func TestACorrectStoreHasNoViolations(t *testing.T) {
	t.Parallel()
	r, vs := work(t, newFake(t), 5)
	for _, v := range vs {
		t.Error(v)
	}
	acked := map[history.Kind]int{}
	for i := range r.Ops {
		if r.Ops[i].OK() {
			acked[r.Ops[i].Kind]++
		}
	}
	for kind := history.Create; kind <= history.List; kind++ {
		if acked[kind] == 0 {
			t.Errorf("no %v was acknowledged: the workload does not ask for it", kind)
		}
	}
	if len(r.Late) == 0 || len(r.Ledgers) == 0 {
		t.Errorf("%d late tries, %d ledgers: want some of each", len(r.Late), len(r.Ledgers))
	}
	t.Logf("%d operations, %v, %d late tries, %d expired", len(r.Ops), acked, len(r.Late), len(r.Expiring))
}

// A store that loses answers, before or after the change was made, is still a correct one.
func TestLostAnswersAreNoViolations(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var n atomic.Int64
	f.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if n.Add(1)%20 != 0 {
			return false
		}
		if n.Load()%40 == 0 {
			f.handle(httptest.NewRecorder(), r)
		}
		w.WriteHeader(http.StatusBadGateway) // without a problem body: nothing is known
		return true
	}
	r, vs := work(t, f, -1)
	for _, v := range vs {
		t.Error(v)
	}
	doubtful := 0
	for i := range r.Ops {
		if r.Ops[i].Outcome == history.Unknown {
			doubtful++
		}
	}
	if doubtful == 0 {
		t.Error("no outcome stayed unknown: nothing was shown")
	}
}

// A store that drops every tenth patch and acknowledges it all the same is caught.
func TestADroppedWriteIsCaught(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var n atomic.Int64
	f.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPatch || n.Add(1)%10 != 0 {
			return false
		}
		_, _ = w.Write([]byte(`{"version":0}`))
		return true
	}
	_, vs := work(t, f, -1)
	names := check.Names(vs)
	if names[check.Lost]+names[check.Counter] == 0 || names[check.LinearSession] == 0 {
		t.Errorf("violations %v, want of the ledger and of sessions", names)
	}
}

// A node that dies with a request in its hands may have done what was asked, although the next connection to it is refused.
func TestARequestThatWentOutIsNeverCertainlyNotDone(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) == 1 {
			_, _ = w.Write([]byte(`{}`)) // so that the connection is kept
			return
		}
		_ = server.Listener.Close()
		panic(http.ErrAbortHandler)
	})
	server.Start()
	defer server.Close()
	a := newAPI(Config{Nodes: []string{server.URL}, Try: time.Second})
	defer a.close()
	req := call{method: "PATCH", path: sessionPath, op: "op", body: map[string]string{}}
	if r := a.do(t.Context(), 0, req); r.outcome != history.Done {
		t.Fatalf("first request: %v", r.outcome)
	}
	if r := a.do(t.Context(), 0, req); r.outcome != history.Unknown {
		t.Errorf("a request whose connection broke: %v, want unknown", r.outcome)
	}
	if r := a.do(t.Context(), 0, req); r.outcome != history.NotDone {
		t.Errorf("a request without a connection: %v, want not-done", r.outcome)
	}
}

// A load on a cluster that others use must touch no app but its own.
func TestEveryRequestIsAboutTheAppOfTheLoad(t *testing.T) {
	t.Parallel()
	var paths sync.Map
	var asked atomic.Int64
	enough := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths.Store(r.URL.Path, true)
		if asked.Add(1) == 100 {
			close(enough)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	l := New(Config{Nodes: []string{server.URL, server.URL, server.URL}, App: "drill-ab12", Clients: 4, Try: time.Second})
	l.Start(t.Context())
	<-enough
	l.Close()
	seen := 0
	paths.Range(func(path, _ any) bool {
		seen++
		if p := path.(string); p != "/v1/cluster" && p != frames.Path && !strings.HasPrefix(p, "/v1/apps/drill-ab12/") {
			t.Errorf("a request was about %s", p)
		}
		return true
	})
	if seen < 2 {
		t.Errorf("%d paths were asked for: nothing was shown", seen)
	}
}

// A read that was tried in vain may still count as activity later: whoever judges its session has to know of it.
func TestAReadThatWasTriedInVainIsCounted(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var n atomic.Int64
	f.answer = func(w http.ResponseWriter, _ *http.Request) bool {
		if n.Add(1) > 1 {
			return false
		}
		w.WriteHeader(http.StatusBadGateway)
		return true
	}
	l := New(Config{Nodes: f.serve(t, 3), Seed: 1})
	defer l.Close()
	c := l.client(0)
	read := call{method: "GET", path: sessionPath}
	for want := 2; want > 0; want-- {
		if r, span, tries := c.timed(read); r.outcome != history.Done || tries != want || span.Return < span.Call {
			t.Errorf("read = %v after %d tries, %+v, want an answer after %d", r.outcome, tries, span, want)
		}
	}
}
