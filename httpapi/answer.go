package httpapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// write writes a reply, and says in it when it is the last one. False means that it did not arrive.
func (c *conn) write(r *Reply, last bool) bool {
	if r.Stream != nil { // none of the plain requests has one: see mayStream
		ended, end := context.WithCancel(context.Background())
		end()
		r.Stream(ended, func([]byte) error { return context.Canceled })
		return false
	}
	c.out = appendReply(c.out[:0], r, *c.server.watch.date.Load(), last)
	_, err := c.rwc.Write(c.out)
	return err == nil
}

// appendReply writes a reply without a stream, head and body.
func appendReply(b []byte, r *Reply, date string, last bool) []byte {
	b = append(appendStatus(b, r.Status), "\r\nDate: "...)
	b = append(append(b, date...), "\r\n"...)
	for _, f := range r.Header {
		b = appendField(b, f)
	}
	b = r.appendHead(b)
	if last {
		b = append(b, "Connection: close\r\n"...)
	}
	if r.Status != http.StatusNoContent && r.Status != http.StatusNotModified {
		b = append(strconv.AppendInt(append(b, "Content-Length: "...), int64(len(r.Body)), 10), "\r\n"...)
	}
	return append(append(b, "\r\n"...), r.Body...)
}

// appendStatus writes the status line.
func appendStatus(b []byte, status int) []byte {
	switch status {
	case http.StatusOK:
		return append(b, "HTTP/1.1 200 OK"...)
	case http.StatusCreated:
		return append(b, "HTTP/1.1 201 Created"...)
	}
	b = append(strconv.AppendInt(append(b, "HTTP/1.1 "...), int64(status), 10), ' ')
	return append(b, http.StatusText(status)...)
}

// appendField writes a header. A value with the end of a line in it, which none has, does not become two headers.
func appendField(b []byte, f Field) []byte {
	b = append(append(b, f.Name...), ": "...)
	value := f.Value
	if strings.ContainsAny(value, "\r\n") {
		value = strings.NewReplacer("\r", " ", "\n", " ").Replace(value)
	}
	return append(append(b, value...), "\r\n"...)
}

// appendHead writes what expand makes headers of.
func (r *Reply) appendHead(b []byte) []byte {
	switch {
	case r.typed && r.format == formatJSON:
		b = append(b, "Content-Type: "+typeJSON+"\r\nVary: Accept\r\n"...)
	case r.typed:
		b = append(b, "Content-Type: "+typeMsgpack+"\r\nVary: Accept\r\n"...)
	}
	if r.hasTag {
		b = strconv.AppendUint(append(b, "Etag: \""...), r.at.Generation, 36)
		b = append(strconv.AppendUint(append(b, '-'), r.version, 36), "\"\r\n"...)
	}
	if r.Status == http.StatusNotModified {
		b = append(appendInstant(append(b, "Session-Idle-Deadline: "...), r.idle), "\r\n"...)
		b = append(appendInstant(append(b, "Session-End: "...), r.end), "\r\n"...)
	}
	if !r.made.IsZero() {
		b = append(append(append(b, "Location: /v1/apps/"...), r.app...), "/sessions/"...)
		b = append(base64.RawURLEncoding.AppendEncode(b, r.made[:]), "\r\n"...)
	}
	b = strconv.AppendUint(append(b, "Session-Index: "...), r.at.Generation, 36)
	b = strconv.AppendUint(append(b, '-'), r.at.Index, 36)
	b = strconv.AppendUint(append(b, "\r\nSession-Generation: "...), r.at.Generation, 10)
	return append(b, "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"...)
}
