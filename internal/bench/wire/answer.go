package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/sessnode/sessnode"
)

// answer is what is looked at of an answer.
type answer struct {
	status int
	length int  // of the body
	close  bool // the node closes the connection
	ours   bool // a node wrote it: it has a Session-Index
	code   sessnode.Code
}

// maxProblemBytes is more than any problem of a node has.
const maxProblemBytes = 64 << 10

var errStrange = errors.New("no answer that a node of a cluster writes")

// read reads one answer. An error means that the connection is of no use any more.
func (c *Conn) read() (answer, error) {
	line, err := c.line()
	if err != nil {
		return answer{}, err
	}
	a := answer{length: -1}
	if a.status, err = statusOf(line); err != nil {
		return a, err
	}
	for {
		if line, err = c.line(); err != nil {
			return a, err
		}
		if len(line) == 0 {
			break
		}
		if err := a.header(line); err != nil {
			return a, err
		}
	}
	if a.status == 204 || a.status == 304 {
		a.length = 0
	}
	if a.length < 0 { // it ends with the connection, or comes in pieces: something stands between that is no node
		return a, errStrange
	}
	if a.status < 300 || a.status == 304 {
		_, err := c.in.Discard(a.length)
		return a, err
	}
	return a, c.problem(&a)
}

// line returns the next line without its end. It is good until the next read.
func (c *Conn) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// statusOf reads "HTTP/1.1 200 OK".
func statusOf(line []byte) (int, error) {
	if len(line) < 12 || string(line[:9]) != "HTTP/1.1 " || len(line) > 12 && line[12] != ' ' {
		return 0, errStrange
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil || status < 200 { // nothing asks for an interim answer
		return 0, errStrange
	}
	return status, nil
}

func (a *answer) header(line []byte) error {
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found {
		return errStrange
	}
	value = bytes.TrimSpace(value)
	switch {
	case is(name, "content-length"):
		length, err := strconv.Atoi(string(value))
		if err != nil || length < 0 {
			return errStrange
		}
		a.length = length
	case is(name, "transfer-encoding"):
		return errStrange
	case is(name, "connection"):
		a.close = a.close || is(value, "close")
	case is(name, "session-index"):
		a.ours = true
	}
	return nil
}

// is compares with a text in lower case.
func is(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// problem reads the body of an error for its code.
func (c *Conn) problem(a *answer) error {
	if a.length > maxProblemBytes {
		return errStrange
	}
	body := make([]byte, a.length)
	if _, err := io.ReadFull(c.in, body); err != nil {
		return err
	}
	var p struct{ Code string }
	if err := json.Unmarshal(body, &p); err != nil {
		return errStrange
	}
	code, known := sessnode.ParseCode(p.Code)
	if !known || code == sessnode.OK || !a.ours {
		return errStrange
	}
	a.code = code
	return nil
}
