package http1_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode/httpapi/http1"
)

const (
	start = "GET /v1/apps/web/session HTTP/1.1\r\n"
	host  = "Host: localhost\r\n"
)

func TestPlainHeads(t *testing.T) {
	text := "PATCH /v1/apps/we%62/session?touch=false&x=? HTTP/1.1\r\nhOST: [::1]:7480\r\nSession-Token:  a b\t\r\nEmpty:\r\ncontent-length: 12\r\nX: 1\r\nX: 2\r\nConnection: Keep-Alive\r\n\r\n"
	var h http1.Head
	size, v := http1.Parse([]byte(text+"{body"), &h)
	want := http1.Head{Method: "PATCH", Path: "/v1/apps/we%62/session", Query: "touch=false&x=?", Host: "[::1]:7480", Length: 12,
		Fields: []http1.Field{{Name: "Session-Token", Value: "a b"}, {Name: "Empty", Value: ""}, {Name: "X", Value: "1"}, {Name: "X", Value: "2"}}}
	if v != http1.Plain || size != len(text) {
		t.Fatalf("Parse = %d, %d, want the %d bytes of a plain head", size, v, len(text))
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
	for i := range len(text) {
		if _, v := http1.Parse([]byte(text[:i]), &h); v != http1.Incomplete {
			t.Errorf("Parse(%q) = %d, want incomplete", text[:i], v)
		}
	}
}

// odd lists what is handed over. What is malicious among it is refused there: httpapi's tests hold that.
var odd = map[string]string{
	"no method":               " /x HTTP/1.1\r\n" + host,
	"other method":            "HEAD / HTTP/1.1\r\n" + host,
	"method in lower case":    "get / HTTP/1.1\r\n" + host,
	"HTTP/1.0":                "GET / HTTP/1.0\r\n" + host,
	"HTTP/2":                  "GET / HTTP/2.0\r\n" + host,
	"HTTP/0.9":                "GET /\r\n" + host,
	"two blanks":              "GET  / HTTP/1.1\r\n" + host,
	"blank in the target":     "GET /a b HTTP/1.1\r\n" + host,
	"absolute target":         "GET http://x/ HTTP/1.1\r\n" + host,
	"target of two slashes":   "GET //x/ HTTP/1.1\r\n" + host,
	"asterisk":                "GET * HTTP/1.1\r\n" + host,
	"fragment":                "GET /a#b HTTP/1.1\r\n" + host,
	"broken escape":           "GET /a%2 HTTP/1.1\r\n" + host,
	"escape of no hex":        "GET /a%zz HTTP/1.1\r\n" + host,
	"zero byte in the target": "GET /\x00 HTTP/1.1\r\n" + host,
	"umlaut in the target":    "GET /ü HTTP/1.1\r\n" + host,
	"line feed alone":         "GET / HTTP/1.1\n" + host,
	"later line feed alone":   start + "Host: a\n",
	"carriage return within":  start + host + "A: b\rC: d\r\n",
	"carriage return, first":  "GET /\r HTTP/1.1\r\n" + host,
	"folded":                  start + host + "A: b\r\n c\r\n",
	"folded first":            start + " A: b\r\n" + host,
	"blank before the colon":  start + host + "A : b\r\n",
	"no colon":                start + host + "A\r\n",
	"no name":                 start + host + ": b\r\n",
	"strange name":            start + host + "A(: b\r\n",
	"name of another script":  start + host + "Ä: b\r\n",
	"zero byte in a value":    start + host + "A: \x00\r\n",
	"delete in a value":       start + host + "A: \x7f\r\n",
	"umlaut in a value":       start + host + "A: ü\r\n",
	"no host":                 start,
	"two hosts":               start + host + host,
	"empty host":              start + "Host:\r\n",
	"host with a path":        start + "Host: a/b\r\n",
	"host with a user":        start + "Host: a@b\r\n",
	"lengths that differ":     start + host + "Content-Length: 1\r\nContent-Length: 2\r\n",
	"length twice":            start + host + "Content-Length: 1\r\nContent-Length: 1\r\n",
	"list of lengths":         start + host + "Content-Length: 1, 1\r\n",
	"signed length":           start + host + "Content-Length: +1\r\n",
	"negative length":         start + host + "Content-Length: -1\r\n",
	"length with a zero":      start + host + "Content-Length: 01\r\n",
	"length in hex":           start + host + "Content-Length: 0x1\r\n",
	"empty length":            start + host + "Content-Length:\r\n",
	"endless length":          start + host + "Content-Length: 18446744073709551617\r\n",
	"chunked":                 start + host + "Transfer-Encoding: chunked\r\n",
	"chunked and length":      start + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
	"length and chunked":      start + host + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
	"hidden chunked":          start + host + "tRANSFER-eNCODING:\tx\r\n",
	"expect":                  start + host + "Expect: 100-continue\r\n",
	"upgrade":                 start + host + "Upgrade: h2c\r\n",
	"trailer":                 start + host + "Trailer: X\r\n",
	"TE":                      start + host + "TE: trailers\r\n",
	"close":                   start + host + "Connection: close\r\n",
	"connection of two":       start + host + "Connection: keep-alive, upgrade\r\n",
	"too many fields":         start + host + strings.Repeat("A: b\r\n", http1.MaxFields+1),
	"empty line first":        "\r\n" + start + host,
	"TLS":                     "\x16\x03\x01\x02\x00",
}

func TestOddHeads(t *testing.T) {
	for name, text := range odd {
		var h http1.Head
		if size, v := http1.Parse([]byte(text+"\r\n"), &h); v != http1.Odd || size != 0 || h.Method != "" {
			t.Errorf("%s: Parse = %d, %d, %+v, want odd and nothing else", name, size, v, h)
		}
	}
}

func TestParseCostsOneCopy(t *testing.T) {
	head := []byte(start + host + "Accept: application/json\r\nSession-Token: 0123456789\r\n\r\n")
	var h http1.Head
	http1.Parse(head, &h)
	if n := testing.AllocsPerRun(100, func() { http1.Parse(head, &h) }); n != 1 {
		t.Errorf("Parse of a plain head allocates %v times, want 1", n)
	}
	if n := testing.AllocsPerRun(100, func() { http1.Parse(head[:len(head)-1], &h) }); n != 0 {
		t.Errorf("Parse of half a head allocates %v times, want 0", n)
	}
}

// FuzzPlainIsWhatNetHTTPReads: what is plain here, net/http accepts and understands in the same way.
func FuzzPlainIsWhatNetHTTPReads(f *testing.F) {
	f.Add([]byte(start + host + "Session-Token: x\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("POST /a%2Fb?c=%zz HTTP/1.1\r\nhost: A_b.c:80\r\nA: \tb c \r\nA: d\r\nConnection: Keep-Alive\r\n\r\nGET / HTTP/1.1\r\n"))
	for _, text := range odd {
		f.Add([]byte(text + "\r\n"))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var h http1.Head
		_, v := http1.Parse(text, &h)
		if v != http1.Plain {
			return
		}
		r := bufio.NewReader(bytes.NewReader(text))
		req, err := http.ReadRequest(r)
		if err != nil {
			t.Fatalf("plain, but net/http says %v", err)
		}
		target := h.Path
		if bytes.IndexByte(text[:bytes.IndexByte(text, '\n')], '?') >= 0 {
			target += "?" + h.Query
		}
		got := []any{h.Method, target, h.Query, h.Host, int64(h.Length), false, []string(nil)}
		want := []any{req.Method, req.RequestURI, req.URL.RawQuery, req.Host, req.ContentLength, req.Close, req.TransferEncoding}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("net/http (-) understands it differently (+):\n%s", diff)
		}
		values := http.Header{}
		for _, field := range h.Fields {
			values.Add(field.Name, field.Value)
		}
		for name := range req.Header {
			if name == "Content-Length" || name == "Connection" {
				delete(req.Header, name)
			}
		}
		if diff := cmp.Diff(req.Header, values); diff != "" {
			t.Errorf("headers of net/http (-) differ (+):\n%s", diff)
		}
	})
}

// TestValuesAreJudgedByteByByte: each byte at each place among eight and more is judged as it is alone.
func TestValuesAreJudgedByteByByte(t *testing.T) {
	for c := range 256 {
		good := c == '\t' || c >= ' ' && c < 0x7f
		for at := range 19 {
			value := []byte("abcdefghijklmnopqrs")
			value[at] = byte(c)
			var h http1.Head
			_, v := http1.Parse([]byte(start+host+"A: b"+string(value)+"c\r\n\r\n"), &h)
			if c != '\r' && c != '\n' && (v == http1.Plain) != good {
				t.Errorf("a value with the byte %#x at %d is %d, want plain: %v", c, at, v, good)
			}
		}
	}
}

func TestHeadsOfManyFieldsKeepTheirOrder(t *testing.T) {
	for _, n := range []int{15, 16, 17, http1.MaxFields} {
		text := start + host
		for i := range n {
			text += fmt.Sprintf("A%d: %d\r\n", i, i)
		}
		var h http1.Head
		if _, v := http1.Parse([]byte(text+"\r\n"), &h); v != http1.Plain || len(h.Fields) != n {
			t.Fatalf("a head of %d fields = %d with %d fields, want a plain one", n, v, len(h.Fields))
		}
		for i, f := range h.Fields {
			if want := (http1.Field{Name: fmt.Sprintf("A%d", i), Value: fmt.Sprint(i)}); f != want {
				t.Errorf("field %d of %d = %v, want %v", i, n, f, want)
			}
		}
	}
}
