package conformance

import (
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

var policies = []claim{
	{"PolicyIsReadAsItWasPut", func(e *env) {
		want := sessnode.Policy{
			Idle: time.Minute, Lifetime: time.Hour, MaxIdle: 2 * time.Hour, MaxLifetime: 30 * sessnode.Day, TouchResolution: 1500 * time.Millisecond,
			RotationGrace: 5 * time.Second, RotationMax: time.Minute, TombstoneTime: 10 * time.Minute, AnonymousIdle: 30 * time.Second,
			AnonymousQuota: 1000, SubjectLimit: 3, OnLimit: sessnode.EvictOldest, MinTokenLength: 40, MaxNameBytes: 64, MaxAttributes: 10, MaxBytes: 1 << 16,
		}
		put, err := e.on().PutPolicy(e.Context(), want)
		if err != nil || put.Policy != want || !put.Declared {
			e.Errorf("PutPolicy = %+v, %v", put, err)
		}
		for range e.Clients {
			got, err := e.on().App(e.Context())
			if err != nil || got.Policy != want || !got.Declared || got.Name != e.app {
				e.Errorf("App = %+v, %v, want the policy that was put", got, err)
			}
		}
	}},
	{"AppCountsItsSessions", func(e *env) {
		token, _ := e.begin(client.Create{Subject: "ada"})
		e.create(client.Create{})
		info, err := e.on().App(e.Context())
		if err != nil || info.Sessions != 2 || info.Anonymous != 1 || info.Bytes == 0 {
			e.Errorf("App = %+v, %v, want two sessions, one anonymous", info, err)
		}
		e.revoke(token)
		if info, _ := e.on().App(e.Context()); info.Sessions != 1 {
			e.Errorf("sessions after a revoke = %d, want 1", info.Sessions)
		}
		apps, err := e.on().Apps(e.Context())
		found := false
		for _, a := range apps {
			found = found || a.Name == e.app && a.Sessions == 1
		}
		if err != nil || !found {
			e.Errorf("Apps = %+v, %v, want the app among them", apps, err)
		}
	}},
	{"MaximaCapASessionsOwnTimeouts", func(e *env) {
		e.declare(func(p *sessnode.Policy) { p.MaxIdle, p.MaxLifetime = time.Hour, 24*time.Hour })
		_, s := e.create(client.Create{Timeouts: sessnode.Timeouts{Idle: 100 * time.Hour, Lifetime: 1000 * time.Hour}})
		if s.IdleDeadline.Sub(s.Touched) != time.Hour || s.End.Sub(s.Created) != 24*time.Hour {
			e.Errorf("Create = %+v, want the maxima", s)
		}
		_, s = e.create(client.Create{Timeouts: sessnode.Timeouts{Expires: s.Created.Add(1000 * time.Hour)}})
		if s.End.Sub(s.Created) > 24*time.Hour {
			e.Errorf("end of a session that wants to expire later = %v, want at most a day after %v", s.End, s.Created)
		}
	}},
	{"OwnTimeoutsOverrideThePolicy", func(e *env) {
		_, s := e.begin(client.Create{Timeouts: sessnode.Timeouts{Idle: 14 * sessnode.Day, Lifetime: 31 * sessnode.Day}})
		if s.IdleDeadline.Sub(s.Touched) != 14*sessnode.Day || s.End.Sub(s.Created) != 31*sessnode.Day {
			e.Errorf("Create = %+v, want its own timeouts", s)
		}
	}},
	{"AnonymousSessionsMayIdleShorter", func(e *env) {
		e.declare(func(p *sessnode.Policy) { p.AnonymousIdle = time.Minute })
		token, s := e.create(client.Create{})
		_, bound := e.rotate(token, client.Rotation{Subject: ptr("ada")})
		if s.IdleDeadline.Sub(s.Touched) != time.Minute || bound.IdleDeadline.Sub(bound.Touched) != 30*time.Minute {
			e.Errorf("idle timeouts = %v and %v, want a minute, and half an hour after login", s.IdleDeadline.Sub(s.Touched), bound.IdleDeadline.Sub(bound.Touched))
		}
	}},
	{"InvalidPolicyChangesNothing", func(e *env) {
		e.declare(func(p *sessnode.Policy) { p.Idle = time.Hour })
		bad := sessnode.DefaultPolicy()
		bad.Idle, bad.TombstoneTime = 0, time.Second
		_, err := e.on().PutPolicy(e.Context(), bad)
		e.is("PutPolicy with faults", err, sessnode.ErrInvalid, "")
		if info, _ := e.on().App(e.Context()); info.Policy.Idle != time.Hour {
			e.Errorf("policy after a refused one = %+v", info.Policy)
		}
	}},
	{"DroppedAppForgetsSessionsAndPolicy", func(e *env) {
		e.declare(func(p *sessnode.Policy) { p.Idle = time.Hour })
		token, _ := e.create(client.Create{})
		n, err := e.on().DropApp(e.Context())
		if err != nil || n != 1 {
			e.Errorf("DropApp = %d, %v, want 1", n, err)
		}
		if !e.Strict {
			e.attack(token, sessnode.ReasonRevoked)
		}
		info, err := e.on().App(e.Context())
		if err != nil || info.Declared || info.Policy != sessnode.DefaultPolicy() {
			e.Errorf("App after it was dropped = %+v, %v, want undeclared and the default policy", info, err)
		}
	}},
}
