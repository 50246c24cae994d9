package membership

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sessnode/sessnode/cluster/gossip"
)

// Identity is a cluster and its generation.
type Identity struct {
	Cluster    string
	Generation uint64
}

// Adoptable returns the one cluster that a fresh node should join, or the reason why there is none. Of one cluster's
// generations the latest counts; between two clusters an operator must choose. It is a pure function.
func Adoptable(self gossip.Member, others []gossip.Member) (Identity, string) {
	var best Identity
	switch {
	case self.Cluster != "":
		return Identity{}, "in cluster " + self.Cluster
	case !self.Fresh:
		return Identity{}, "this node has Raft state but no cluster: it needs recovery"
	}
	for _, m := range others {
		switch {
		case !m.Alive || m.Cluster == "" || m.Generation == 0:
		case best.Cluster != "" && best.Cluster != m.Cluster:
			return Identity{}, "two clusters are seen, " + min(best.Cluster, m.Cluster) + " and " + max(best.Cluster, m.Cluster) + ": check the seeds"
		default:
			best = Identity{m.Cluster, max(best.Generation, m.Generation)}
		}
	}
	if best.Cluster == "" {
		return Identity{}, "no cluster is seen"
	}
	return best, ""
}

// Joiner is a fresh node's own part in joining. All fields but Interval and Logger are needed.
type Joiner struct {
	View    func() (self gossip.Member, others []gossip.Member)
	Changes func() <-chan struct{} // closed when View may have changed

	// Adopt makes the identity durable before it returns, and tells gossip. It must first withdraw from founding
	// (bootstrap.Machine.Withdraw), and return that error if it may not. It is repeated after an error.
	Adopt func(ctx context.Context, id Identity) error

	Interval time.Duration // between attempts while nothing changes; default 1 s
	Logger   *slog.Logger  // nil = slog.Default()
}

// Run waits for a cluster, adopts it and returns nil; also when the node is in one already. It returns ctx's error when
// that ends first. To become a member of the Raft configuration is then the leader's business.
func (j Joiner) Run(ctx context.Context) error {
	if j.View == nil || j.Changes == nil || j.Adopt == nil {
		return errors.New("membership: View, Changes and Adopt are needed")
	}
	log := j.Logger
	if log == nil {
		log = slog.Default()
	}
	interval := j.Interval
	if interval <= 0 {
		interval = time.Second
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	said := ""
	for {
		changed := j.Changes()
		finished, reason := j.attempt(ctx)
		if finished {
			return nil
		}
		if reason != said {
			said = reason
			log.Info("joining", "status", reason)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-ticker.C:
		}
	}
}

func (j Joiner) attempt(ctx context.Context) (finished bool, reason string) {
	self, others := j.View()
	if self.Cluster != "" {
		return true, ""
	}
	id, reason := Adoptable(self, others)
	if reason != "" {
		return false, reason
	}
	if err := j.Adopt(ctx, id); err != nil {
		return false, "cannot adopt cluster " + id.Cluster + ": " + err.Error()
	}
	return true, ""
}
