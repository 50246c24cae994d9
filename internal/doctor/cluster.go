package doctor

import (
	"context"
	"errors"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/keyring"
	"github.com/sessnode/sessnode/internal/view"
)

// cluster asks a running cluster how it is, and which keys its members have.
func (p Patient) cluster(ctx context.Context) []Finding {
	const subject = "cluster"
	picture, err := p.Cluster.Look(ctx)
	switch {
	case errors.Is(err, sessnode.ErrUnauthorized), errors.Is(err, sessnode.ErrForbidden):
		return []Finding{fail(subject, "--api-key-file FILE with an operator's key", "the cluster does not let this key look: %v", err)}
	case err != nil:
		return []Finding{fail(subject, "check --url", "the cluster cannot be asked: %v", err)}
	}
	found := []Finding{health(subject, picture)}
	for _, n := range picture.Nodes {
		if n.Detail != "" && n.State != "ready" {
			found = append(found, warn(subject, "the log of that node says more; sessnode check --url http://"+n.HTTP, "%s: %s", n.Name, n.Detail))
		}
	}
	if picture.Health == view.Unreachable {
		return found
	}
	return append(found, p.memberKeys(ctx)...)
}

func health(subject string, c view.Cluster) Finding {
	switch c.Health {
	case view.Healthy:
		return ok(subject, "%s", c.Summary)
	case view.Degraded:
		return warn(subject, "sessnode status shows which node it is", "%s", c.Summary)
	case view.NoLeader:
		return fail(subject, "start the nodes that are down; the log of each says what it waits for", "%s", c.Summary)
	}
	return fail(subject, "check --url, and that the nodes run", "%s", c.Summary)
}

func (p Patient) memberKeys(ctx context.Context) []Finding {
	const subject = "cluster keys"
	s, err := p.Cluster.Client.Cluster(ctx)
	if err != nil {
		return nil // it has been said
	}
	members := s.Members
	if !hasKeys(members) {
		return nil
	}
	sum := keyring.Summary(members, nil)
	if !sum.Settled {
		return []Finding{warn(subject, sum.Next, "%s", sum.Text)}
	}
	return []Finding{ok(subject, "%s", sum.Text)}
}

// hasKeys reports whether any member tells keys: a cluster without any has nothing to compare.
func hasKeys(members []sessnode.Member) bool {
	var all []string
	for _, m := range members {
		all = append(all, m.Keys...)
	}
	return strings.Join(all, "") != ""
}
