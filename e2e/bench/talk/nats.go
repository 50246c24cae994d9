package talk

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/sessnode/sessnode"
)

// NATS is a connection to a NATS server. It makes one request at a time. It belongs to one goroutine.
type NATS struct {
	link
	inbox  string
	answer []byte
}

// NewNATS prepares a connection; it does not dial. A request may take as long as timeout.
func NewNATS(address string, timeout time.Duration) *NATS {
	c := &NATS{link: newLink(address, timeout), inbox: "_INBOX." + sessnode.NewID().String()}
	c.greet = func() error {
		if _, err := c.in.ReadSlice('\n'); err != nil { // INFO
			return err
		}
		c.out = append(c.out[:0], `CONNECT {"verbose":false,"pedantic":false,"lang":"talk","version":"1","protocol":1,"headers":true,"no_responders":true}`...)
		c.out = append(append(append(c.out, "\r\nSUB "...), c.inbox...), " 1\r\nPING\r\n"...)
		if err := c.send(); err != nil {
			return err
		}
		for {
			line, err := c.in.ReadSlice('\n')
			switch {
			case err != nil:
				return err
			case bytes.HasPrefix(line, []byte("PONG")):
				return nil
			case bytes.HasPrefix(line, []byte("-ERR")):
				return fmt.Errorf("%w: %q", ErrProtocol, line)
			}
		}
	}
	return c
}

// Request publishes a message with a place for the answer, and returns the answer: its headers, which may be empty, and its body, good
// until the next request. sent reports whether the server may have got it. After an error the connection is closed, so that a late answer
// is none to a later request.
func (c *NATS) Request(ctx context.Context, subject, body []byte) (headers, answer []byte, sent bool, err error) {
	if err := c.ready(ctx); err != nil {
		return nil, nil, false, err
	}
	c.out = append(append(append(c.out[:0], "PUB "...), subject...), ' ')
	c.out = append(append(append(c.out, c.inbox...), ' '), strconv.Itoa(len(body))...)
	c.out = append(append(append(c.out, "\r\n"...), body...), "\r\n"...)
	if err = c.send(); err == nil {
		headers, answer, err = c.receive()
	}
	if err != nil {
		_ = c.Close()
	}
	return headers, answer, true, err
}

// receive reads until a message comes.
func (c *NATS) receive() (headers, body []byte, err error) {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return nil, nil, err
		}
		verb, rest, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(" "))
		switch string(verb) {
		case "PING":
			c.out = append(c.out[:0], "PONG\r\n"...)
			if err := c.send(); err != nil {
				return nil, nil, err
			}
		case "MSG", "HMSG":
			return c.message(rest, string(verb) == "HMSG")
		case "PONG", "+OK", "INFO":
		default:
			return nil, nil, fmt.Errorf("%w: %q", ErrProtocol, line)
		}
	}
}

// message reads what follows "MSG subject sid [reply] [length of the headers] length".
func (c *NATS) message(line []byte, withHeaders bool) (headers, body []byte, err error) {
	words := bytes.Fields(line)
	number := func(fromEnd int) int {
		if len(words) < fromEnd {
			return -1
		}
		n, err := strconv.Atoi(string(words[len(words)-fromEnd]))
		if err != nil {
			return -1
		}
		return n
	}
	length, head := number(1), 0
	if withHeaders {
		head = number(2)
	}
	if length < 0 || head < 0 || head > length || length > maxReplyBytes {
		return nil, nil, fmt.Errorf("%w: MSG %q", ErrProtocol, line)
	}
	c.answer = append(c.answer[:0], make([]byte, length+2)...)
	if _, err := io.ReadFull(c.in, c.answer); err != nil {
		return nil, nil, err
	}
	return c.answer[:head], c.answer[head:length], nil
}
