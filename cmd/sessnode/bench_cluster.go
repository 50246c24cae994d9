package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sessnode/sessnode/internal/local"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/bench"
	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/demo"
	"github.com/sessnode/sessnode/internal/term"
)

// ownPort is the first HTTP port of nodes that are started for a load: not that of a node with defaults, nor of the demo.
const ownPort = 7610

// runOwn measures three nodes that are started for it, with the defaults of serve but for their memory, which they share.
func runOwn(cmd *cobra.Command, std stdio, plan bench.Plan, e bench.Environment, shared int) (err error) {
	s, err := readClient(cmd, std)
	if err != nil {
		return err
	}
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	b := benchShow{printer: newPrinter(std, s), plan: plan, environment: e}
	b.say("starting three nodes in a temporary folder")
	ctx := local.WithParent(cmd.Context())
	nodes, err := demo.OpenBare(ctx, binary, ownPort, "--profile", "default", "--max-memory", fmt.Sprintf("%dMiB", config.Memory(os.DirFS("/"))>>20/3))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, nodes.Close()) }()
	flush, err := bench.FlushTime(nodes.Folder())
	if err != nil {
		return err
	}
	b.say("a flushed write of 4 KiB takes %s in %s", term.Duration(flush.Round(time.Microsecond)), nodes.Folder())
	b.environment.FlushSeconds = flush.Seconds()
	c, err := client.New(nodes.URLs(), client.WithAPIKey(nodes.OperatorKey()), client.WithTimeout(s.Timeout))
	if err != nil {
		return err
	}
	return interruptedOr(ctx, b.load(ctx, c.In(benchedApp(cmd)), bench.Access{APIKey: nodes.OperatorKey(), Timeout: s.Timeout, Shared: shared}))
}
