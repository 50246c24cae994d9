package moving_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/moving"
	"github.com/sessnode/sessnode/sessnodetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const header = `{"format": "sessnode-sessions", "version": 1, "app": "web"}` + "\n"

func tokenOf(i int) sessnode.Token { return sessnode.Token(fmt.Sprintf("%032d", i)) }

func keyLine(i int, more string) string {
	return fmt.Sprintf(`{"key": "%x", "token_chars": 32, "subject": "u%d", "attrs": {"n": %d}, "idle": "14d", "lifetime": "400d"%s}`+"\n", [32]byte(tokenOf(i).Key()), i, i, more)
}

func options(s moving.Store) moving.Options {
	return moving.Options{Store: s, App: "web", Policy: sessnode.DefaultPolicy(), AtOnce: 4, Now: time.Now(), Patience: time.Minute}
}

// counts is a report in one line.
func counts(r moving.Report) string {
	return fmt.Sprintf("lines %d made %d there %d ended %d expired %d refused %d", r.Lines, r.Made, r.There, r.Ended, r.Expired, r.Refused)
}

func run(t *testing.T, in string, o moving.Options) moving.Report {
	t.Helper()
	r, err := moving.Run(t.Context(), strings.NewReader(in), o)
	if err != nil {
		t.Fatalf("Run = %v", err)
	}
	return r
}

// TestTheCookieGoesOnWorking is what the whole package is for.
func TestTheCookieGoesOnWorking(t *testing.T) {
	c := sessnodetest.New(t).Client("web")
	var file strings.Builder
	file.WriteString(header)
	for i := range 100 {
		file.WriteString(keyLine(i, ""))
	}
	file.WriteString(`{"token": "` + tokenOf(100).Reveal() + `", "subject": "u100", "attrs": {"n": 100}}` + "\n")
	if got := counts(run(t, file.String(), options(c))); got != "lines 101 made 101 there 0 ended 0 expired 0 refused 0" {
		t.Errorf("Run = %s", got)
	}
	for i := range 101 {
		s, err := c.Read(t.Context(), tokenOf(i))
		if err != nil || s.Subject != fmt.Sprintf("u%d", i) || string(s.Attrs["n"].Data) != fmt.Sprint(i) {
			t.Fatalf("Read of session %d = %+v %v", i, s, err)
		}
	}
	if got := counts(run(t, file.String(), options(c))); got != "lines 101 made 0 there 101 ended 0 expired 0 refused 0" {
		t.Errorf("a second run = %s, want that it does nothing", got)
	}
}

// TestNothingIsOverwrittenOrBroughtBack: what happened here since the export counts more than the file.
func TestNothingIsOverwrittenOrBroughtBack(t *testing.T) {
	c := sessnodetest.New(t).Client("web")
	file := header + keyLine(0, "") + keyLine(1, "")
	run(t, file, options(c))
	if _, err := c.Patch(t.Context(), tokenOf(0), sessnode.Edit{Set: map[string]sessnode.Value{"n": {Data: []byte("7")}}}); err != nil {
		t.Fatal(err)
	}
	if err := c.Revoke(t.Context(), tokenOf(1)); err != nil {
		t.Fatal(err)
	}
	if got := counts(run(t, file, options(c))); got != "lines 2 made 0 there 1 ended 1 expired 0 refused 0" {
		t.Errorf("Run = %s", got)
	}
	if s, err := c.Read(t.Context(), tokenOf(0)); err != nil || string(s.Attrs["n"].Data) != "7" {
		t.Errorf("Read = %+v %v, want what was written since", s, err)
	}
	if _, err := c.Read(t.Context(), tokenOf(1)); !errors.Is(err, sessnode.ErrNotFound) {
		t.Errorf("Read of what was revoked = %v, want ErrNotFound", err)
	}
}

func TestEveryLineIsJudged(t *testing.T) {
	c := sessnodetest.New(t).Client("web")
	long := strings.Repeat("x", 300<<10)
	file := "\n" + header + keyLine(0, "") + "\n" + keyLine(0, "") + keyLine(1, `, "expires": "2020-01-01T00:00:00Z"`) + "{\n" +
		`{"token": "too-short-24-characters-x", "subject": "eve"}` + "\n" + keyLine(2, `, "attrs": {}`) + keyLine(3, `, "raw": {"big": {"codec": "bytes", "data": "`+long+`"}}`) +
		keyLine(4, `, "x_long": "`+strings.Repeat(long, 4)+`"`) + keyLine(5, `, "device": {"label": "last"}`)
	for _, dry := range []bool{true, false} {
		o := options(c)
		o.DryRun = dry
		o.Policy.MaxBytes = 64 << 10
		r := run(t, strings.TrimRight(file, "\n"), o)
		want := "lines 9 made 2 there 0 ended 0 expired 1 refused 6"
		if dry {
			want = "lines 9 made 0 there 0 ended 0 expired 1 refused 6"
		}
		if got := counts(r); got != want || r.Importable != 2 || r.Secrets != 1 || r.Shortest != 25 {
			t.Errorf("Run (dry: %v) = %s, importable %d, secrets %d, shortest %d", dry, got, r.Importable, r.Secrets, r.Shortest)
		}
		var lines []string
		for _, refusal := range r.Refusals {
			lines = append(lines, fmt.Sprintf("%d:%d", refusal.Line, len(refusal.Key)))
			if strings.Contains(refusal.Reason, "too-short") {
				t.Errorf("a reason shows a token: %s", refusal.Reason)
			}
		}
		if got := strings.Join(lines, " "); got != "5:8 7:0 8:8 9:8 10:8 11:0" {
			t.Errorf("refused lines = %s", got)
		}
	}
}

func TestTheNodesWordIsLast(t *testing.T) {
	c := sessnodetest.New(t).Client("web")
	p := sessnode.DefaultPolicy()
	p.SubjectLimit = 1
	if _, err := c.PutPolicy(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	o := options(c)
	o.AtOnce = 1
	file := header + strings.ReplaceAll(keyLine(0, "")+keyLine(1, ""), `"u1"`, `"u0"`) + keyLine(2, `, "raw": {"m": {"codec": "msgpack", "data": "kw=="}}`)
	r := run(t, file, o)
	if got := counts(r); got != "lines 3 made 1 there 0 ended 0 expired 0 refused 2" || r.Importable != 1 {
		t.Errorf("Run = %s, want one session of u0, and none with bytes that are no msgpack", got)
	}
	if len(r.Refusals) == 2 && !strings.Contains(r.Refusals[0].Reason, "allows 1 sessions") {
		t.Errorf("reason = %q, want the limit", r.Refusals[0].Reason)
	}
}

// TestAHiccupEndsNoImport: answers that are lost or do not come are asked for again, and nothing is counted twice.
func TestAHiccupEndsNoImport(t *testing.T) {
	for _, outcome := range []sessnodetest.Outcome{sessnodetest.Unavailable, sessnodetest.UnknownBefore, sessnodetest.UnknownAfter} {
		s := sessnodetest.New(t)
		c := s.Client("web", client.WithTries(1))
		var file strings.Builder
		for i := range 30 {
			file.WriteString(keyLine(i, ""))
		}
		s.FailNext(3, outcome)
		if got := counts(run(t, header+file.String(), options(c))); got != "lines 30 made 30 there 0 ended 0 expired 0 refused 0" {
			t.Errorf("Run with %v = %s", outcome, got)
		}
	}
}

// broken is a store that imports so many sessions and then fails.
type broken struct {
	mu   sync.Mutex
	left int
	err  error
}

func (b *broken) Import(ctx context.Context, _ client.Import, _ ...client.CallOption) (*client.Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left--; b.left < 0 {
		return nil, b.err
	}
	return &client.Session{}, nil
}

// TestAnOlderNodeIsNoRefusal: its answer is about the program, and would be the same for every line.
func TestAnOlderNodeIsNoRefusal(t *testing.T) {
	older := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"type":"about:blank","title":"Bad Request","status":400,"code":"invalid","detail":"there is nothing at this path: /openapi.yaml lists what there is","outcome":"not_done"}`)
	}))
	defer older.Close()
	c, err := client.New(older.URL, client.WithApp("web"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := moving.Run(t.Context(), strings.NewReader(header+keyLine(0, "")+keyLine(1, "")), options(c))
	if !errors.Is(err, moving.ErrOlder) || r.Refused != 0 || r.Next == 0 {
		t.Errorf("Run = %v, %s; want ErrOlder", err, counts(r))
	}
}

func TestAStoreThatFailsEndsTheImportWhereItCanGoOn(t *testing.T) {
	for _, failure := range []error{sessnode.ErrFull, sessnode.ErrForbidden, sessnode.ErrUnauthorized, sessnode.ErrUnknownApp, sessnode.ErrUnavailable, sessnode.ErrUnknown} {
		var file strings.Builder
		file.WriteString(header)
		for i := range 200 {
			file.WriteString(keyLine(i, ""))
		}
		o := options(&broken{left: 50, err: failure})
		o.Patience = 10 * time.Millisecond
		r, err := moving.Run(t.Context(), strings.NewReader(file.String()), o)
		if !errors.Is(err, failure) || r.Made != 50 || r.Next < 2 || r.Next > 52+o.AtOnce {
			t.Errorf("Run with %v = %v, made %d, next %d", failure, err, r.Made, r.Next)
		}
		c := sessnodetest.New(t).Client("web")
		o.Store, o.From = c, r.Next
		again := run(t, file.String(), o)
		if again.Skipped+again.Made != 200 || again.Skipped > 50 {
			t.Errorf("going on at line %d = %s, want all the rest", r.Next, counts(again))
		}
	}
}

// endless is an input that goes on until somebody has had enough.
type endless struct {
	n    int
	stop func()
}

func (e *endless) Read(b []byte) (int, error) {
	if e.n++; e.n == 50 {
		e.stop()
	}
	line := keyLine(e.n, "")
	if e.n == 1 {
		line = header
	}
	return copy(b, line), nil
}

func TestAnInterruptedImportEnds(t *testing.T) {
	c := sessnodetest.New(t).Client("web")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, err := moving.Run(ctx, &endless{stop: stop}, options(c))
	if err == nil || r.Next == 0 || r.Made+r.There+r.Ended > r.Importable {
		t.Errorf("Run = %v, %+v; want an error and where to go on", err, r)
	}
}

func TestAnInputThatBreaksOffIsNoEnd(t *testing.T) {
	c := sessnodetest.New(t).Client("web")
	in := io.MultiReader(strings.NewReader(header+keyLine(0, "")), brokenReader{})
	r, err := moving.Run(t.Context(), in, options(c))
	if err == nil || r.Next != 3 || r.Made != 1 {
		t.Errorf("Run = %v, %+v; want an error at line 3", err, r)
	}
	for _, text := range []string{"", "\n", keyLine(0, "")} {
		if _, err := moving.Run(t.Context(), strings.NewReader(text), options(c)); !errors.Is(err, moving.ErrHeader) {
			t.Errorf("Run of %q = %v, want ErrHeader", text, err)
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the cable is out") }
