package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/nearest"
)

// operateFor is how long an operation on the cluster may take at least: handing leadership over and changing the
// configuration take longer than a session's read.
const operateFor = 20 * time.Second

func newNode(std stdio) *cobra.Command {
	return family("node", "Nodes one by one, for maintenance and repair",
		"node changes what the nodes of a cluster do. `sessnode status` shows them. A node that lost its disk needs none of this: started "+
			"with an empty directory under its old name it takes its own place again.",
		newNodeTransfer(std), newNodeDrain(std), newNodeUndrain(std), newNodeLeave(std), newNodeRemove(std))
}

// operate is a verb on one node of the cluster.
type operate struct {
	use, short, long, example string
	args                      cobra.PositionalArgs
	agree                     *consent // nil = it can be undone
	ask                       string   // what is agreed to, with a place for the node
	do                        func(ctx context.Context, c *client.Client, who string) error
	done                      string // with a place for the node, or to be followed by "to NODE"
}

func (o operate) command(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: o.use, Short: o.short, Long: o.long, Example: o.example, Args: o.args,
		RunE: online(func(cmd *cobra.Command, args []string) error {
			c, s, err := connectFor(cmd, std, operateFor)
			if err != nil {
				return err
			}
			defer c.Close()
			p, who := newPrinter(std, s), strings.Join(args, "")
			if o.agree != nil {
				if ok, err := o.agree.given(std, p, fmt.Sprintf(o.ask, who)); !ok {
					return err
				}
			}
			if err := o.do(cmd.Context(), c, who); err != nil {
				return explainOperation(err)
			}
			p.say("%s", o.said(who))
			return nil
		}),
	}
	if o.agree != nil {
		o.agree.flags(cmd)
	}
	addClientFlags(cmd)
	return cmd
}

// said is done with the node in its place, or at the end where there is a node and no place for it.
func (o operate) said(who string) string {
	switch {
	case strings.Contains(o.done, "%s"):
		return fmt.Sprintf(o.done, who)
	case who != "":
		return o.done + " to " + who
	}
	return o.done
}

func newNodeTransfer(std stdio) *cobra.Command {
	return operate{
		use: "transfer [NODE] [flags]", short: "Hand leadership to another node",
		long:    "transfer makes the leader hand over to a voter, by name or id, or to the one that is furthest. No write is lost; clients wait for some milliseconds.",
		example: "  sessnode node transfer\n  sessnode node transfer n2",
		args:    atMost("NODE"),
		do: func(ctx context.Context, c *client.Client, who string) error {
			if who == "" {
				return c.Transfer(ctx, who)
			}
			m, err := memberOf(ctx, c, who)
			if err != nil {
				return err
			}
			return c.Transfer(ctx, m.ID)
		},
		done: "leadership was handed over",
	}.command(std)
}

func newNodeDrain(std stdio) *cobra.Command {
	var limit time.Duration
	cmd := operate{
		use: "drain NODE [flags]", short: "Take a node out of service for maintenance; it still votes",
		long:    "drain makes a node not ready, so that load balancers look elsewhere, and hands leadership over. It still answers and votes. undrain, a restart, or the time in --for ends it.",
		example: "  sessnode node drain n2\n  sessnode node drain n2 --for 30m",
		args:    needs("NODE"),
		do: atNode(func(ctx context.Context, c *client.Client, _ string) error {
			if limit > 0 {
				return c.DrainFor(ctx, limit)
			}
			return c.SetDrained(ctx, true)
		}),
		done: "%s is drained",
	}.command(std)
	cmd.Flags().DurationVar(&limit, "for", 0, "the node works again by itself after this time (0s: not)")
	return cmd
}

func newNodeUndrain(std stdio) *cobra.Command {
	return operate{
		use: "undrain NODE [flags]", short: "Let a drained node work again", long: "undrain lets a drained node work again.",
		example: "  sessnode node undrain n2",
		args:    needs("NODE"),
		do:      atNode(func(ctx context.Context, c *client.Client, _ string) error { return c.SetDrained(ctx, false) }),
		done:    "%s works again",
	}.command(std)
}

func newNodeLeave(std stdio) *cobra.Command {
	return operate{
		use: "leave NODE [flags]", short: "Make a node leave its cluster for good, and stop",
		long: "leave hands leadership over, takes the node out of the cluster, and stops it. Its data directory can not be used again; with an empty " +
			"one it joins as a new node. It is refused where the other voters would have no majority.",
		example: "  sessnode node leave n5 --yes",
		args:    needs("NODE"), agree: &consent{}, ask: "make node %s leave its cluster for good",
		do:   atNode(func(ctx context.Context, c *client.Client, id string) error { return c.Leave(ctx, id) }),
		done: "%s has left and stops",
	}.command(std)
}

func newNodeRemove(std stdio) *cobra.Command {
	return operate{
		use: "remove NODE [flags]", short: "Take a dead node out of the cluster for good",
		long: "remove takes a node that will never come back out of the cluster, by name or id. It is refused while the node lives, and where the other " +
			"voters would have no majority. A node that comes back under its name with an empty disk replaces itself: it needs no removal.",
		example: "  sessnode node remove n3 --yes",
		args:    needs("NODE"), agree: &consent{}, ask: "take node %s out of the cluster for good",
		do:   func(ctx context.Context, c *client.Client, who string) error { return c.Remove(ctx, who) },
		done: "%s is no member any more",
	}.command(std)
}

// explainOperation gives words to what the cluster refuses for its own safety.
func explainOperation(err error) error {
	if !errors.Is(err, sessnode.ErrConflict) {
		return err
	}
	return &problem{what: err.Error(), why: "it would put the cluster at risk, so nothing was changed",
		try: "sessnode status shows who is alive and how many may be lost", exit: exitConflict, err: err}
}

// atNode finds a node by name or id, and does something with a client of that node alone and its id.
func atNode(do func(ctx context.Context, c *client.Client, id string) error) func(context.Context, *client.Client, string) error {
	return func(ctx context.Context, c *client.Client, who string) error {
		m, err := memberOf(ctx, c, who)
		if err != nil {
			return err
		}
		alone, err := c.At(schemeOf(c) + "://" + m.HTTPAddr)
		if err != nil {
			return err
		}
		return do(ctx, alone, m.ID)
	}
}

// memberOf asks the cluster for one of its members, by id or name.
func memberOf(ctx context.Context, c *client.Client, who string) (sessnode.Member, error) {
	s, err := c.Cluster(ctx)
	if err != nil {
		return sessnode.Member{}, err
	}
	return memberCalled(s.Members, who)
}

// memberCalled finds one member by id or name.
func memberCalled(members []sessnode.Member, who string) (sessnode.Member, error) {
	var found, known []string
	var one sessnode.Member
	for _, m := range members {
		if m.ID == who || m.Name == who {
			one, found = m, append(found, m.ID)
		}
		known = append(known, m.Name)
	}
	switch {
	case len(found) == 1 && one.HTTPAddr != "":
		return one, nil
	case len(found) == 1:
		return one, &problem{what: "the address of node " + who + " is not known", why: "it was not seen since the node that was asked has started",
			try: "start it; or for a node that never comes back: sessnode node remove " + who, exit: exitUnavailable}
	case len(found) > 1:
		return one, &problem{what: "several nodes are called " + who, why: "one of them is being replaced", try: "give the id: " + strings.Join(found, ", "), exit: exitUsage}
	}
	try := "one of " + strings.Join(known, ", ")
	if name := nearest.Name(who, known); name != "" {
		try = name + "   (or " + try + ")"
	}
	return one, &problem{what: fmt.Sprintf("no node is called %q", who), why: "the cluster has no member of this name or id", try: try, exit: exitUsage}
}

// schemeOf is how the nodes were named: members report addresses without a scheme.
func schemeOf(c *client.Client) string {
	scheme, _, _ := strings.Cut(c.Nodes()[0], "://")
	return scheme
}
