package talk

import (
	"bufio"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
)

// script answers the first connection with what is given and returns what it was sent, up to the last byte that it read.
func script(t *testing.T, sent int, answer string) (address string, got func() string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	read := make(chan string, 1)
	go func() { // ends with the connection
		conn, err := ln.Accept()
		if err != nil {
			read <- err.Error()
			return
		}
		defer conn.Close()
		buf := make([]byte, sent)
		n, _ := io.ReadFull(bufio.NewReader(conn), buf)
		_, _ = io.WriteString(conn, answer)
		_ = conn.(*net.TCPConn).CloseWrite() // what the client still writes is read, or it would see a broken pipe
		read <- string(buf[:n])
		_, _ = io.Copy(io.Discard, conn)
	}()
	return ln.Addr().String(), func() string { return <-read }
}

func TestRESPSendsWholeCommandsAndReadsAllKindsOfReplies(t *testing.T) {
	wire := "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\na\r\n\r\n*2\r\n$4\r\nWAIT\r\n$1\r\n1\r\n"
	address, got := script(t, len(wire), "+OK\r\n:2\r\n")
	c := NewRESP(address, time.Second)
	defer c.Close()
	c.Begin(3)
	c.Word("SET")
	c.Bytes([]byte("k"))
	c.Bytes([]byte("a\r\n"))
	c.Add("WAIT", "1")
	replies, sent, err := c.Do(t.Context())
	if err != nil || !sent {
		t.Fatalf("Do = %v, sent %v, want no error", err, sent)
	}
	if text := got(); text != wire {
		t.Errorf("sent %q, want %q", text, wire)
	}
	want := []Reply{{Kind: '+', Text: []byte("OK")}, {Kind: ':', Int: 2}}
	if !reflect.DeepEqual(replies, want) {
		t.Errorf("replies = %+v, want %+v", replies, want)
	}
}

func TestRESPReadsTextsListsErrorsAndNothing(t *testing.T) {
	wire := "*1\r\n$1\r\na\r\n"
	answer := "$5\r\na\r\nbc\r\n$-1\r\n-ERR no\r\n*2\r\n:7\r\n$0\r\n\r\n"
	address, got := script(t, 4*len(wire), answer)
	c := NewRESP(address, time.Second)
	defer c.Close()
	for range 4 {
		c.Add("a")
	}
	replies, _, err := c.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got()
	want := []Reply{{Kind: '$', Int: 5, Text: []byte("a\r\nbc")}, {Kind: '$', Int: -1, Nil: true}, {Kind: '-', Text: []byte("ERR no")},
		{Kind: '*', Int: 2, List: []Reply{{Kind: ':', Int: 7}, {Kind: '$', Text: []byte{}}}}}
	if !reflect.DeepEqual(replies, want) {
		t.Errorf("replies = %+v, want %+v", replies, want)
	}
}

func TestRESPTellsWhatWasSentFromWhatWasNot(t *testing.T) {
	c := NewRESP("127.0.0.1:1", time.Second) // nobody listens there
	c.Add("a")
	if _, sent, err := c.Do(t.Context()); err == nil || sent {
		t.Errorf("Do without a server = %v, sent %v, want an error and nothing sent", err, sent)
	}
	for _, answer := range []string{"?what\r\n", "$3\r\nabcde", ":x\r\n", "$-5\r\n", "+no end\n", ""} {
		address, _ := script(t, 11, answer)
		c := NewRESP(address, time.Second)
		c.Add("a")
		if _, sent, err := c.Do(t.Context()); err == nil || !sent {
			t.Errorf("Do answered by %q = %v, sent %v, want an error about something that was sent", answer, err, sent)
		} else if answer != "" && !strings.HasSuffix(answer, "abcde") && !errors.Is(err, ErrProtocol) {
			t.Errorf("Do answered by %q = %v, want %v", answer, err, ErrProtocol)
		}
		if c.conn != nil {
			t.Errorf("Do answered by %q keeps the connection", answer)
		}
	}
}

func TestRESPDialsAgainAfterAConnectionBroke(t *testing.T) {
	address, _ := script(t, 11, "?\r\n")
	c := NewRESP(address, time.Second)
	defer c.Close()
	c.Add("a")
	if _, _, err := c.Do(t.Context()); err == nil {
		t.Fatal("nonsense was understood")
	}
	next, _ := script(t, 11, "+OK\r\n")
	c.address = next
	c.Add("b")
	if replies, _, err := c.Do(t.Context()); err != nil || len(replies) != 1 || string(replies[0].Text) != "OK" {
		t.Errorf("Do after a broken connection = %+v, %v, want OK", replies, err)
	}
}
