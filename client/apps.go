package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/sessnode/sessnode"
)

// App returns the app's policy and totals. An app that was never declared has the default policy, and Declared is false.
func (c *Client) App(ctx context.Context, opts ...CallOption) (sessnode.AppInfo, error) {
	return c.appInfo(ctx, c.appRequest("app", http.MethodGet, "", opts))
}

// PutPolicy declares the app or changes its policy. What is shorter acts at once, what is longer at the next touch. It
// returns sessnode.ErrInvalid with all faults of the policy, and ErrConflict while an earlier change is being carried out.
func (c *Client) PutPolicy(ctx context.Context, p sessnode.Policy, opts ...CallOption) (sessnode.AppInfo, error) {
	r := c.appRequest("policy", http.MethodPut, "", opts)
	if err := p.Validate(); err != nil {
		return sessnode.AppInfo{}, err
	}
	r.body, _ = json.Marshal(policyOf(p)) // plain fields never fail
	return c.appInfo(ctx, r)
}

// RevokeApp ends all sessions of the app and returns how many.
func (c *Client) RevokeApp(ctx context.Context, opts ...CallOption) (uint64, error) {
	return c.endedCount(ctx, c.appRequest("revoke app", http.MethodDelete, "/sessions", opts))
}

// DropApp ends all sessions of the app, forgets its policy, and returns how many it ended.
func (c *Client) DropApp(ctx context.Context, opts ...CallOption) (uint64, error) {
	return c.endedCount(ctx, c.appRequest("drop app", http.MethodDelete, "", opts))
}

// Apps lists all apps by name.
func (c *Client) Apps(ctx context.Context, opts ...CallOption) ([]sessnode.AppInfo, error) {
	r := &request{op: "apps", method: http.MethodGet, path: "/v1/apps", call: callOf(opts)}
	var out struct{ Apps []wireApp }
	if err := c.exchange(ctx, r, &out); err != nil {
		return nil, err
	}
	apps := make([]sessnode.AppInfo, 0, len(out.Apps))
	for _, w := range out.Apps {
		apps = append(apps, w.info())
	}
	return apps, nil
}

func (c *Client) appInfo(ctx context.Context, r *request) (sessnode.AppInfo, error) {
	var out wireApp
	err := c.exchange(ctx, r, &out)
	return out.info(), err
}

type wireApp struct {
	Name      string     `json:"name"`
	Declared  bool       `json:"declared"`
	Policy    wirePolicy `json:"policy"`
	Sessions  uint64     `json:"sessions"`
	Anonymous uint64     `json:"anonymous"`
	Bytes     uint64     `json:"bytes"`
}

func (w wireApp) info() sessnode.AppInfo {
	return sessnode.AppInfo{Name: w.Name, Declared: w.Declared, Policy: w.Policy.policy(),
		Sessions: w.Sessions, Anonymous: w.Anonymous, Bytes: w.Bytes}
}

type wirePolicy struct {
	Idle            span   `json:"idle"`
	Lifetime        span   `json:"lifetime"`
	MaxIdle         span   `json:"max_idle"`
	MaxLifetime     span   `json:"max_lifetime"`
	TouchResolution span   `json:"touch_resolution"`
	RotationGrace   span   `json:"rotation_grace"`
	RotationMax     span   `json:"rotation_max"`
	TombstoneTime   span   `json:"tombstone_time"`
	AnonymousIdle   span   `json:"anonymous_idle"`
	AnonymousQuota  uint64 `json:"anonymous_quota"`
	SubjectLimit    uint64 `json:"subject_limit"`
	OnLimit         string `json:"on_limit"`
	MinTokenLength  uint64 `json:"min_token_length"`
	MaxNameBytes    uint64 `json:"max_name_bytes"`
	MaxAttributes   uint64 `json:"max_attributes"`
	MaxBytes        uint64 `json:"max_bytes"`
}

func policyOf(p sessnode.Policy) wirePolicy {
	return wirePolicy{
		Idle: span(p.Idle), Lifetime: span(p.Lifetime), MaxIdle: span(p.MaxIdle), MaxLifetime: span(p.MaxLifetime),
		TouchResolution: span(p.TouchResolution), RotationGrace: span(p.RotationGrace), RotationMax: span(p.RotationMax),
		TombstoneTime: span(p.TombstoneTime), AnonymousIdle: span(p.AnonymousIdle), AnonymousQuota: p.AnonymousQuota,
		SubjectLimit: p.SubjectLimit, OnLimit: p.OnLimit.String(), MinTokenLength: p.MinTokenLength,
		MaxNameBytes: p.MaxNameBytes, MaxAttributes: p.MaxAttributes, MaxBytes: p.MaxBytes,
	}
}

func (w wirePolicy) policy() sessnode.Policy {
	d := func(s span) time.Duration { return time.Duration(s) }
	onLimit, _ := sessnode.ParseLimitAction(w.OnLimit)
	return sessnode.Policy{
		Idle: d(w.Idle), Lifetime: d(w.Lifetime), MaxIdle: d(w.MaxIdle), MaxLifetime: d(w.MaxLifetime),
		TouchResolution: d(w.TouchResolution), RotationGrace: d(w.RotationGrace), RotationMax: d(w.RotationMax),
		TombstoneTime: d(w.TombstoneTime), AnonymousIdle: d(w.AnonymousIdle), AnonymousQuota: w.AnonymousQuota,
		SubjectLimit: w.SubjectLimit, OnLimit: onLimit, MinTokenLength: w.MinTokenLength,
		MaxNameBytes: w.MaxNameBytes, MaxAttributes: w.MaxAttributes, MaxBytes: w.MaxBytes,
	}
}
