package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/drill/puppet"
	"github.com/sessnode/sessnode/internal/keyring"
	"github.com/sessnode/sessnode/internal/logs"
)

func newServe(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a node",
		Long: "serve runs one node until it is told to stop. SIGTERM or SIGINT drains: it stops being ready, hands\n" +
			"leadership over, finishes what is under way and exits with 0; a second signal exits at once. SIGUSR1\n" +
			"takes a snapshot and cuts the log behind it: before a planned restart, which then is shorter.",
		Example: "  sessnode serve --name n1 --data ./data\n" +
			"  sessnode serve --config sessnode.yaml\n\n" +
			"  sessnode serve --name n1 --data /var/lib/sessnode --expect 3 \\\n" +
			"    --http 0.0.0.0:7480 --node 0.0.0.0:7481 --gossip 0.0.0.0:7482 \\\n" +
			"    --advertise-host 10.0.0.11 \\\n" +
			"    --seeds 10.0.0.11:7482,10.0.0.12:7482,10.0.0.13:7482 \\\n" +
			"    --cluster-key-file cluster.key --api-keys-file api.keys",
		Args: cobra.NoArgs,
		RunE: verb(func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(cmd, std)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), logs.New(std.err, s.Log.Format, s.Log.Level), s)
		}),
	}
	addNodeFlags(cmd)
	return cmd
}

// settings is what the node was told, with the key files read.
type settings struct {
	config.Config
	clusterKeys keyring.Ring
	apiKeys     []config.APIKey
	certificates
	puppet *puppet.Puppet // nil: no drill has started this node
}

// readSettings reports the faults of all keys and key files at once.
func readSettings(cmd *cobra.Command, std stdio) (settings, error) {
	c, err := nodeConfig(cmd, std)
	if err != nil {
		return settings{}, err
	}
	clusterKeys, err1 := config.ClusterKeys(c.Security.ClusterKeyFile)
	apiKeys, err2 := config.APIKeys(c.Security.APIKeysFile)
	tls, err3 := openCertificates(logs.New(std.err, c.Log.Format, c.Log.Level), c.Security)
	if c.Limits.MaxMemory == 0 {
		c.Limits.MaxMemory = config.Memory(os.DirFS("/"))
	}
	return settings{Config: c, clusterKeys: clusterKeys, apiKeys: apiKeys, certificates: tls}, errors.Join(c.Validate(), err1, err2, err3)
}

// serve starts the parts from the inside out, says what they are, and stops them in the opposite order.
func serve(ctx context.Context, log *slog.Logger, s settings) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)

	gc := newCollector(s.Limits.MaxMemory, besideHeap)
	gc.adjust(0, 0)
	var err error
	version, commit := buildVersion()
	log.Info("starting", "version", version, "commit", commit, "name", s.Name, "data", s.Data, "pid", os.Getpid())
	if s.puppet, err = tieToDrill(ctx, log, s); err != nil {
		return err
	}
	if s.puppet != nil {
		defer s.puppet.Close()
	}
	p, err := start(ctx, log, s, version)
	if err != nil {
		return err
	}
	log.Info("listening", "http", p.httpAddr, "node", s.Listen.Advertised(s.Listen.Node), "gossip", s.Listen.Advertised(s.Listen.Gossip))
	posture(log, s.Config, len(s.apiKeys), s.clusterKeys != nil)
	log.Info("limits", "memory", config.FormatSize(s.Limits.MaxMemory), "for_sessions", config.FormatSize(s.budget()),
		"in_flight", s.Limits.MaxInFlight, "connections", s.Limits.MaxConnections, "profile", s.Cluster.Profile)

	var readiness sync.WaitGroup
	watching, stopWatching := context.WithCancel(ctx)
	readiness.Go(func() { narrateReadiness(watching, log, s.Name, p.ready, nil) }) // ends with watching
	readiness.Go(func() { p.followKeys(watching) })                                // ends with watching
	readiness.Go(func() { p.takeBackups(watching) })                               // ends with watching
	readiness.Go(func() { obeySnapshotSignal(watching, log, p.snapshot) })         // ends with watching
	readiness.Go(func() { gc.run(watching) })                                      // ends with watching
	defer readiness.Wait()
	defer stopWatching()

	stopNarration := step{"narration", func(context.Context) error { stopWatching(); readiness.Wait(); return nil }}
	l := life{log: log, signals: signals, failed: p.failed, left: p.left, drain: append([]step{stopNarration}, p.drain...)}
	return l.run(ctx)
}

// budget is how many bytes of memory sessions may take: half, because a snapshot that is being installed needs room beside
// the state that it replaces (design: "half of the smallest voter's memory").
func (s settings) budget() uint64 { return s.Limits.MaxMemory / 2 }
