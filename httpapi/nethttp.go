package httpapi

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

// ServeHTTP carries Do over net/http.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader
	if r.Body != nil && r.Body != http.NoBody {
		body = r.Body
	}
	reply := a.Do(r.Context(), &Request{
		Method: r.Method,
		Path:   pathOf(r),
		Query:  r.URL.RawQuery,
		Host:   r.Host,
		Remote: r.RemoteAddr,
		Header: func(name string) []string { return r.Header[name] },
		Body:   body,
		Length: r.ContentLength,
	})
	header := w.Header()
	for _, f := range reply.Header {
		header[f.Name] = []string{f.Value}
	}
	if reply.Close {
		header["Connection"] = []string{"close"}
	}
	if reply.Status != http.StatusNoContent && reply.Status != http.StatusNotModified {
		header["Content-Length"] = []string{strconv.Itoa(len(reply.Body))}
	}
	w.WriteHeader(reply.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(reply.Body) // whoever does not read the answer has an unknown outcome, as the contract says
	}
}

// pathOf returns the path as it was sent, not as net/url understood it.
func pathOf(r *http.Request) string {
	if path, _, _ := strings.Cut(r.RequestURI, "?"); strings.HasPrefix(path, "/") {
		return path
	}
	return r.URL.EscapedPath() // an absolute URI, or a request that was made by hand
}
