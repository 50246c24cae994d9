package httpapi

import (
	"context"
	"time"

	"github.com/sessnode/sessnode"
)

// policyDurations and policyCounts tie a policy's fields to their names on the wire.
func policyDurations(p *sessnode.Policy) []named[time.Duration] {
	return []named[time.Duration]{
		{"idle", &p.Idle}, {"lifetime", &p.Lifetime}, {"max_idle", &p.MaxIdle}, {"max_lifetime", &p.MaxLifetime},
		{"touch_resolution", &p.TouchResolution}, {"rotation_grace", &p.RotationGrace}, {"rotation_max", &p.RotationMax},
		{"tombstone_time", &p.TombstoneTime}, {"anonymous_idle", &p.AnonymousIdle},
	}
}

func policyCounts(p *sessnode.Policy) []named[uint64] {
	return []named[uint64]{
		{"anonymous_quota", &p.AnonymousQuota}, {"subject_limit", &p.SubjectLimit}, {"min_token_length", &p.MinTokenLength},
		{"max_name_bytes", &p.MaxNameBytes}, {"max_attributes", &p.MaxAttributes}, {"max_bytes", &p.MaxBytes},
	}
}

type named[T any] struct {
	name string
	at   *T
}

// putPolicy declares the app or changes its policy. A field that is left out gets its default, not what it was: the request
// alone says what the policy is.
func putPolicy(ctx context.Context, c *call) (*Reply, error) {
	p := sessnode.DefaultPolicy()
	if err := c.decode(policyFields(&p)...); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := c.noMatch(); err != nil {
		return nil, err
	}
	if _, err := c.writeAs(ctx, c.caller.actor(), sessnode.PutPolicy{Policy: p}); err != nil {
		return nil, err
	}
	made := c.at
	info, _, err := c.api.config.Store.App(ctx, c.app)
	if err != nil {
		return nil, sessnode.Errorf(sessnode.CodeUnknown, "", "the policy was stored, but could not be read back: read it again")
	}
	c.at = made
	return c.appInfo(info), nil
}

func policyFields(p *sessnode.Policy) []field {
	fields := []field{{"on_limit", func(n node) error {
		s, err := n.str()
		action, known := sessnode.ParseLimitAction(s)
		if err != nil || !known {
			return mistake("should be reject or evict-oldest")
		}
		p.OnLimit = action
		return nil
	}}}
	for _, d := range policyDurations(p) {
		fields = append(fields, field{d.name, duration(d.at)})
	}
	for _, d := range policyCounts(p) {
		fields = append(fields, field{d.name, func(n node) (err error) { *d.at, err = n.count(); return err }})
	}
	return fields
}

// readApp answers with the app's policy and totals.
func readApp(ctx context.Context, c *call) (*Reply, error) {
	info, at, err := c.api.config.Store.App(ctx, c.app)
	if c.at = at; err != nil {
		return nil, err
	}
	return c.appInfo(info), nil
}

// listApps lists all apps by name.
func listApps(ctx context.Context, c *call) (*Reply, error) {
	list, at, err := c.api.config.Store.Apps(ctx)
	if c.at = at; err != nil {
		return nil, err
	}
	w := newWriter(c.out)
	w.beginObject()
	w.name("apps")
	w.beginList()
	for _, info := range list {
		w.appInfo(info)
	}
	w.end()
	w.end()
	return c.reply(200, w), nil
}

func (c *call) appInfo(info sessnode.AppInfo) *Reply {
	w := newWriter(c.out)
	w.appInfo(info)
	return c.reply(200, w)
}

func (w *writer) appInfo(info sessnode.AppInfo) {
	w.beginObject()
	w.member("name", info.Name)
	w.name("declared")
	w.bool(info.Declared)
	w.name("policy")
	w.beginObject()
	for _, d := range policyDurations(&info.Policy) {
		w.name(d.name)
		w.duration(*d.at)
	}
	for _, d := range policyCounts(&info.Policy) {
		w.name(d.name)
		w.uint(*d.at)
	}
	w.member("on_limit", info.Policy.OnLimit.String())
	w.end()
	w.totals(named[uint64]{"sessions", &info.Sessions}, named[uint64]{"anonymous", &info.Anonymous}, named[uint64]{"bytes", &info.Bytes})
	w.end()
}

func (w *writer) totals(list ...named[uint64]) {
	for _, t := range list {
		w.name(t.name)
		w.uint(*t.at)
	}
}
