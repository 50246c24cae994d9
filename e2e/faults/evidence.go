package faults

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/drill/leak"
)

// startCapture listens on the ports over which nodes talk to each other, and on one over which a token will be planted.
func (r *round) startCapture(ctx context.Context) error {
	var plant []byte
	for _, form := range leak.Forms(r.planted) {
		plant = append(append(plant, form...), '\n')
	}
	addr, send, err := harness.Send(ctx, plant)
	if err != nil {
		return err
	}
	addrs := []string{addr}
	for _, n := range r.cluster.Nodes {
		addrs = append(addrs, n.NodeAddr, n.GossipAddr)
	}
	r.probe = send
	r.capture, err = harness.StartCapture(ctx, r.path("capture"), addrs...)
	return err
}

func (r *round) stopCapture() error {
	if err := r.probe(); err != nil {
		return fmt.Errorf("plant a token on the wire: %w", err)
	}
	captured, err := r.capture.Stop()
	r.capture = nil
	if err == nil && captured < 1<<16 {
		err = fmt.Errorf("the capture has %d bytes: it did not listen", captured)
	}
	return err
}

func (r *round) saveMetrics(ctx context.Context) error {
	if err := os.MkdirAll(r.path("metrics"), 0o700); err != nil {
		return err
	}
	for _, n := range r.cluster.Nodes {
		text, err := n.Metrics(ctx)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.path("metrics"), n.Name), text, 0o600); err != nil {
			return err
		}
		r.report.Shared += sharedRequests(text)
	}
	return nil
}

// sharedRequests returns how many requests a node answered over shared connections since it was started.
func sharedRequests(metrics []byte) int {
	for line := range strings.Lines(string(metrics)) {
		if value, is := strings.CutPrefix(line, "sessnode_http_shared_requests_total "); is {
			n, _ := strconv.ParseFloat(strings.TrimSpace(value), 64) // 0 where it cannot be read, which is too few
			return int(n)
		}
	}
	return 0
}

// searchTokens looks for every token of the round in everything that the nodes have written and said. One more token is
// planted in each place and form, and must be found there: else the search itself is broken.
func (r *round) searchTokens() error {
	places := map[string][]string{"metrics": {r.path("metrics")}, "capture": {r.path("capture")}, "log": r.cluster.Files()}
	for _, n := range r.cluster.Nodes {
		places["data"] = append(places["data"], n.Disk.Dir())
	}
	if err := r.plant(); err != nil {
		return err
	}
	places["log"] = append(places["log"], r.path("planted.log"))
	tokens := append(r.load.Tokens(), r.planted)
	search := leak.New(tokens)
	for place, roots := range places {
		finds, looked, err := search.Files(roots...)
		if err != nil {
			return err
		}
		r.report.Searched += looked
		var planted []string
		for _, f := range finds {
			if f.Token == len(tokens)-1 {
				planted = append(planted, f.Form)
				continue
			}
			r.report.add(check.Violation{Check: TokenLeak, Detail: f.String()})
		}
		for _, form := range leak.Missing(r.planted, planted) {
			r.report.add(check.Violation{Check: check.Coverage, Detail: "the token planted in " + place + " as " + form + " was not found"})
		}
	}
	r.report.Tokens = len(tokens) - 1
	return nil
}

// plant writes the planted token in every form to a log, a metric page and a data file.
func (r *round) plant() error {
	return errors.Join(leak.Plant(r.path("planted.log"), r.planted), leak.Plant(filepath.Join(r.path("metrics"), "planted"), r.planted),
		leak.Plant(filepath.Join(r.cluster.Nodes[0].Disk.Dir(), "planted"), r.planted))
}

// leastCommon is how many log entries the nodes must have in common for their comparison to mean something.
const leastCommon = 20

// compareLogs reads the logs of the stopped nodes from their disks.
func (r *round) compareLogs() error {
	var logs []check.Log
	for _, n := range r.cluster.Nodes {
		entries, err := readLog(n.Disk.Dir())
		if err != nil {
			return fmt.Errorf("%s: read the log: %w", n.Name, err)
		}
		logs = append(logs, check.Log{Node: n.Name, Entries: entries})
	}
	r.report.add(check.Logs(logs, r.final[0].Applied, leastCommon)...)
	return nil
}

// readLog reads the Raft log of a data directory, of whatever kind it is.
func readLog(path string) (entries map[uint64]check.LogEntry, err error) {
	dir, err := raftlog.OpenToRead(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	entries = map[uint64]check.LogEntry{}
	_, err = raftlog.Walk(dir, func(entry *raft.Log) {
		sum := sha256.Sum256(append([]byte{byte(entry.Type)}, entry.Data...))
		entries[entry.Index] = check.LogEntry{Term: entry.Term, Digest: hex.EncodeToString(sum[:8])}
	})
	return entries, err
}
