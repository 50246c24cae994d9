package torture

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Gate is where handlers wait: a handler that was asked to hold at a name gets GATE/name, and has the answer only when the trial
// opens it. It works across processes and machines, which an event inside the application would not. Safe for concurrent use.
type Gate struct {
	server   *http.Server
	listener net.Listener

	mu      sync.Mutex
	places  map[string]*place
	counter int
}

// place is one name of the gate.
type place struct {
	arrived chan struct{} // closed when a handler waits
	open    chan struct{} // closed when it may go on
	once    sync.Once     // a handler may ask twice
	opened  sync.Once
}

// NewGate opens a gate on loopback. Close must be called.
func NewGate() (*Gate, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &Gate{listener: listener, places: map[string]*place{}}
	g.server = &http.Server{Handler: http.HandlerFunc(g.wait), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = g.server.Serve(listener) }() // ends with Close
	return g, nil
}

// URL is what the application needs to know, as TORTURE_GATE: a name is put behind it.
func (g *Gate) URL() string { return "http://" + g.listener.Addr().String() + "/" }

// Close lets everybody go and ends the gate.
func (g *Gate) Close() error { return g.server.Close() }

// place makes a new place and its name.
func (g *Gate) place() (string, *place) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counter++
	name := strconv.Itoa(g.counter)
	p := &place{arrived: make(chan struct{}), open: make(chan struct{})}
	g.places[name] = p
	return name, p
}

func (p *place) letGo() { p.opened.Do(func() { close(p.open) }) }

func (g *Gate) wait(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	p := g.places[r.URL.Path[1:]]
	g.mu.Unlock()
	if p == nil {
		http.NotFound(w, r)
		return
	}
	p.once.Do(func() { close(p.arrived) })
	select {
	case <-p.open:
	case <-r.Context().Done():
	}
}

var errNotHeld = errors.New("the handler did not wait at the gate")

// Flight is a request that is held by its handler.
type Flight struct {
	place *place
	done  chan struct{} // closed when the answer, or the failure, is there
	got   Answer
	err   error
}

// hold sends a request by do and returns once its handler waits at the gate. A request that is answered without waiting is an
// error: then there was no race.
func (g *Gate) hold(ctx context.Context, do func(hold string) (Answer, error)) (*Flight, error) {
	name, p := g.place()
	f := &Flight{place: p, done: make(chan struct{})}
	go func() { // ends with the request, which its client's timeout bounds
		defer close(f.done)
		f.got, f.err = do(name)
	}()
	select {
	case <-p.arrived:
		return f, nil
	case <-f.done:
		return nil, errors.Join(errNotHeld, f.err)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Land lets the request go and returns its answer.
func (f *Flight) Land() (Answer, error) {
	f.place.letGo()
	<-f.done
	return f.got, f.err
}
