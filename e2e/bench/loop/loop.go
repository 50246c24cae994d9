// Package loop is the least that can be called the HTTP server of sessnode: its parser (httpapi/http1) in a goroutine for each
// connection. It has no TLS, no time-outs, no limits but that of a request's size, and no drain, and it answers nothing that is odd.
package loop

import (
	"io"
	"net"
	"strconv"

	"github.com/sessnode/sessnode/httpapi/http1"
)

// mostBytes is how large a request may be.
const mostBytes = 64 << 10

// Handler appends an answer to out and returns it. The request is good until it returns. It belongs to one connection.
type Handler func(out []byte, head *http1.Head, body []byte) []byte

// Serve answers until the listener fails; each connection has a handler of its own.
func Serve(ln net.Listener, handler func() Handler) error {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go serve(conn, handler()) // ends with the connection
	}
}

func serve(conn net.Conn, answer Handler) {
	defer conn.Close()
	in := make([]byte, 4<<10)
	var out []byte
	var head http1.Head
	from, to := 0, 0
	for {
		size, verdict := http1.Parse(in[from:to], &head)
		if verdict == http1.Odd {
			return
		}
		if verdict == http1.Plain && to-from >= size+head.Length {
			out = answer(out[:0], &head, in[from+size:from+size+head.Length])
			if _, err := conn.Write(out); err != nil {
				return
			}
			if from += size + head.Length; from == to {
				from, to = 0, 0
			}
			if from < to {
				continue
			}
		}
		if to == len(in) {
			if in = room(in, from); in == nil {
				return
			}
			from, to = 0, to-from
		}
		n, err := conn.Read(in[to:])
		if to += n; err != nil && (n == 0 || err != io.EOF) {
			return
		}
	}
}

// room moves what is read to the front, in a larger buffer where it fills this one. nil: it is too much.
func room(in []byte, from int) []byte {
	if from == 0 {
		if len(in) >= mostBytes {
			return nil
		}
		return append(in, make([]byte, len(in))...)
	}
	copy(in, in[from:])
	return in
}

// Answer appends an answer with the headers that clients of sessnode look for.
func Answer(out []byte, status int, body []byte) []byte {
	out = strconv.AppendInt(append(out, "HTTP/1.1 "...), int64(status), 10)
	out = append(out, " OK\r\nContent-Type: application/json\r\nSession-Index: 1\r\nContent-Length: "...)
	out = append(strconv.AppendInt(out, int64(len(body)), 10), "\r\n\r\n"...)
	return append(out, body...)
}

// Header returns the first value of a header, whose name must be written as it is sent.
func Header(head *http1.Head, name string) string {
	for i := range head.Fields {
		if head.Fields[i].Name == name {
			return head.Fields[i].Value
		}
	}
	return ""
}
