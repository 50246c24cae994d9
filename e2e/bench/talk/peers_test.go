package talk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
)

// h2 is a frame of HTTP/2.
func h2(kind, flags byte, stream uint32, payload string) string {
	n := len(payload)
	return string(binary.BigEndian.AppendUint32([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags}, stream)) + payload
}

// grpcSent is what a first call of "/p" with the message "m" sends, up to its last byte.
func grpcSent(address string) int {
	headers := 2 + 2 + 2 + 2 + len(address) + 2 + 1 + len("application/grpc") + 1 + 3 + 9
	return len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + 9 + 12 + 9 + 4 + 9 + headers + 9 + 5 + 1
}

func TestGRPCReadsTheMessageAndAnswersWhatTheProtocolAsks(t *testing.T) {
	for _, c := range []struct {
		name, answer, want string
		err                error
	}{
		{"a message in two frames", h2(4, 0, 0, "") + h2(1, 4, 1, "hh") + h2(0, 0, 1, "\x00\x00\x00\x00\x03a") + h2(6, 0, 0, "12345678") + h2(0, 8, 1, "\x02bc\x00\x00") +
			h2(1, 5, 1, "t"), "abc", nil},
		{"a message of another call", h2(0, 1, 7, "\x00\x00\x00\x00\x01z") + h2(0, 1, 1, "\x00\x00\x00\x00\x01y"), "y", nil},
		{"a status alone", h2(1, 5, 1, "t"), "", ErrCall},
		{"a reset", h2(3, 0, 1, "\x00\x00\x00\x01"), "", ErrCall},
		{"a server that goes away", h2(7, 0, 0, "12345678"), "", ErrProtocol},
		{"a compressed message", h2(0, 1, 1, "\x01\x00\x00\x00\x01y"), "", ErrProtocol},
		{"half a message", h2(0, 1, 1, "\x00\x00\x00\x00\x09y"), "", ErrProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			address, got := script(t, grpcSent("127.0.0.1:12345"), c.answer)
			if len(address) != len("127.0.0.1:12345") {
				t.Skip("a short port")
			}
			g := NewGRPC(address, time.Second)
			defer g.Close()
			answer, sent, err := g.Call(t.Context(), "/p", []byte("m"))
			if string(answer) != c.want || !errors.Is(err, c.err) || !sent {
				t.Errorf("Call = %q, sent %v, %v, want %q, %v", answer, sent, err, c.want, c.err)
			}
			if text := got(); !strings.HasSuffix(text, "\x00\x00\x00\x00\x01m") || !strings.Contains(text, "\x04\x02/p\x01\x0f"+address) {
				t.Errorf("sent %q, want the path, the address and the message", text)
			}
			if open := g.conn != nil; open != (c.err == nil || errors.Is(c.err, ErrCall)) {
				t.Errorf("the connection is open: %v, after %v", open, err)
			}
		})
	}
}

func TestFieldFindsWhatWasAppended(t *testing.T) {
	m := AppendNumber(AppendBytes(AppendNumber(nil, 1, 300), 2, "abc"), 16, 7)
	if n, _, ok := Field(m, 1); n != 300 || !ok {
		t.Errorf("Field 1 = %d, %v, want 300", n, ok)
	}
	if _, text, ok := Field(m, 2); string(text) != "abc" || !ok {
		t.Errorf("Field 2 = %q, %v, want abc", text, ok)
	}
	if n, _, ok := Field(m, 16); n != 7 || !ok {
		t.Errorf("Field 16 = %d, %v, want 7", n, ok)
	}
	for cut := range m { // nothing that is cut short is read beyond its end
		Field(m[:cut], 99)
	}
	if _, _, ok := Field(m, 3); ok {
		t.Error("Field 3 = found, want nothing")
	}
}

func TestNATSReadsMessagesWithAndWithoutHeaders(t *testing.T) {
	info := "INFO {}\r\n"
	for _, c := range []struct {
		name, answer, headers, body string
		err                         error
	}{
		{"a message", "PONG\r\nPING\r\nMSG x 1 3\r\na\r\n\r\n", "", "a\r\n", nil},
		{"headers", "PONG\r\n+OK\r\nHMSG x 1 4 7\r\nhhhhabc\r\n", "hhhh", "abc", nil},
		{"an error", "PONG\r\n-ERR 'no'\r\n", "", "", ErrProtocol},
		{"a strange length", "PONG\r\nHMSG x 1 9 7\r\nhhhhabc\r\n", "", "", ErrProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			// The greeting comes before anything is sent: the script sends it all, and a client reads it when it wants to.
			address, _ := script(t, 0, info+c.answer)
			n := NewNATS(address, time.Second)
			defer n.Close()
			headers, body, _, err := n.Request(t.Context(), []byte("s"), []byte("b"))
			if string(headers) != c.headers || string(body) != c.body || !errors.Is(err, c.err) {
				t.Errorf("Request = %q, %q, %v, want %q, %q, %v", headers, body, err, c.headers, c.body, c.err)
			}
		})
	}
}

// pg is a message of PostgreSQL's protocol.
func pg(kind byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4))) + body
}

func TestPGReadsRowsCountsAndErrors(t *testing.T) {
	ready := pg('Z', "I")
	greeting := pg('R', "\x00\x00\x00\x00") + pg('S', "a\x00b\x00") + ready + pg('1', "") + ready
	for _, c := range []struct {
		name, answer, column string
		rows                 int
		err                  error
	}{
		{"a row", pg('2', "") + pg('D', "\x00\x01\x00\x00\x00\x03abc") + pg('C', "SELECT 1\x00") + ready, "abc", 1, nil},
		{"no row", pg('2', "") + pg('C', "SELECT 0\x00") + ready, "", 0, nil},
		{"changed rows", pg('2', "") + pg('C', "INSERT 0 12\x00") + ready, "", 12, nil},
		{"an error", pg('E', "SERROR\x00") + ready, "", 0, ErrCall},
		{"a column beyond its message", pg('D', "\x00\x01\x00\x00\x00\x09abc") + ready, "", 0, ErrProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			address, _ := script(t, 0, greeting+c.answer)
			p := NewPG(address, "u", "d", time.Second, "SELECT $1")
			defer p.Close()
			rows, column, _, err := p.Execute(t.Context(), 0, []byte("k"))
			if rows != c.rows || !bytes.Equal(column, []byte(c.column)) || !errors.Is(err, c.err) {
				t.Errorf("Execute = %d, %q, %v, want %d, %q, %v", rows, column, err, c.rows, c.column, c.err)
			}
		})
	}
}
