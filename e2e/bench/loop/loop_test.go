package loop

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/httpapi/http1"
)

func TestRequestsAreAnsweredHoweverTheyArrive(t *testing.T) {
	body := strings.Repeat("b", 9000) // more than the first buffer holds
	one := "GET /a HTTP/1.1\r\nHost: h\r\nSession-Token: t\r\n\r\n"
	two := fmt.Sprintf("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	text := one + two + one
	for _, piece := range []int{1, 7, 100, 5000, len(text)} {
		client, server := net.Pipe()
		go func() { // ends with the pipe
			defer client.Close()
			for rest := []byte(text); len(rest) > 0; {
				n := min(piece, len(rest))
				if _, err := client.Write(rest[:n]); err != nil {
					return
				}
				rest = rest[n:]
			}
		}()
		var got []string
		record := &answers{Conn: server}
		serve(record, func(out []byte, h *http1.Head, body []byte) []byte {
			got = append(got, fmt.Sprint(h.Method, h.Path, Header(h, "Session-Token"), len(body)))
			return Answer(out, 200, body[:min(1, len(body))])
		})
		if want := []string{"GET/at0", "POST/b9000", "GET/at0"}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("in pieces of %d: %q, want %q", piece, got, want)
		}
		if n := strings.Count(record.String(), "HTTP/1.1 200 OK\r\n"); n != 3 {
			t.Errorf("in pieces of %d: %d answers, want 3", piece, n)
		}
	}
}

func TestWhatIsOddOrTooLargeEndsTheConnection(t *testing.T) {
	for _, text := range []string{"what\r\n\r\n", "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n" + strings.Repeat("b", 2*mostBytes)} {
		client, server := net.Pipe()
		go func() { // ends when the server closes
			_, _ = io.WriteString(client, text)
			_ = client.Close()
		}()
		serve(server, func([]byte, *http1.Head, []byte) []byte {
			t.Errorf("%.20q was answered", text)
			return nil
		})
	}
}

// answers keeps what is written to a connection.
type answers struct {
	net.Conn
	bytes.Buffer
}

func (a *answers) Read(b []byte) (int, error)  { return a.Conn.Read(b) }
func (a *answers) Write(b []byte) (int, error) { return a.Buffer.Write(b) }
