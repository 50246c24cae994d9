package httpapi

import (
	"sync/atomic"

	"github.com/sessnode/sessnode"
)

// lane says which bound a request counts against.
type lane uint8

const (
	laneMain    lane = iota // Config.MaxInFlight
	laneReserve             // reserveSlots: what operators need when the main lane is jammed
	laneStream              // Config.MaxStreams: held as long as a stream of events is open
	laneFree                // none: health, which must answer whatever happens, and costs nothing
)

const reserveSlots = 64

// gate bounds the work under way and the bytes that it holds. Beyond its bounds a request is shed at once rather than
// queued: its sender has a deadline, and another node may be idle.
type gate struct {
	slots    [laneFree]chan struct{}
	bytes    atomic.Int64
	maxBytes int64
}

func newGate(maxInFlight, maxStreams int, maxBytes int64) *gate {
	g := &gate{maxBytes: maxBytes}
	g.slots[laneMain] = make(chan struct{}, maxInFlight)
	g.slots[laneReserve] = make(chan struct{}, reserveSlots)
	g.slots[laneStream] = make(chan struct{}, maxStreams)
	return g
}

func overload(what string) error {
	return sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonOverload, "%s: try another node, or later", what)
}

// enter takes a slot of a lane. leave gives it back.
func (g *gate) enter(l lane) (leave func(), err error) {
	if l == laneFree {
		return func() {}, nil
	}
	select {
	case g.slots[l] <- struct{}{}:
		return func() { <-g.slots[l] }, nil
	default:
		return nil, overload("this node has as many requests under way as it takes")
	}
}

// hold reserves memory for a body. release gives it back.
func (g *gate) hold(n int64) (release func(), err error) {
	if g.bytes.Add(n) > g.maxBytes {
		g.bytes.Add(-n)
		return nil, overload("this node holds as many bytes of requests as it takes")
	}
	return func() { g.bytes.Add(-n) }, nil
}

// streams returns how many streams of events are open.
func (g *gate) streams() int { return len(g.slots[laneStream]) }

// underWay returns how many requests count against the bounds.
func (g *gate) underWay() int { return len(g.slots[laneMain]) + len(g.slots[laneReserve]) }
