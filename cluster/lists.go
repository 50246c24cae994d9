package cluster

import (
	"context"

	"github.com/sessnode/sessnode"
)

// Subject lists the live sessions of a subject in order of creation, with attributes where they are asked for. It never
// counts as activity.
func (n *Node) Subject(ctx context.Context, app, subject string, attrs bool, r sessnode.Read) ([]sessnode.Session, sessnode.Position, error) {
	var list []sessnode.Session
	var at sessnode.Position
	err := n.read(ctx, r, func(v view) (bool, int64, error) {
		list, at, _ = n.replica.machine.Subject(app, subject, attrs)
		return v.sure || len(list) > 0 || r.Level == sessnode.Local, soonest(list), nil
	})
	if err != nil {
		return nil, sessnode.Position{}, decorate(err, "list", app)
	}
	return list, at, nil
}

// Sessions returns one page of an app's live sessions in order of creation, without attributes. A cursor of another life of
// the cluster is ErrGone.
func (n *Node) Sessions(ctx context.Context, app, cursor string, r sessnode.Read) (sessnode.Page, sessnode.Position, error) {
	var page sessnode.Page
	var at sessnode.Position
	err := n.read(ctx, r, func(v view) (bool, int64, error) {
		var err error
		page, at, _, err = n.replica.machine.Page(app, cursor, sessnode.PageSize)
		return v.sure || len(page.Sessions) > 0 || r.Level == sessnode.Local, soonest(page.Sessions), err
	})
	if err != nil {
		return sessnode.Page{}, sessnode.Position{}, decorate(err, "list", app)
	}
	return page, at, nil
}

// Why lists what is remembered of ended sessions, newest first: of an id, or of a subject.
func (n *Node) Why(ctx context.Context, app string, id sessnode.ID, subject string) ([]sessnode.Ended, sessnode.Position, error) {
	var list []sessnode.Ended
	at, err := n.readDue(ctx, func() { list = n.replica.machine.Why(app, id, subject) })
	return list, at, decorate(err, "why", app)
}

// App returns one app; one that was never declared has the default policy and Declared false.
func (n *Node) App(ctx context.Context, name string) (sessnode.AppInfo, sessnode.Position, error) {
	var info sessnode.AppInfo
	at, err := n.readDue(ctx, func() { info = n.replica.machine.App(name) })
	return info, at, decorate(err, "app", name)
}

// Apps lists all apps by name.
func (n *Node) Apps(ctx context.Context) ([]sessnode.AppInfo, sessnode.Position, error) {
	var list []sessnode.AppInfo
	at, err := n.readDue(ctx, func() { list = n.replica.machine.Apps() })
	return list, at, decorate(err, "apps", "")
}

// readDue answers linearizably from totals and history, which do not say when they change: whatever falls due anywhere
// counts as a deadline.
func (n *Node) readDue(ctx context.Context, look func()) (sessnode.Position, error) {
	var at sessnode.Position
	err := n.read(ctx, sessnode.Read{}, func(view) (bool, int64, error) {
		at, _ = n.replica.machine.At()
		next, _ := n.replica.machine.Due()
		look()
		return true, next, nil
	})
	return at, err
}

// soonest returns the earliest cluster time at which a listed session ends, in ns; 0 for an empty list.
func soonest(list []sessnode.Session) int64 {
	var first int64
	for _, s := range list {
		if end := s.Enforced.UnixNano(); first == 0 || end < first {
			first = end
		}
	}
	return first
}
