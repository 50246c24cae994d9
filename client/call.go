package client

import (
	"time"

	"github.com/sessnode/sessnode"
)

// CallOption refines one call. Options for reads are passed over by changes; IfMatch where it would not be obeyed (Pop,
// Touch, the calls about subjects and apps) makes the call sessnode.ErrInvalid.
type CallOption func(*call)

type call struct {
	operation   string
	ifMatch     string
	ifNoneMatch string
	read        sessnode.Read
}

func callOf(opts []CallOption) call {
	var c call
	for _, opt := range opts {
		opt(&c)
	}
	return c
}

// WithOperation names a change: 1 to 128 visible ASCII characters. Calls with the same name and arguments happen once,
// within five minutes, at whatever node; with other arguments they get sessnode.ErrConflict. Use it to repeat a call that
// ended in sessnode.ErrUnknown. Without it the client makes a name for every call, which covers the tries of that call.
//
// A Create or Rotate that is repeated must bring its token.
func WithOperation(name string) CallOption { return func(c *call) { c.operation = name } }

// IfMatch makes a change only if the session still has this Session.ETag; else it is sessnode.ErrPrecondition.
func IfMatch(etag string) CallOption { return func(c *call) { c.ifMatch = etag } }

// IfNoneMatch makes Read answer without attributes, with Session.NotModified set, if the session still has this
// Session.ETag. Deadlines are current all the same.
func IfNoneMatch(etag string) CallOption { return func(c *call) { c.ifNoneMatch = etag } }

// WithoutTouch makes a read that does not count as activity.
func WithoutTouch() CallOption { return func(c *call) { c.read.NoTouch = true } }

// WithBound lets a read be answered with what the node knew at most so long ago. "Not found" is confirmed all the same.
func WithBound(age time.Duration) CallOption {
	return func(c *call) { c.read.Level, c.read.Bound = sessnode.Bounded, age }
}

// WithLocal lets a read be answered with whatever the node has. It is for operators who look into a broken cluster.
func WithLocal() CallOption { return func(c *call) { c.read.Level = sessnode.Local } }

// AtLeast makes a read wait until the node has applied the log up to a position, for instance the Session.At of a change
// that another process made.
func AtLeast(at sessnode.Position) CallOption { return func(c *call) { c.read.Min = at } }
