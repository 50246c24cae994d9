package conformance

import (
	"errors"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

var listing = []claim{
	{"PagesHoldEverySessionOnce", func(e *env) {
		e.declare(unchanged)
		const total = sessnode.PageSize + 5
		const writers = 8
		together(e, writers, func(i int, c *client.Client) error {
			for n := i; n < total; n += writers {
				if _, _, err := c.Create(e.Context(), client.Create{Attrs: attrs("a", "1")}); err != nil {
					return err
				}
			}
			return nil
		})
		page, err := e.on().Page(e.Context(), "")
		if err != nil || len(page.Sessions) != sessnode.PageSize || page.Next == "" || page.Sessions[0].Attrs != nil {
			e.Fatalf("first page = %d sessions, next %q, %v, want %d without attributes, and a cursor", len(page.Sessions), page.Next, err, sessnode.PageSize)
		}
		seen := map[sessnode.ID]int{}
		for s, err := range e.on().Sessions(e.Context()) {
			if err != nil {
				e.Fatal(err)
			}
			seen[s.ID]++
		}
		if len(seen) != total {
			e.Errorf("sessions listed = %d, want %d", len(seen), total)
		}
		for id, n := range seen {
			if n != 1 {
				e.Errorf("session %s was listed %d times, want once", id, n)
			}
		}
	}},
	{"CursorSurvivesChangesInBetween", func(e *env) {
		e.declare(unchanged)
		first, _ := e.create(client.Create{})
		_, second := e.create(client.Create{})
		count := 0
		for s, err := range e.on().Sessions(e.Context()) {
			if err != nil {
				e.Fatal(err)
			}
			if count++; count == 1 {
				e.revoke(first)
			} else if s.ID != second.ID {
				e.Errorf("second of the list = %s, want %s", s.ID, second.ID)
			}
		}
		if count != 2 {
			e.Errorf("sessions listed = %d, want 2", count)
		}
	}},
	{"CursorThatNobodyGaveOutIsRefused", func(e *env) {
		_, s := e.begin(client.Create{})
		_, err := e.on().Page(e.Context(), "no-cursor!")
		e.is("Page of a made-up cursor", err, sessnode.ErrInvalid, "")
		_, err = e.on().Page(e.Context(), sessnode.Position{Generation: s.At.Generation + 1, Index: 1}.String())
		e.is("Page of another life's cursor", err, sessnode.ErrGone, "")
	}},
	{"SessionIsFoundByID", func(e *env) {
		token, s := e.begin(client.Create{Subject: "ada", Attrs: attrs("a", "1")})
		fresh, _ := e.rotate(token, client.Rotation{})
		for range e.Clients {
			got, err := e.on().SessionByID(e.Context(), s.ID)
			if err != nil || got.ID != s.ID || got.Subject != "ada" {
				e.Fatalf("SessionByID = %+v, %v, want the session", got, err)
			}
			e.attr(got, "a", "1")
		}
		_, err := e.on().SessionByID(e.Context(), sessnode.NewID())
		e.is("SessionByID of nobody", err, sessnode.ErrNotFound, "")
		e.read(fresh)
	}},
	{"IDOfAnotherAppIsNotFound", func(e *env) {
		token, s := e.begin(client.Create{})
		home := e.app
		e.app += "-other"
		e.declare(unchanged)
		_, err := e.on().SessionByID(e.Context(), s.ID)
		e.is("SessionByID in another app", err, sessnode.ErrNotFound, "")
		e.is("RevokeID in another app", e.on().RevokeID(e.Context(), s.ID), sessnode.ErrNotFound, "")
		e.app = home
		e.read(token)
	}},
	{"ClusterTellsWhoLeads", func(e *env) {
		for range e.Clients {
			st, err := e.on().Cluster(e.Context())
			if err != nil || st.Cluster == "" || st.Generation == 0 || st.Node == "" || st.Leader == "" || st.Applied == 0 || st.StateHash == "" || len(st.Members) == 0 {
				e.Errorf("Cluster = %+v, %v, want cluster, node, leader, position and members", st, err)
			}
		}
	}},
	{"TransferToNobodyIsRefused", func(e *env) {
		ctx, cancel := shortly(e)
		defer cancel()
		if err := e.on().Transfer(ctx, "no such node"); err == nil || errors.Is(err, sessnode.ErrUnknown) {
			e.Errorf("Transfer to nobody = %v, want a refusal", err)
		}
	}},
}
