package talk

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// PG is a connection to a PostgreSQL server (frontend/backend protocol 3.0), as a user who needs no password. Statements are prepared
// when it dials. It makes one request at a time. It belongs to one goroutine.
type PG struct {
	link
	statements []string
	message    []byte
	column     []byte
}

// NewPG prepares a connection to a database; it does not dial. A request may take as long as timeout. The statements are those that
// Execute names by their place.
func NewPG(address, user, database string, timeout time.Duration, statements ...string) *PG {
	c := &PG{link: newLink(address, timeout), statements: statements}
	c.greet = func() error {
		c.out = c.out[:0]
		c.begin(0)
		c.out = binary.BigEndian.AppendUint32(c.out, 3<<16)
		for _, word := range []string{"user", user, "database", database, ""} {
			c.text(word)
		}
		c.end(0)
		if err := c.send(); err != nil {
			return err
		}
		if _, _, err := c.receive(); err != nil {
			return err
		}
		for i, s := range statements {
			start := c.begin('P')
			c.text(nameOf(i))
			c.text(s)
			c.out = append(c.out, 0, 0) // the types of the parameters are the server's to find
			c.end(start)
		}
		c.end(c.begin('S'))
		if err := c.send(); err != nil {
			return err
		}
		_, _, err := c.receive()
		return err
	}
	return c
}

// nameOf is the name of a statement.
func nameOf(place int) string { return string(rune('a' + place)) }

// begin starts a message; kind 0 is the first of all, which has none. end must get what it returns.
func (c *PG) begin(kind byte) (start int) {
	if kind != 0 {
		c.out = append(c.out, kind)
	}
	start = len(c.out)
	c.out = append(c.out, 0, 0, 0, 0)
	return start
}

func (c *PG) end(start int) {
	binary.BigEndian.PutUint32(c.out[start:], uint32(len(c.out)-start))
}

func (c *PG) text(s string) { c.out = append(append(c.out, s...), 0) }

// Execute runs a prepared statement in a transaction of its own. It returns how many rows there were, or were changed, and the first
// column of the last one, good until the next call. sent reports whether the server may have got it. After an error the connection is
// closed.
func (c *PG) Execute(ctx context.Context, statement int, parameters ...[]byte) (rows int, column []byte, sent bool, err error) {
	if err := c.ready(ctx); err != nil {
		return 0, nil, false, err
	}
	c.out = c.out[:0]
	start := c.begin('B')
	c.text("") // the portal
	c.text(nameOf(statement))
	c.out = binary.BigEndian.AppendUint16(append(c.out, 0, 0), uint16(len(parameters)))
	for _, p := range parameters {
		c.out = append(binary.BigEndian.AppendUint32(c.out, uint32(len(p))), p...)
	}
	c.out = append(c.out, 0, 0)
	c.end(start)
	start = c.begin('E')
	c.text("")
	c.out = append(c.out, 0, 0, 0, 0) // all rows
	c.end(start)
	c.end(c.begin('S'))
	return c.finish()
}

// Query runs a statement that was not prepared.
func (c *PG) Query(ctx context.Context, statement string) (rows int, column []byte, sent bool, err error) {
	if err := c.ready(ctx); err != nil {
		return 0, nil, false, err
	}
	c.out = c.out[:0]
	start := c.begin('Q')
	c.text(statement)
	c.end(start)
	return c.finish()
}

func (c *PG) finish() (rows int, column []byte, sent bool, err error) {
	if err = c.send(); err == nil {
		rows, column, err = c.receive()
	}
	if err != nil {
		_ = c.Close()
	}
	return rows, column, true, err
}

// receive reads until the server is ready for the next request.
func (c *PG) receive() (rows int, column []byte, err error) {
	c.column = c.column[:0]
	for {
		var h [5]byte
		if _, err := io.ReadFull(c.in, h[:]); err != nil {
			return 0, nil, err
		}
		length := int(binary.BigEndian.Uint32(h[1:])) - 4
		if length < 0 || length > maxReplyBytes {
			return 0, nil, fmt.Errorf("%w: a message of %d bytes", ErrProtocol, length)
		}
		c.message = append(c.message[:0], make([]byte, length)...)
		if _, err := io.ReadFull(c.in, c.message); err != nil {
			return 0, nil, err
		}
		switch h[0] {
		case 'Z':
			return rows, c.column, nil
		case 'E':
			return 0, nil, fmt.Errorf("%w: %q", ErrCall, c.message)
		case 'R':
			if length < 4 || binary.BigEndian.Uint32(c.message) != 0 {
				return 0, nil, fmt.Errorf("%w: it asks for a password", ErrProtocol)
			}
		case 'D':
			rows++
			if err := c.row(); err != nil {
				return 0, nil, err
			}
		case 'C':
			if n := affected(c.message); rows == 0 {
				rows = n
			}
		}
	}
}

// row keeps the first column of a row.
func (c *PG) row() error {
	if len(c.message) < 6 {
		return fmt.Errorf("%w: a row without a column", ErrProtocol)
	}
	length := int(int32(binary.BigEndian.Uint32(c.message[2:])))
	if length > len(c.message)-6 {
		return fmt.Errorf("%w: a column of %d bytes", ErrProtocol, length)
	}
	c.column = append(c.column[:0], c.message[6:6+max(length, 0)]...)
	return nil
}

// affected reads the number of rows in "INSERT 0 1", "UPDATE 1" or "SELECT 1".
func affected(tag []byte) (n int) {
	factor := 1
	for i := len(tag) - 1; i >= 0; i-- {
		switch b := tag[i]; {
		case b == 0:
		case '0' <= b && b <= '9':
			n += factor * int(b-'0')
			factor *= 10
		default:
			return n
		}
	}
	return n
}
