// Package redis stands in for redigo: the four commands that the tests of scs's redisstore send past their store, done on sessnode.
package redis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// Name is the attribute that has the blob.
const Name = "blob"

// Conn is a connection.
type Conn interface {
	Do(command string, args ...any) (any, error)
	Close() error
}

// Pool is a connection to an app, which FLUSHDB changes for a new one.
type Pool struct{ app *client.Client }

// NewPool makes a pool. It does not dial.
func NewPool(func() (Conn, error), int) *Pool {
	c, err := client.New(os.Getenv("SESSNODE_URL"), client.WithApp(os.Getenv("SESSNODE_APP")))
	if err != nil {
		panic(err)
	}
	return &Pool{c}
}

// Dial is never called.
func Dial(_, _ string) (Conn, error) { return nil, errors.New("there is no Redis here") }

// App is the app of now.
func (p *Pool) App() *client.Client { return p.app }

// Get returns a connection.
func (p *Pool) Get() Conn { return conn{p} }

// Close does nothing.
func (p *Pool) Close() error { return nil }

type conn struct{ p *Pool }

func (conn) Close() error { return nil }

// Do does one of the four commands.
func (c conn) Do(command string, args ...any) (any, error) {
	ctx := context.Background()
	if command == "FLUSHDB" {
		c.p.app = c.p.app.In(os.Getenv("SESSNODE_APP") + "-" + strconv.FormatUint(rand.Uint64(), 36))
		policy := sessnode.DefaultPolicy()
		policy.MinTokenLength = 8
		_, err := c.p.app.PutPolicy(ctx, policy)
		return "OK", err
	}
	token := sessnode.Token(args[0].(string))
	switch command {
	case "SET":
		_, _, err := c.p.app.Create(ctx, client.Create{Token: token, Attrs: map[string]sessnode.Value{
			Name: {Codec: sessnode.Bytes, Data: []byte(args[1].(string))}}})
		return "OK", err
	case "GET":
		s, err := c.p.app.Read(ctx, token)
		if errors.Is(err, sessnode.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return s.Attrs[Name].Data, nil
	}
	return nil, fmt.Errorf("%s is not done here", command)
}

// Bytes reads a reply.
func Bytes(reply any, err error) ([]byte, error) {
	b, _ := reply.([]byte)
	return b, err
}
