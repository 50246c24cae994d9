package httpapi

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi/http1"
)

// Request is one HTTP request, whichever server read it.
type Request struct {
	Method string
	Path   string // as sent: percent-encoded, without the query
	Query  string // as sent, without the question mark
	Host   string // of the Host header, with its port
	Remote string // the peer's address, for the log
	Header Headers

	Body   io.Reader // nil if there is none
	Length int64     // of the body in bytes; -1 if it was not announced

	// whole is the body where the server has all of it: then Body is not read. It is good until the answer is complete.
	whole []byte
}

// take fills in what a plain head says. The texts are the head's.
func (r *Request) take(h *http1.Head, remote string) {
	r.Method, r.Path, r.Query, r.Host, r.Remote, r.Length = h.Method, h.Path, h.Query, h.Host, remote, int64(h.Length)
	for i := range h.Fields {
		r.Header.Add(h.Fields[i].Name, h.Fields[i].Value)
	}
}

// header is a request header that the API looks at.
type header uint8

const (
	headerAccept header = iota
	headerAuthorization
	headerConsistency
	headerContentEncoding
	headerContentType
	headerIdempotencyKey
	headerIfMatch
	headerIfNoneMatch
	headerLastEventID
	headerMinIndex
	headerOrigin
	headerTimeout
	headerToken
	headerCount
)

var headerNames = [headerCount]string{
	headerAccept: "Accept", headerAuthorization: "Authorization", headerConsistency: "Session-Consistency", headerContentEncoding: "Content-Encoding",
	headerContentType: "Content-Type", headerIdempotencyKey: "Idempotency-Key", headerIfMatch: "If-Match", headerIfNoneMatch: "If-None-Match",
	headerLastEventID: "Last-Event-Id", headerMinIndex: "Session-Min-Index", headerOrigin: "Origin", headerTimeout: "Session-Timeout",
	headerToken: "Session-Token",
}

// Headers holds the headers of a request that the API looks at, and drops all others. The zero value has none.
type Headers struct {
	values [headerCount]string
	counts [headerCount]uint8 // 2 stands for more, too
}

// Add takes in one header, its name in any case. The values of one that comes more than once are joined by commas, which says
// the same of the lists among them (RFC 9110, 5.3); the API refuses that of all others.
func (h *Headers) Add(name, value string) {
	if len(name) >= len(headerLengths) {
		return
	}
	for _, id := range headerLengths[len(name)] {
		if equalFold(name, headerNames[id]) {
			if h.counts[id] == 0 {
				h.values[id], h.counts[id] = value, 1
				return
			}
			h.values[id], h.counts[id] = h.values[id]+","+value, 2
			return
		}
	}
}

// headerLengths sorts the headers by the lengths of their names.
var headerLengths = sortedHeaders()

func sortedHeaders() (byLength [len("Session-Consistency") + 1][]header) {
	for id, name := range headerNames {
		byLength[len(name)] = append(byLength[len(name)], header(id))
	}
	return byLength
}

// equalFold compares names of the same length in ASCII.
func equalFold(a, b string) bool {
	for i := range len(a) {
		if a[i]|0x20 != b[i]|0x20 { // the names known have letters and hyphens only, and nothing else folds to a letter
			return false
		}
	}
	return true
}

// has reports whether a header was sent.
func (h *Headers) has(id header) bool { return h.counts[id] > 0 }

// Reply is the answer. Body is complete, and its length is the Content-Length, unless there is a Stream.
type Reply struct {
	Status int
	Header []Field
	Body   []byte
	Close  bool // close the connection: the request was refused before its body was read

	// Stream, where it is not nil, writes the body: it calls send with one piece after the other, each of which must go out at
	// once, until ctx ends or send fails. Whoever carries the reply must call it exactly once; it holds one of the API's slots.
	Stream func(ctx context.Context, send func([]byte) error)

	// What becomes a header too: texts of their own would be garbage with each answer.
	typed     bool // Content-Type and Vary, of the format of the body
	format    format
	at        sessnode.Position // Session-Index and Session-Generation
	hasTag    bool
	version   uint64    // in the Etag, where there is one
	idle, end time.Time // Session-Idle-Deadline and Session-End of a state that the client has
	app       string
	made      sessnode.ID // the Location, where one was made in app
}

// expand makes headers of what is not one yet.
func (r *Reply) expand() {
	if r.typed {
		r.set("Content-Type", r.format.contentType())
		r.set("Vary", "Accept")
	}
	if r.hasTag {
		r.set("Etag", etag(r.at.Generation, r.version))
	}
	if r.Status == 304 {
		r.set("Session-Idle-Deadline", instant(r.idle))
		r.set("Session-End", instant(r.end))
	}
	if !r.made.IsZero() {
		r.set("Location", "/v1/apps/"+r.app+"/sessions/"+r.made.String())
	}
	r.set("Session-Index", r.at.String())
	r.set("Session-Generation", strconv.FormatUint(r.at.Generation, 10))
	r.set("Cache-Control", "no-store")
	r.set("X-Content-Type-Options", "nosniff")
}

// Field is one header of a Reply.
type Field struct{ Name, Value string }

func (r *Reply) set(name, value string) { r.Header = append(r.Header, Field{name, value}) }
