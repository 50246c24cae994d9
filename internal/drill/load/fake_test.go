package load

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// appPath is the path of the app that a load uses by itself.
const appPath = "/v1/apps/" + App

// fake is the state machine behind a few routes: a store without a cluster, so that the workload and its records can be
// tried without processes. It serves several addresses, as nodes would.
type fake struct {
	mu      sync.Mutex
	machine *fsm.Machine
	index   uint64

	answer func(http.ResponseWriter, *http.Request) bool // may answer in its stead
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{machine: fsm.New()}
	f.apply(sessnode.Mutation{Change: sessnode.Found{Generation: 1, Cluster: "fake"}})
	return f
}

// serve returns the addresses of n servers.
func (f *fake) serve(t *testing.T, n int) []string {
	t.Helper()
	var urls []string
	for range n {
		s := httptest.NewServer(f)
		t.Cleanup(s.Close)
		urls = append(urls, s.URL)
	}
	return urls
}

func (f *fake) apply(m sessnode.Mutation) fsm.Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.index++
	op, err := fsm.EncodeOp(fsm.Op{Mutation: m})
	if err != nil {
		panic(err)
	}
	results, _, err := f.machine.Apply(f.index, fsm.EncodeBatch(fsm.Header{Generation: 1, Stamp: time.Now().UnixNano()}, [][]byte{op}))
	if err != nil {
		panic(err)
	}
	return results[0]
}

// wire is every field of every request body.
type wire struct {
	Token    sessnode.Token
	Subject  *string
	Idle     string
	Lifetime string
	Expires  time.Time
	Device   sessnode.Device
	Attrs    map[string]json.RawMessage
	Set      map[string]json.RawMessage
	Incr     map[string]int64
	If       map[string]struct {
		Equals json.RawMessage
		Absent bool
	}
	Names []string
}

func values(raw map[string]json.RawMessage) map[string]sessnode.Value {
	m := map[string]sessnode.Value{}
	for name, data := range raw {
		m[name] = sessnode.Value{Data: data}
	}
	return m
}

func (w wire) edit() sessnode.Edit {
	e := sessnode.Edit{Set: values(w.Set), Incr: w.Incr, If: map[string]sessnode.Guard{}}
	for name, guard := range w.If {
		e.If[name] = sessnode.Guard{Absent: guard.Absent, Value: sessnode.Value{Data: guard.Equals}}
	}
	return e
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/cluster" {
		fmt.Fprint(w, `{"node":"a","leader":"a"}`)
		return
	}
	if f.answer == nil || !f.answer(w, r) {
		f.handle(w, r)
	}
}

func (f *fake) handle(w http.ResponseWriter, r *http.Request) {
	var body wire
	if r.ContentLength > 0 {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	key := sessnode.Token(r.Header.Get("Session-Token")).Key()
	f.route(w, r, body, key)
}

func (f *fake) route(w http.ResponseWriter, r *http.Request, body wire, key sessnode.Key) {
	what := r.Method + " " + strings.TrimPrefix(r.URL.EscapedPath(), appPath)
	subject, isSubject := strings.CutPrefix(what, "GET /subjects/")
	if isSubject {
		f.list(w, subject)
		return
	}
	if subject, isSubject = strings.CutPrefix(what, "DELETE /subjects/"); isSubject {
		change := sessnode.RevokeSubject{Subject: unescape(subject)}
		change.Except, _ = sessnode.ParseID(r.URL.Query().Get("except"))
		f.change(w, r, change)
		return
	}
	idle, _ := time.ParseDuration(body.Idle)
	lifetime, _ := time.ParseDuration(body.Lifetime)
	var ifMatch uint64
	_, _ = fmt.Sscanf(r.Header.Get("If-Match"), `"1-%d"`, &ifMatch)
	switch what {
	case "POST /sessions":
		c := sessnode.Create{Key: body.Token.Key(), ID: sessnode.NewID(), TokenChars: 43, Attrs: values(body.Attrs), Device: body.Device,
			Timeouts: sessnode.Timeouts{Idle: idle, Lifetime: lifetime, Expires: body.Expires}}
		if body.Subject != nil {
			c.Subject = *body.Subject
		}
		f.change(w, r, c)
	case "GET /session":
		f.read(w, r, key)
	case "PATCH /session":
		f.change(w, r, sessnode.Patch{Key: key, Edit: body.edit()})
	case "PUT /session":
		f.change(w, r, sessnode.Replace{Key: key, IfMatch: ifMatch, Attrs: values(body.Attrs)})
	case "POST /session/pop":
		f.change(w, r, sessnode.Pop{Key: key, Names: body.Names})
	case "POST /session/touch":
		f.change(w, r, sessnode.TouchOne{Key: key})
	case "POST /session/rotate":
		f.change(w, r, sessnode.Rotate{Key: key, NewKey: body.Token.Key(), TokenChars: 43, Subject: body.Subject, Edit: body.edit()})
	case "DELETE /session":
		f.change(w, r, sessnode.Revoke{Key: key})
	default:
		http.Error(w, what, http.StatusNotImplemented)
	}
}

func unescape(segment string) string {
	s, _ := url.PathUnescape(strings.TrimSuffix(segment, "/sessions"))
	return s
}

func (f *fake) change(w http.ResponseWriter, r *http.Request, c sessnode.Change) {
	res := f.apply(sessnode.Mutation{App: App, OpID: sessnode.OpIDOf(r.Header.Get("Idempotency-Key")), Change: c})
	if refuse(w, res.Err()) {
		return
	}
	if _, isSubject := c.(sessnode.RevokeSubject); isSubject {
		fmt.Fprintf(w, `{"ended":%d}`, res.Effect.Count)
		return
	}
	show(w, res.Effect.Session, res.Effect.Values)
}

func (f *fake) read(w http.ResponseWriter, r *http.Request, key sessnode.Key) {
	if r.URL.Query().Get("touch") != "false" {
		f.apply(sessnode.Mutation{App: App, Change: sessnode.TouchOne{Key: key}})
	} else {
		f.apply(sessnode.Mutation{App: App, Change: sessnode.Touch{}}) // a tick
	}
	found, err := f.machine.Lookup(App, key)
	if !refuse(w, err) {
		show(w, found.Session, nil)
	}
}

func (f *fake) list(w http.ResponseWriter, segment string) {
	list, _, _ := f.machine.Subject(App, unescape(segment), false)
	bodies := []map[string]any{}
	for _, s := range list {
		bodies = append(bodies, render(s, nil))
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"sessions": bodies})
}

func refuse(w http.ResponseWriter, err error) bool {
	if err == nil {
		return false
	}
	info := sessnode.CodeOf(err).Info()
	w.WriteHeader(info.Status)
	_ = json.NewEncoder(w).Encode(map[string]string{"code": info.Name, "reason": sessnode.ReasonOf(err)})
	return true
}

func show(w http.ResponseWriter, s sessnode.Session, taken map[string]sessnode.Value) {
	w.Header().Set("ETag", fmt.Sprintf(`"1-%d"`, s.Version))
	_ = json.NewEncoder(w).Encode(render(s, taken))
}

func render(s sessnode.Session, taken map[string]sessnode.Value) map[string]any {
	plain := func(values map[string]sessnode.Value) map[string]json.RawMessage {
		m := map[string]json.RawMessage{}
		for name, v := range values {
			m[name] = v.Data
		}
		return m
	}
	return map[string]any{"id": s.ID.String(), "version": s.Version, "subject": s.Subject, "attrs": plain(s.Attrs),
		"values": plain(taken), "device": map[string]string{"label": s.Device.Label}}
}
