package fsm

import (
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/slab"
)

// app is one keyspace. Numbers are given in order of first use and never reused.
type app struct {
	number   uint32
	name     string
	declared bool
	policy   sessnode.Policy

	// Sessions up to this serial were ended all at once; they are dead from that moment and removed a batch at a time.
	revokedTo    uint64
	revokedAt    int64
	revokedIndex uint64
	revokedActor string
	revokedNode  string

	// After a policy got shorter, sessions of serials in (sweepAt, sweepTo] still have the deadline of the longer one stored.
	sweepAt, sweepTo uint64

	sum Hash

	// Derived, not hashed by themselves.
	sessions, anonymous, bytes uint64
	dying                      uint64 // of sessions: those up to revokedTo, not yet removed

	creation *slab.Order // the handles of its sessions by serial
}

func (a *app) sweeping() bool { return a.sweepAt < a.sweepTo }

func (a *app) seal() {
	w := hashing(kindApp)
	w.app(a)
	a.sum = w.sum()
}

const appFields = 10 + policyFields

func (w *writer) app(a *app) {
	w.array(appFields)
	w.uint(uint64(a.number))
	w.text(a.name)
	w.bool(a.declared)
	w.policy(a.policy)
	w.uint(a.revokedTo)
	w.int(a.revokedAt)
	w.uint(a.revokedIndex)
	w.text(a.revokedActor)
	w.text(a.revokedNode)
	w.uint(a.sweepAt)
	w.uint(a.sweepTo)
}

func (r *reader) app() *app {
	r.array(appFields, appFields)
	a := &app{number: uint32(r.small(1<<32 - 1)), name: r.text(sessnode.MaxAppLength), declared: r.bool(), policy: r.policy(),
		revokedTo: r.uint(), revokedAt: r.int(), revokedIndex: r.uint(), revokedActor: r.text(maxText), revokedNode: r.text(maxText),
		sweepAt: r.uint(), sweepTo: r.uint()}
	a.seal()
	return a
}

// appNamed returns the app of a name, made with the default policy at its first use.
func (m *Machine) appNamed(name string) *app {
	if a, found := m.appByName[name]; found {
		return a
	}
	name = strings.Clone(name) // the log's memory is not ours to keep
	a := &app{number: uint32(len(m.apps)), name: name, policy: sessnode.DefaultPolicy(), creation: slab.NewOrder(m.arena)}
	a.seal()
	m.apps = append(m.apps, a)
	m.appByName[name] = a
	m.hash = m.hash.plus(a.sum)
	return a
}

// changeApp makes a change to an app's replicated part.
func (m *Machine) changeApp(a *app, change func()) {
	m.hash = m.hash.minus(a.sum)
	change()
	a.seal()
	m.hash = m.hash.plus(a.sum)
}

// putPolicy declares an app or changes its rules.
func (m *Machine) putPolicy(op *Op, c sessnode.PutPolicy) Result {
	if err := c.Policy.Validate(); err != nil {
		return refuse(sessnode.Errorf(sessnode.CodeInvalid, "", "%v", err))
	}
	a := m.appNamed(op.App)
	if a.sweeping() {
		return refuse(sessnode.Errorf(sessnode.CodeConflict, sessnode.ReasonChanging, "the previous, shorter policy is still being carried out: retry in a few seconds"))
	}
	m.changeApp(a, func() {
		if shorter(c.Policy, a.policy) && a.sessions > 0 {
			a.sweepAt, a.sweepTo = 0, m.serial
		}
		a.declared, a.policy = true, c.Policy
	})
	m.markBusy(a)
	return Result{}
}

// shorter reports whether any session could end earlier under p than under old.
func shorter(p, old sessnode.Policy) bool {
	anonymous := func(p sessnode.Policy) int64 { return int64(p.IdleFor(0, true)) }
	return p.Idle < old.Idle || anonymous(p) < anonymous(old) || p.Lifetime < old.Lifetime || p.MaxIdle < old.MaxIdle ||
		p.MaxLifetime < old.MaxLifetime || p.TouchResolution != old.TouchResolution
}

// revokeApp ends all of an app's sessions at once; removing them is spread over the next batches.
func (m *Machine) revokeApp(op *Op) Result {
	a, found := m.appByName[op.App]
	if !found {
		return Result{}
	}
	visible := a.sessions - a.dying
	m.changeApp(a, func() {
		a.revokedTo, a.revokedAt, a.revokedIndex = m.serial, m.now, m.index
		a.revokedActor, a.revokedNode = strings.Clone(op.Actor), strings.Clone(op.Node)
		a.sweepAt, a.sweepTo = 0, 0
	})
	a.dying = a.sessions
	m.markBusy(a)
	m.stats.Revoked += visible
	return Result{Effect: sessnode.Effect{Count: visible}}
}

// dropApp ends all of an app's sessions and forgets its policy.
func (m *Machine) dropApp(op *Op) Result {
	res := m.revokeApp(op)
	if a, found := m.appByName[op.App]; found {
		m.changeApp(a, func() { a.declared, a.policy = false, sessnode.DefaultPolicy() })
	}
	return res
}
