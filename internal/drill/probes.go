package drill

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/local"
)

// transfer hands leadership from one node to another.
func (r *run) transfer(ctx context.Context, from, to *local.Node) error {
	status, err := to.Status(ctx)
	if err != nil {
		return err
	}
	return from.Order.Transfer(ctx, status.Node)
}

// voters describes who votes, as a node sees it.
func (r *run) voters(ctx context.Context, n *local.Node) (string, error) {
	status, err := n.Status(ctx)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, m := range status.Members {
		if m.Voter {
			ids = append(ids, m.ID)
		}
	}
	slices.Sort(ids)
	return fmt.Sprintf("voters %s", strings.Join(ids, " ")), nil
}

// refusedFull returns nil once each node refuses to make a session because its disk is full.
func (r *run) refusedFull(ctx context.Context) error {
	for _, n := range r.cluster.Nodes {
		if err := r.tryCreate(ctx, n); !errors.Is(err, sessnode.ErrFull) {
			return fmt.Errorf("%s answered %v", n.Name, err)
		}
	}
	return nil
}

// tryCreate asks one node for a session, in an app that nobody looks at.
func (r *run) tryCreate(ctx context.Context, n *local.Node) error {
	c, err := client.New(n.URL, client.WithAPIKey(r.cluster.Keys.Operator), client.WithApp("drill-probe"), client.WithTries(1))
	if err != nil {
		return err
	}
	defer c.Close()
	_, _, err = c.Create(ctx, client.Create{})
	return err
}

// snapshotsInstalled counts how often a node was sent a snapshot, by its log.
func (r *run) snapshotsInstalled(n *local.Node) int {
	text, _ := os.ReadFile(n.LogFile)
	return strings.Count(string(text), `msg="Installed remote snapshot"`)
}

// written is how many entries a node may have on disk beyond what it was last heard to have applied.
const written = 300

// awaitCompacted waits until all nodes that run have cut their logs behind what another, which is down, had applied: whoever leads when
// it comes back can then only send it a snapshot.
func (r *run) awaitCompacted(ctx context.Context, down *local.Node) error {
	behind := r.watch.lastApplied(down.Name) + written
	return local.Await(ctx, recoverLimit, "a log to be cut behind "+down.Name, func(context.Context) error {
		least := uint64(math.MaxUint64)
		for _, n := range r.others(down) {
			text, err := os.ReadFile(n.LogFile)
			if err != nil {
				return err
			}
			least = min(least, cutTo(string(text)))
		}
		if least <= behind {
			return fmt.Errorf("logs are cut to %d, it had come to about %d", least, behind)
		}
		return nil
	})
}

// cutTo returns the last entry that a node has cut off its log, by what it wrote.
func cutTo(log string) uint64 {
	furthest := uint64(0)
	for line := range strings.Lines(log) {
		if !strings.Contains(line, `msg="compacting logs"`) {
			continue
		}
		for _, field := range strings.Fields(line) {
			if to, found := strings.CutPrefix(field, "to="); found {
				if n, err := strconv.ParseUint(to, 10, 64); err == nil {
					furthest = max(furthest, n)
				}
			}
		}
	}
	return furthest
}
