package httpapi

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP carries Do over net/http.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader
	if r.Body != nil && r.Body != http.NoBody {
		body = r.Body
	}
	request := &Request{
		Method: r.Method,
		Path:   pathOf(r),
		Query:  r.URL.RawQuery,
		Host:   r.Host,
		Remote: r.RemoteAddr,
		Body:   body,
		Length: r.ContentLength,
	}
	for name, values := range r.Header {
		for _, value := range values {
			request.Header.Add(name, value)
		}
	}
	reply := a.Do(r.Context(), request)
	header := w.Header()
	for _, f := range reply.Header {
		header[f.Name] = []string{f.Value}
	}
	// Who sends a length beside chunks may have been understood differently on the way, and net/http does not tell: nothing that comes
	// after a chunked body is read (RFC 9112, 6.1).
	if reply.Close || len(r.TransferEncoding) > 0 {
		header["Connection"] = []string{"close"}
	}
	if reply.Stream != nil {
		carry(w, r, reply)
		return
	}
	if reply.Status != http.StatusNoContent && reply.Status != http.StatusNotModified {
		header["Content-Length"] = []string{strconv.Itoa(len(reply.Body))}
	}
	w.WriteHeader(reply.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(reply.Body) // whoever does not read the answer has an unknown outcome, as the contract says
	}
}

// streamPatience is how long a reader of a stream may take to accept a piece of it.
const streamPatience = 15 * time.Second

// carry sends a stream, each piece at once. The server's time-outs are for requests that end: the one for reading would cancel the
// request's context, the one for writing would cut the stream off.
func carry(w http.ResponseWriter, r *http.Request, reply *Reply) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // fails only where there are no deadlines
	w.WriteHeader(reply.Status)
	reply.Stream(r.Context(), func(piece []byte) error {
		_ = control.SetWriteDeadline(time.Now().Add(streamPatience))
		if _, err := w.Write(piece); err != nil {
			return err
		}
		return control.Flush()
	})
}

// pathOf returns the path as it was sent, not as net/url understood it.
func pathOf(r *http.Request) string {
	if path, _, _ := strings.Cut(r.RequestURI, "?"); strings.HasPrefix(path, "/") {
		return path
	}
	return r.URL.EscapedPath() // an absolute URI, or a request that was made by hand
}
