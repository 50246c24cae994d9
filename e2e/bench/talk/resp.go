package talk

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"
)

// RESP is a connection to a Redis server. It belongs to one goroutine.
type RESP struct {
	link
	pending int
	replies []Reply
	text    []byte // of the replies
}

// Reply is one reply of a Redis server.
type Reply struct {
	Kind byte   // '+' a status, '-' an error, ':' a number, '$' a text, '*' a list
	Text []byte // of a status, an error or a text; good until the next Do
	Int  int64  // a number, or the length of a list
	Nil  bool   // a text or list that is not there
	List []Reply
}

// maxReplyBytes is more than a benchmark asks for.
const maxReplyBytes = 16 << 20

// NewRESP prepares a connection; it does not dial. A request may take as long as timeout.
func NewRESP(address string, timeout time.Duration) *RESP {
	return &RESP{link: newLink(address, timeout)}
}

// Add appends a command to those that the next Do sends.
func (c *RESP) Add(words ...string) {
	c.Begin(len(words))
	for _, w := range words {
		c.Word(w)
	}
}

// Begin starts a command of so many words, which Word and Bytes then give one by one.
func (c *RESP) Begin(words int) {
	c.pending++
	c.number('*', words)
}

// Word gives the next word of a command.
func (c *RESP) Word(w string) {
	c.number('$', len(w))
	c.out = append(append(c.out, w...), '\r', '\n')
}

// Bytes gives the next word of a command.
func (c *RESP) Bytes(w []byte) {
	c.number('$', len(w))
	c.out = append(append(c.out, w...), '\r', '\n')
}

func (c *RESP) number(kind byte, n int) {
	c.out = append(strconv.AppendInt(append(c.out, kind), int64(n), 10), '\r', '\n')
}

// Do sends the commands that were added in one write and returns a reply for each, good until the next Do. After an error the
// connection is closed and what became of the commands is unknown; sent reports whether any of them may have arrived. Replies
// that are errors are no error here.
func (c *RESP) Do(ctx context.Context) (replies []Reply, sent bool, err error) {
	n := c.pending
	c.pending = 0
	keep := c.out // ready may dial, and what it says first goes before
	if err := c.ready(ctx); err != nil {
		c.out = c.out[:0]
		return nil, false, err
	}
	c.out = keep
	if err := c.send(); err != nil {
		_ = c.Close()
		return nil, true, err
	}
	c.replies, c.text = c.replies[:0], c.text[:0]
	for range n {
		r, err := c.read(0)
		if err != nil {
			_ = c.Close()
			return nil, true, err
		}
		c.replies = append(c.replies, r)
	}
	return c.replies, true, nil
}

// read reads one reply.
func (c *RESP) read(depth int) (Reply, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return Reply{}, err
	}
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return Reply{}, fmt.Errorf("%w: %q", ErrProtocol, line)
	}
	r, line := Reply{Kind: line[0]}, line[1:len(line)-2]
	switch r.Kind {
	case '+', '-':
		r.Text = c.keep(line)
		return r, nil
	case ':', '$', '*':
		if r.Int, err = strconv.ParseInt(string(line), 10, 64); err != nil {
			return r, fmt.Errorf("%w: %q", ErrProtocol, line)
		}
	default:
		return r, fmt.Errorf("%w: reply of kind %q", ErrProtocol, r.Kind)
	}
	if r.Kind == ':' {
		return r, nil
	}
	if r.Int < 0 || r.Int > maxReplyBytes {
		r.Nil = r.Int == -1
		if !r.Nil {
			return r, fmt.Errorf("%w: a length of %d", ErrProtocol, r.Int)
		}
		return r, nil
	}
	if r.Kind == '$' {
		r.Text, err = c.readText(int(r.Int))
		return r, err
	}
	if depth > 4 {
		return r, fmt.Errorf("%w: lists in lists", ErrProtocol)
	}
	for range r.Int {
		item, err := c.read(depth + 1)
		if err != nil {
			return r, err
		}
		r.List = append(r.List, item)
	}
	return r, nil
}

// keep copies what is only good until the next read. Earlier texts stay good when the buffer moves.
func (c *RESP) keep(b []byte) []byte {
	at := len(c.text)
	c.text = append(c.text, b...)
	return c.text[at:len(c.text):len(c.text)]
}

func (c *RESP) readText(length int) ([]byte, error) {
	at := len(c.text)
	c.text = append(c.text, make([]byte, length+2)...)
	text := c.text[at : at+length+2 : at+length+2]
	if _, err := io.ReadFull(c.in, text); err != nil {
		return nil, err
	}
	if !bytes.HasSuffix(text, []byte("\r\n")) {
		return nil, fmt.Errorf("%w: a text that does not end where it should", ErrProtocol)
	}
	return text[:length:length], nil
}
