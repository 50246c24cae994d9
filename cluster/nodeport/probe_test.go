package nodeport

import (
	"errors"
	"testing"
	"time"
)

func TestProbeSaysWhoAnswersOrWhyANodeWouldBeRefused(t *testing.T) {
	b := start(t, "b", func(c *Config) { c.Identity = func() Identity { return Identity{NodeID: "b", Cluster: "c1"} } })
	for what, c := range map[string]struct {
		cfg  Config
		want error
	}{
		"a member":        {Config{Keys: [][]byte{keyA}, Identity: func() Identity { return Identity{Cluster: "c1"} }}, nil},
		"a fresh node":    {Config{Keys: [][]byte{keyA}}, nil},
		"another key":     {Config{Keys: [][]byte{keyB}}, ErrWrongKey},
		"another cluster": {Config{Keys: [][]byte{keyA}, Identity: func() Identity { return Identity{Cluster: "c2"} }}, ErrWrongCluster},
	} {
		got, err := Probe(within(t, 10*time.Second), b.where(), c.cfg)
		if !errors.Is(err, c.want) || err == nil && got.NodeID != "b" {
			t.Errorf("Probe as %s = %+v, %v, want b, %v", what, got, err, c.want)
		}
	}
	if s := b.Stats(); s.Accepted != 0 {
		t.Errorf("Stats().Accepted = %d after probes, want 0: they carry nothing", s.Accepted)
	}
}
