package httpapi

import (
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
)

// lane says which bound a request counts against.
type lane uint8

const (
	laneMain    lane = iota // in the table of routes: one of the next three
	laneReads               // Config.MaxInFlight, or fewer: see limiter
	laneChanges             // likewise
	laneEndings             // likewise, of their own: who revokes must get through
	laneReserve             // reserveSlots: what operators need when the others are jammed
	laneStream              // Config.MaxStreams: held as long as a stream of events is open
	laneFree                // none: health, which must answer whatever happens, and costs nothing
)

const reserveSlots = 64

// gate bounds the work under way and the bytes that it holds. Beyond its bounds a request is shed rather than queued without end: its
// sender has a deadline, and another node may be idle.
type gate struct {
	limits   [laneReserve]*limiter // none for laneMain
	slots    [laneFree]chan struct{}
	bytes    atomic.Int64
	maxBytes int64
}

func newGate(maxInFlight, maxStreams int, maxBytes int64) *gate {
	g := &gate{maxBytes: maxBytes}
	for l := laneReads; l < laneReserve; l++ {
		g.limits[l] = newLimiter(maxInFlight, time.Now)
	}
	g.slots[laneReserve] = make(chan struct{}, reserveSlots)
	g.slots[laneStream] = make(chan struct{}, maxStreams)
	return g
}

func overload(what string) error {
	return sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonOverload, "%s: try another node, or later", what)
}

// enter takes a slot of a lane. Who got one must leave.
func (g *gate) enter(l lane) error {
	if l == laneFree {
		return nil
	}
	select {
	case g.slots[l] <- struct{}{}:
		return nil
	default:
		return overload("this node has as many requests under way as it takes")
	}
}

// leave gives a slot back.
func (g *gate) leave(l lane) {
	if l != laneFree {
		<-g.slots[l]
	}
}

// hold reserves memory for a body. Who got it must release it.
func (g *gate) hold(n int64) error {
	if g.bytes.Add(n) > g.maxBytes {
		g.bytes.Add(-n)
		return overload("this node holds as many bytes of requests as it takes")
	}
	return nil
}

// release gives memory back.
func (g *gate) release(n int64) {
	if n > 0 {
		g.bytes.Add(-n)
	}
}

// streams returns how many streams of events are open.
func (g *gate) streams() int { return len(g.slots[laneStream]) }

// underWay returns how many requests count against the bounds.
func (g *gate) underWay() int {
	sum := len(g.slots[laneReserve])
	for _, l := range g.limits[laneReads:] {
		active, _, _, _ := l.load()
		sum += active
	}
	return sum
}
