package client

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
)

const (
	// triesInDeadline is how many nodes that hang a call can outlive: each try gets that part of the whole time.
	triesInDeadline = 3

	// leastTry is the shortest try whose failure says something about the node rather than about the caller's patience.
	leastTry = 50 * time.Millisecond

	// leastSent is the time below which nothing is sent any more: no node could answer in it.
	leastSent = time.Millisecond

	backoffBase = 50 * time.Millisecond // pause after all nodes were asked once; doubles, up to
	backoffMax  = time.Second

	// maxAnswerBytes bounds what is read of an answer. The largest one is a page of sessions or a subject's export.
	maxAnswerBytes = 64 << 20
)

// answer is what a node of the cluster said: a success, whole.
type answer struct {
	status int
	header http.Header
	body   []byte
	at     sessnode.Position
}

// do sends a request to one node after the other until one answers for good, and returns its answer or a *sessnode.Error
// with one of the outcomes that the package comment lists.
func (c *Client) do(ctx context.Context, r *request) (got *answer, err error) {
	err = c.settle(ctx, r, func(ctx context.Context, n *node, allotted time.Duration) (failed *failure) {
		got, failed = c.ask(ctx, n, r, allotted)
		return failed
	})
	return got, err
}

// attempt is one try at one node. Its context ends with the whole call; nil is success.
type attempt func(ctx context.Context, n *node, allotted time.Duration) *failure

// settle tries one node after the other until an attempt succeeds or fails for good, or the client's time-out is over.
func (c *Client) settle(ctx context.Context, r *request, ask attempt) error {
	if err := r.valid(); err != nil {
		return err
	}
	c.budget.earn()
	whole, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	end, _ := whole.Deadline()
	share := max(time.Until(end)/triesInDeadline, leastTry)
	var (
		round  = c.nodes.round()
		doubt  bool // a try may have made the change
		last   = unsent
		told   = &last // what a node says explains more than that another can not be reached
		backed time.Duration
	)
	for tries := 0; whole.Err() == nil && time.Until(end) >= leastSent; {
		n := round.pick(time.Now())
		if n == nil {
			backed = min(max(2*backed, backoffBase), backoffMax)
			if !pause(whole, max(jittered(backed), later(last.retryAfter))) {
				break
			}
			round.again()
			continue
		}
		failed := try(whole, n, min(share, time.Until(end)), ask)
		if failed == nil {
			return nil
		}
		if failed.final && doubt && failed.thisTry {
			return failed.giveUp(ctx, r, doubt)
		}
		if failed.final {
			return failed.err
		}
		doubt, last = doubt || failed.sent, *failed
		if failed.reason != "" {
			told = failed
		}
		tries++
		if tries == c.tries || r.once && doubt || !c.budget.allows(r, failed, doubt) {
			break
		}
	}
	return told.giveUp(ctx, r, doubt)
}

// try asks one node and keeps its breaker informed.
func try(ctx context.Context, n *node, allotted time.Duration, ask attempt) *failure {
	failed := ask(ctx, n, allotted)
	switch {
	case failed == nil || failed.final || failed.elsewhere:
		n.success()
	case allotted < leastTry || errors.Is(ctx.Err(), context.Canceled):
		n.abandon() // it was not given the time to show anything
	case failed.reason == sessnode.ReasonOverload:
		n.abandon() // it is well, and will take calls again as soon as there are fewer: the budget spares it meanwhile
	default:
		n.failure(time.Now(), failed.retryAfter, rand.Float64())
	}
	return failed
}

// ask sends one HTTP request and reads the whole answer.
func (c *Client) ask(ctx context.Context, n *node, r *request, allotted time.Duration) (*answer, *failure) {
	ctx, cancel := context.WithTimeout(ctx, allotted)
	defer cancel()
	sent := watch(&ctx)
	req, err := c.build(ctx, n.base, r, allotted)
	if err != nil {
		return nil, &failure{final: true, err: err}
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, &failure{sent: sent() && r.changes(), detail: n.base + ": " + describe(err)}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes+1))
	if err != nil || len(body) > maxAnswerBytes {
		return nil, &failure{sent: r.changes(), detail: n.base + ": the answer broke off or never ended"}
	}
	return c.judge(n, r, res, body)
}

// watch lets ctx carry a trace, and returns a function that tells whether any of the request may have left. Without the
// trace's beginning, a transport that does not support traces, it may.
func watch(ctx *context.Context) (sent func() bool) {
	var looking, got atomic.Bool
	*ctx = httptrace.WithClientTrace(*ctx, &httptrace.ClientTrace{
		GetConn: func(string) { looking.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	})
	return func() bool { return got.Load() || !looking.Load() }
}

// pause waits, unless ctx would end before; then it returns false at once.
func pause(ctx context.Context, d time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// jittered spreads a pause over its half to its whole.
func jittered(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

// later is what a node asked for and up to half as much more: clients that were refused together must not come back together.
func later(d time.Duration) time.Duration { return d + rand.N(d/2+1) }
