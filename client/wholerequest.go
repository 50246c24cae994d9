package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/sessnode/sessnode/internal/frames"
)

// suits reports whether a request may go over a shared connection: it is a plain one, small, and not answered by a stream.
func suits(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return false
	}
	for _, name := range []string{"Expect", "Upgrade", "Te"} {
		if r.Header[name] != nil {
			return false
		}
	}
	known := r.Body == nil || r.Body == http.NoBody || r.ContentLength > 0 // how long the body is
	return known && r.ContentLength <= frames.MaxRequest/2 &&
		!strings.HasSuffix(r.URL.Path, "/events") && !strings.HasSuffix(r.URL.Path, "/backup") && isPlainText(r.URL.RawQuery) && isPlainText(hostOf(r)) &&
		!strings.Contains(hostOf(r), "%") // the zone of an IPv6 address, which net/http takes away
}

// isPlainText reports whether a text is visible ASCII. What is wrong with all others net/http says.
func isPlainText(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' })
}

// framing are headers that say how a request is framed and whom it is for: those are written by wholeRequest.
var framing = map[string]bool{"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Trailer": true, "Connection": true}

// wholeRequest writes a request as it goes over the wire, and closes its body.
func wholeRequest(r *http.Request) (text []byte, err error) {
	var b bytes.Buffer
	b.Grow(1024 + int(r.ContentLength))
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.URL.RequestURI(), hostOf(r))
	err = r.Header.WriteSubset(&b, framing)
	if r.Method != http.MethodGet || r.ContentLength > 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", r.ContentLength)
	}
	b.WriteString("\r\n")
	if r.Body == nil {
		return b.Bytes(), err
	}
	head := b.Len()
	_, fault := io.Copy(&b, r.Body)
	err = errors.Join(err, fault, r.Body.Close())
	if err == nil && int64(b.Len()-head) != r.ContentLength {
		err = fmt.Errorf("the body has %d bytes, and not %d", b.Len()-head, r.ContentLength)
	}
	return b.Bytes(), err
}

// again returns a request whose body was read into text, ready to be sent once more.
func again(r *http.Request, text []byte) *http.Request {
	r = r.Clone(r.Context())
	if r.Body = http.NoBody; r.ContentLength > 0 {
		r.Body = io.NopCloser(bytes.NewReader(text[len(text)-int(r.ContentLength):]))
	}
	return r
}

func hostOf(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}
