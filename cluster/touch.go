package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

const (
	// touchEvery is how long touches are gathered: sessnode.ExpirySlack pays for it.
	touchEvery = time.Second

	// touchAtOnce is how many waiting touches are not waited with: they still fit into one operation.
	touchAtOnce = 4096

	// touchWithin is how close to its end a session must be for a read to wait until its touch is in the log.
	touchWithin = sessnode.ExpirySlack
)

// touched names a session whose activity is to be recorded.
type touched struct {
	app string
	key sessnode.Key
}

// touches gathers what reads record: the latest for each session. It is safe for concurrent use.
type touches struct {
	wake chan struct{} // capacity 1: there is something to send
	now  chan struct{} // capacity 1: it should be sent at once

	mu      sync.Mutex
	waiting map[touched]int64    // cluster time by session
	urgent  map[touched]struct{} // first uses that were sent, or are about to be
}

func newTouches() *touches {
	return &touches{wake: make(chan struct{}, 1), now: make(chan struct{}, 1), waiting: map[touched]int64{}, urgent: map[touched]struct{}{}}
}

// add records activity at a cluster time. A first use of a rotated token is sent at once, but only once.
func (t *touches) add(who touched, at int64, firstUse bool) {
	t.mu.Lock()
	if firstUse {
		if _, under := t.urgent[who]; under {
			t.mu.Unlock()
			return
		}
		t.urgent[who] = struct{}{}
	}
	t.waiting[who] = max(t.waiting[who], at)
	hurry := firstUse || len(t.waiting) >= touchAtOnce
	t.mu.Unlock()
	poke(t.wake)
	if hurry {
		poke(t.now)
	}
}

// take removes at most touchAtOnce touches, and says whether more wait.
func (t *touches) take() (list []sessnode.TouchAt, more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for who, at := range t.waiting {
		if len(list) == touchAtOnce {
			return list, true
		}
		list = append(list, sessnode.TouchAt{App: who.app, Key: who.key, At: time.Unix(0, at)})
		delete(t.waiting, who)
	}
	return list, false
}

// settle is told what became of a list: what was not sent waits for the next time.
func (t *touches) settle(list []sessnode.TouchAt, sent bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range list {
		who := touched{x.App, x.Key}
		delete(t.urgent, who)
		if !sent {
			t.waiting[who] = max(t.waiting[who], x.At.UnixNano())
		}
	}
}

// sendTouches sends what was gathered until ctx ends, and then once more.
func (n *Node) sendTouches(ctx context.Context) {
	timer := time.NewTimer(touchEvery)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-n.touches.wake:
		case <-ctx.Done():
			continue
		}
		timer.Reset(touchEvery)
		select {
		case <-timer.C:
		case <-n.touches.now:
		case <-ctx.Done():
			continue
		}
		if !n.flushTouches(n.ctx, n.cfg.Profile.Heartbeat*2) {
			poke(n.touches.wake)
		}
	}
	n.flushTouches(n.ctx, n.cfg.Profile.Heartbeat)
}

// flushTouches sends all that waits, and reports whether it arrived.
func (n *Node) flushTouches(ctx context.Context, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		list, more := n.touches.take()
		if len(list) == 0 {
			return true
		}
		sent := n.recordTouches(ctx, list) == nil
		n.touches.settle(list, sent)
		if !sent || !more {
			return sent
		}
	}
}

// recordTouches puts touches into the log. It needs no operation id: a touch that is made twice is made once.
func (n *Node) recordTouches(ctx context.Context, list []sessnode.TouchAt) error {
	_, err := n.propose(ctx, sessnode.Mutation{Actor: "touch", Node: n.id, Change: sessnode.Touch{Touches: list}})
	return err
}

// active records that a session was read. Where it has little time left, the touch is in the log before the answer is given,
// and the answer holds the new deadlines: a session in use never ends for being idle.
func (n *Node) active(ctx context.Context, app string, key sessnode.Key, l fsm.Lookup, look func() (fsm.Lookup, error)) (fsm.Lookup, error) {
	now := max(n.replica.estimate.Now(), l.Now)
	who := touched{app, key}
	left := time.Duration(l.Session.Enforced.UnixNano() - now)
	extends := l.Session.End.IsZero() || l.Session.Enforced.Before(l.Session.End)
	if left >= touchWithin || !extends {
		if l.FirstUse || now-l.Session.Touched.UnixNano() >= int64(l.Resolution) {
			n.touches.add(who, now, l.FirstUse)
		}
		return l, nil
	}
	ctx, cancel := n.deadline(ctx)
	defer cancel()
	err := n.recordTouches(ctx, []sessnode.TouchAt{{App: app, Key: key, At: time.Unix(0, now)}})
	if err != nil {
		return fsm.Lookup{}, &sessnode.Error{Reason: sessnode.ReasonOf(err), Err: sessnode.ErrUnavailable,
			Detail: "the session is about to expire and its use could not be recorded"}
	}
	return n.find(ctx, sessnode.Read{}, look)
}

// youngTouches drops the touches that would change next to nothing, by the leader's own state.
func youngTouches(m *fsm.Machine, list []sessnode.TouchAt) []sessnode.TouchAt {
	kept := list[:0:0]
	for _, t := range list {
		l, err := m.Lookup(t.App, t.Key)
		if err != nil || !l.FirstUse && t.At.Sub(l.Session.Touched) < l.Resolution {
			continue
		}
		kept = append(kept, t)
	}
	return kept
}

func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
