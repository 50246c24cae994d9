// Command measure measures failover and hand-over as clients see them, and writes docs/performance/failover.md.
//
//	go run ./e2e/measure -out docs/performance/failover.md
//
// It starts three nodes on loopback, each in a temporary directory, keeps sixteen clients writing through all of them, and
// takes the leader away again and again: with SIGKILL, with SIGTERM, and by asking for a hand-over.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

func main() {
	out := flag.String("out", "", "file for the table; empty: standard output")
	times := flag.Int("n", 20, "how often each event is measured")
	profiles := flag.String("profiles", "default,fast", "which profiles")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := measure(ctx, *out, *times, strings.Split(*profiles, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// event is one way to lose a leader.
type event struct {
	name string
	do   func(context.Context, *harness.Cluster, *harness.Node) error
	back bool // the node has to be started again
}

var events = []event{
	{"kill -9", func(_ context.Context, _ *harness.Cluster, n *harness.Node) error { return n.Kill() }, true},
	{"SIGTERM", func(_ context.Context, _ *harness.Cluster, n *harness.Node) error { return n.Stop() }, true},
	{"`POST /v1/cluster/transfer`", func(ctx context.Context, c *harness.Cluster, n *harness.Node) error {
		return harness.Await(ctx, findLimit, "a hand-over", func(ctx context.Context) error { return c.Transfer(ctx, n) })
	}, false},
}

// row is one line of the table.
type row struct {
	profile, event string
	worst          []time.Duration // of each event: the longest that any client waited for one write
}

func measure(ctx context.Context, out string, times int, profiles []string) error {
	dir, err := os.MkdirTemp("", "sessnode-measure-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary, err := harness.Build(ctx, dir)
	if err != nil {
		return err
	}
	load := "unknown"
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(b), " ")
	}
	flush, err := flushTime(dir)
	if err != nil {
		return err
	}
	var rows []row
	for _, profile := range profiles {
		more, err := measureProfile(ctx, binary, filepath.Join(dir, profile), profile, times)
		if err != nil {
			return fmt.Errorf("profile %s: %w", profile, err)
		}
		rows = append(rows, more...)
	}
	page := render(rows, times, flush, load)
	if out == "" {
		fmt.Print(page)
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return os.WriteFile(out, []byte(page), 0o644)
}

func measureProfile(ctx context.Context, binary, dir, profile string, times int) (rows []row, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	cluster, err := harness.New(ctx, harness.Config{Binary: binary, Root: dir, Nodes: 3, Profile: profile, Plain: true})
	defer func() {
		if closeErr := cluster.Close(context.WithoutCancel(ctx)); err == nil {
			err = closeErr
		}
	}()
	if err != nil {
		return nil, err
	}
	if err := cluster.Start(ctx); err != nil {
		return nil, err
	}
	for _, e := range events {
		r := row{profile: profile, event: e.name}
		for range times {
			worst, err := once(ctx, cluster, e)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.name, err)
			}
			fmt.Fprintf(os.Stderr, "%s, %s: %v\n", profile, e.name, worst.Round(time.Millisecond))
			r.worst = append(r.worst, worst)
		}
		slices.Sort(r.worst)
		rows = append(rows, r)
	}
	return rows, nil
}

// flushTime is the median time of one flushed write on the disk that the nodes use: it is part of every number here.
func flushTime(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "flush"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var took []time.Duration
	for range 50 {
		began := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

func render(rows []row, times int, flush time.Duration, load string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Losing the leader, as clients see it

Three nodes on one machine (%s/%s, %d processors), sixteen clients that write through all nodes without a pause and go to the next
node under the same operation id when one fails. The number of an event is the longest that any of the clients waited for one
acknowledged write; each event was measured %d times. A flushed write of 4 KiB takes %v on this disk; the load average was %s when the
measurement began.

<!-- run: skip it takes ten minutes -->
`+"```sh\ngo run ./e2e/measure -n %d -out docs/performance/failover.md\n```"+`

| profile | the leader is lost by | median | slowest |
| --- | --- | --- | --- |
`, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), times, flush.Round(10*time.Microsecond), load, times)
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %v | %v |\n", r.profile, r.event, r.worst[len(r.worst)/2].Round(time.Millisecond),
			r.worst[len(r.worst)-1].Round(time.Millisecond))
	}
	b.WriteString(`
The time-outs of heartbeat and election are 1 s each in the default profile and 200 ms in the fast one. The bounds that these numbers
are held to: a killed leader costs at most three times their sum, a leader that hands over at most half of it. SIGTERM hands
over first and then drains; the node's clients see closed connections and go to the next node.
`)
	return b.String()
}
