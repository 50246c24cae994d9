package sessionhttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
)

// writer is the ResponseWriter that handlers get. It commits the session before the first byte, or the hijacking, whatever
// way it comes; everything else goes straight to the ResponseWriter below, for http.ResponseController by way of Unwrap.
type writer struct {
	http.ResponseWriter
	r       *http.Request
	session *Session    // nil while OnError writes
	outer   http.Header // as it was before the handler
	begun   bool        // the session was committed, or its response replaced
	wrote   bool        // a status went to the writer below
	lost    error       // why the handler's response was replaced
}

var (
	_ http.Flusher  = (*writer)(nil)
	_ http.Hijacker = (*writer)(nil)
	_ io.ReaderFrom = (*writer)(nil)
)

func newWriter(w http.ResponseWriter, r *http.Request, s *Session) *writer {
	return &writer{ResponseWriter: w, r: r, session: s, outer: w.Header().Clone()}
}

// Unwrap lets http.ResponseController reach what this type does not know.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader commits, then sends the header. Informational statuses are no response yet and commit nothing.
func (w *writer) WriteHeader(status int) {
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		if w.lost == nil {
			w.ResponseWriter.WriteHeader(status)
		}
		return
	}
	if w.begin(status) == nil {
		w.wrote = true
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write commits, then writes. It fails once the response was replaced.
func (w *writer) Write(p []byte) (int, error) {
	if err := w.first(); err != nil {
		return 0, err
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom commits, then lets the writer below copy in its own way: sendfile, for one.
func (w *writer) ReadFrom(src io.Reader) (int64, error) {
	if err := w.first(); err != nil {
		return 0, err
	}
	return io.Copy(w.ResponseWriter, src)
}

// Flush is FlushError for those who ask for an http.Flusher.
func (w *writer) Flush() { _ = w.FlushError() }

// FlushError commits, then flushes. http.ResponseController calls it.
func (w *writer) FlushError() error {
	if err := w.first(); err != nil {
		return err
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack commits, then hands the connection over. The cookie, if there is one, is in the header map: whoever writes the
// response from here on must send that along.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := w.begin(http.StatusSwitchingProtocols); err != nil {
		return nil, nil, err
	}
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.wrote = w.wrote || err == nil
	return conn, rw, err
}

// first is begin for what implies the status 200.
func (w *writer) first() error {
	if w.wrote {
		return w.lost
	}
	err := w.begin(http.StatusOK)
	w.wrote = w.wrote || err == nil
	return err
}

// begin commits the session, once, while nothing has left yet. It returns why the handler's response was replaced.
func (w *writer) begin(status int) error {
	if w.begun {
		return w.lost
	}
	w.begun = true
	if err := w.session.settle(status); err != nil {
		w.replace(err)
		return err
	}
	w.session.stamp(w.Header())
	return nil
}

// replace answers instead of the handler, with the headers that were there before it.
func (w *writer) replace(err error) {
	w.begun, w.lost = true, err
	h := w.Header()
	clear(h)
	for name, values := range w.outer {
		h[name] = values
	}
	w.session.stamp(h)
	h.Set("Cache-Control", "no-store")
	if passing(err) {
		h.Set("Retry-After", retryAfter(err))
	}
	answer := &writer{ResponseWriter: w.ResponseWriter, r: w.r, begun: true}
	w.session.m.options.OnError(answer, w.r, err)
	if !answer.wrote {
		answer.WriteHeader(Status(err)) // nobody may take silence for a 200
	}
}

// finish commits after the handler has returned, or what it changed after the first byte.
func (w *writer) finish() {
	if w.begin(http.StatusOK) == nil {
		w.session.settleLate()
	}
}

// stopped is deferred around the handler: where a getter stopped it, the answer is the store's failure. Any other panic goes on
// its way, and commits nothing.
func (w *writer) stopped() {
	cause := recover()
	if cause == nil {
		return
	}
	err := w.session.stoppedBy()
	if cause != http.ErrAbortHandler || err == nil || w.begun && w.lost == nil {
		panic(cause)
	}
	if !w.begun {
		w.replace(err)
	}
}

// vary adds a request header's name to Vary, once.
func vary(h http.Header, name string) {
	for _, line := range h.Values("Vary") {
		for field := range strings.SplitSeq(line, ",") {
			if field = strings.TrimSpace(field); field == "*" || strings.EqualFold(field, name) {
				return
			}
		}
	}
	h.Add("Vary", name)
}
