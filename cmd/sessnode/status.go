package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/term"
	"github.com/sessnode/sessnode/internal/view"
)

// eachNode is how long one node may take to answer where several are asked: one that hangs must not hide the others.
const eachNode = 2 * time.Second

func newStatus(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status [flags]",
		Short: "How the cluster is: who leads, who is behind, what may fail",
		Long: "status asks every node that the URL names, and every member that these report, all at once, and says how the cluster " +
			"is in a sentence before the table. It takes an operator's key.\n\n" +
			"It exits with 0 when every voter is ready, with 1 when the cluster serves but is degraded (a node is down, behind, drained " +
			"or stopping, or the store is nearly full), and with 4 when no node leads or none answers.",
		Example: "  sessnode status --url http://10.0.0.11:7480\n  sessnode status -o json | jq -r .health",
		Args:    needs(),
		RunE: online(func(cmd *cobra.Command, _ []string) error {
			c, s, err := connect(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			cluster, err := look(cmd.Context(), c, s)
			if err != nil {
				return err
			}
			return printStatus(newPrinter(std, s), cluster)
		}),
	}
	addClientFlags(cmd)
	return cmd
}

// look asks all nodes once.
func look(ctx context.Context, c *client.Client, s clientSettings) (view.Cluster, error) {
	return view.Looker{Client: c, HTTP: s.transport, Each: min(s.Timeout, eachNode)}.Look(ctx)
}

func printStatus(p printer, c view.Cluster) error {
	switch {
	case p.isJSON():
		if err := p.json(c); err != nil {
			return err
		}
	default:
		if p.screen.TTY {
			if _, err := fmt.Fprintln(p.out, strings.TrimSpace(c.Sentence(p.screen)+"\n"+p.screen.Dim(c.Facts(p.view())))+"\n"); err != nil {
				return err
			}
		} else {
			p.say("%s", c.Sentence(p.errors))
		}
		if err := p.table(c.Table(p.view(), p.wide())); err != nil {
			return err
		}
	}
	return verdictOf(c)
}

// verdictOf is the exit code of a cluster's health. Of one that is degraded the sentence has said all.
func verdictOf(c view.Cluster) error {
	switch c.Health {
	case view.Healthy:
		return nil
	case view.Degraded:
		return &silent{exitFailure}
	case view.NoLeader:
		return &problem{what: "no node leads", why: "too few voters reach each other, or an election is under way",
			try: "start the nodes that are down; the log of each says what it waits for", exit: exitUnavailable, err: sessnode.ErrUnavailable}
	}
	var asked []string
	why, try := "no node listens there, or the network between is cut", "check --url and SESSNODE_URL; sessnode check --url http://HOST:7480 asks one node alone"
	for _, n := range c.Nodes {
		asked = append(asked, term.Clean(n.HTTP))
		if strings.Contains(n.Detail, "TLS") {
			why, try = n.Detail, "https:// or sessnodes:// where the nodes speak TLS, with --ca-file for an authority of your own"
		}
	}
	return &problem{what: "no answer from " + strings.Join(asked, ", "), why: why, try: try,
		exit: exitUnavailable, err: sessnode.ErrUnavailable}
}
