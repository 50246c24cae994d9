package httpapi

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
)

// API answers requests. Make one with New. It is safe for concurrent use.
type API struct {
	config   Config
	router   *router
	gate     *gate
	metrics  *metrics
	draining atomic.Bool

	life    context.Context // ends with Drain
	endLife context.CancelFunc
}

// New makes an API. It returns what Config.Validate finds, or an error when the metrics cannot be registered (twice in one
// registry, for instance).
func New(config Config) (*API, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	table := routes()
	if config.OpenMetrics {
		i := slices.IndexFunc(table, func(r route) bool { return r.pattern == metricsPattern })
		table[i].role = rolePublic
	}
	for i := range table {
		table[i].lane = laneOf(&table[i])
	}
	a := &API{config: config, router: newRouter(table), gate: newGate(config.MaxInFlight, config.MaxStreams, config.MaxBodyBytes)}
	a.life, a.endLife = context.WithCancel(context.Background())
	m, err := newMetrics(config.Registry, table, a.gate)
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	a.metrics = m
	return a, nil
}

// Drain makes /readyz answer "not ready" from now on, so that load balancers send nothing new, and ends the streams of events, whose
// readers go on at another node. Everything is still answered.
func (a *API) Drain() {
	a.draining.Store(true)
	a.endLife()
}

// Do answers one request. It blocks until the answer is complete, ctx ends or the request's own time is over, and never
// returns nil. A panic of an operation is answered with 500 and an unknown outcome.
func (a *API) Do(ctx context.Context, r *Request) *Reply {
	c := newCall(a, r)
	defer c.alarm.stop()
	reply := a.do(ctx, c)
	reply.expand()
	return reply
}

// do is Do for a call that is used again and again. The reply is good until the next time, and not expanded.
func (a *API) do(ctx context.Context, c *call) *Reply {
	c.began = time.Now()
	reply, code := a.answer(ctx, c)
	reply.Close = c.Body != nil && !c.drained // what is whole needs no reading
	if c.over.IsZero() {                      // it had no turn
		c.over = time.Now()
	}
	a.metrics.count(c.route, code, c.over.Sub(c.began))
	if c.at == (sessnode.Position{}) {
		c.at = a.config.Store.Position()
	}
	reply.at = c.at
	return reply
}

// answer turns whatever comes of a call into a reply.
func (a *API) answer(ctx context.Context, c *call) (reply *Reply, code sessnode.Code) {
	defer func() {
		if cause := recover(); cause != nil {
			a.logPanic(c, cause)
			err := sessnode.Errorf(sessnode.CodeUnknown, "", "the node failed while it worked on this request: its log says more")
			reply, code = problemWith(500, err, true), sessnode.CodeUnknown
		}
	}()
	reply, err := a.serve(ctx, c)
	if err == nil {
		return reply, sessnode.OK
	}
	var method *methodError
	if errors.As(err, &method) {
		return method.reply(), sessnode.CodeInvalid
	}
	code = settle(err, c.route.changes())
	if code == sessnode.CodeUnauthorized || code == sessnode.CodeForbidden { // ASVS 16.3.1, 16.3.2
		a.config.Log.Warn("request refused", "code", code.String(), "route", c.route.label(), "key", c.caller.name, "remote", c.Remote)
	}
	return problem(err, c.route.changes()), code
}

// serve takes a call through everything that comes before its operation. The order matters: what is cheap and refuses most
// comes first, and nobody's body is read before it is known who sends it.
func (a *API) serve(ctx context.Context, c *call) (reply *Reply, err error) {
	if err := a.guard(c); err != nil {
		return nil, err
	}
	node, err := c.find()
	if err != nil {
		return nil, err
	}
	if c.Method == "OPTIONS" {
		return &Reply{Status: 204, Header: []Field{{"Allow", node.allow}}}, nil
	}
	if c.route, err = node.of(c.Method); err != nil {
		return nil, err
	}
	if err := a.admit(c); err != nil {
		return nil, err
	}
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	within := newDeadline(ctx, c.began.Add(limit), &c.alarm)
	defer within.end()
	body, held, err := a.readBody(c.Request)
	if err != nil {
		return nil, err
	}
	defer a.gate.release(held)
	c.body, c.drained = body, true
	if err := c.formats(); err != nil {
		return nil, err
	}
	began, err := a.gate.turn(within, c.route.lane, c.ready())
	if err != nil {
		return nil, err
	}
	defer func() {
		c.over = time.Now()
		a.gate.over(c.route.lane, began, c.over, err)
	}()
	return c.route.op(within, c)
}

// admit checks who calls what.
func (a *API) admit(c *call) (err error) {
	if c.route.role != rolePublic {
		if c.caller, err = a.authenticate(c); err != nil {
			return err
		}
	}
	if err := c.parameters(); err != nil {
		return err
	}
	if err := c.caller.authorize(c.route.role, c.app); err != nil {
		return err
	}
	return c.parseQuery()
}

// logPanic says what broke without saying on what: a panic's value may hold anything that a request held, so only the texts
// of Go's own runtime errors are logged.
func (a *API) logPanic(c *call, cause any) {
	what := fmt.Sprintf("%T", cause)
	var fault runtime.Error
	if err, isError := cause.(error); isError && errors.As(err, &fault) {
		what = fault.Error()
	}
	a.config.Log.Error("panic in an operation", "route", c.route.label(), "panic", what, "stack", string(debug.Stack()))
}
