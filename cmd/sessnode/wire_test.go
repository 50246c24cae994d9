package main

import (
	"context"
	"slices"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi"
	"github.com/sessnode/sessnode/internal/config"
)

// recorder keeps the last mutation; any other method of the interface would panic.
type recorder struct {
	httpapi.Store
	last sessnode.Mutation
}

func (r *recorder) Write(_ context.Context, m sessnode.Mutation) (sessnode.Effect, error) {
	r.last = m
	return sessnode.Effect{}, nil
}

func TestStrictStoreMarksEveryChange(t *testing.T) {
	below := &recorder{}
	if _, err := (strictStore{below}).Write(t.Context(), sessnode.Mutation{App: "web", Change: sessnode.RevokeApp{}}); err != nil {
		t.Fatal(err)
	}
	if !below.last.Strict || below.last.App != "web" {
		t.Errorf("the store below got %+v, want the change marked strict", below.last)
	}
}

func TestNamesCountOnlyWhereTheyProtect(t *testing.T) {
	key := []config.APIKey{{Name: "web"}}
	for _, test := range []struct {
		name       string
		keys       []config.APIKey
		given      []string
		advertised string
		want       []string
	}{
		{"open: its own names", nil, nil, "n1.example", []string{"n1.example", "127.0.0.1"}},
		{"open: own and given", nil, []string{"s.example"}, "", []string{"s.example", "127.0.0.1"}},
		{"keys: any name", key, nil, "n1.example", nil},
		{"keys and names", key, []string{"s.example"}, "n1.example", []string{"s.example", "n1.example", "127.0.0.1"}},
	} {
		s := settings{apiKeys: test.keys}
		s.Security.Hosts = test.given
		s.Listen = config.Listen{HTTP: "127.0.0.1:7480", AdvertiseHost: test.advertised}
		if got := s.hosts(); !slices.Equal(got, test.want) {
			t.Errorf("hosts(%s) = %q, want %q", test.name, got, test.want)
		}
	}
}
