package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// site is the nodes under measurement, and one more that can join.
type site struct {
	*harness.Cluster
	spare  *harness.Node
	leader *harness.Node
}

// slowReady bounds how long a node with millions of sessions may take until it is ready.
const slowReady = 15 * time.Minute

// open starts nodes in a directory. One more is prepared, which joins when it is started.
func open(ctx context.Context, binary, dir string, nodes int, args []string) (*site, error) {
	c, err := harness.New(ctx, harness.Config{Binary: binary, Root: dir, Nodes: nodes, Profile: "default", Plain: true,
		Args: func(string) []string { return append([]string{"--log-level", "info"}, args...) }})
	s := &site{Cluster: c}
	if err != nil {
		return s, err
	}
	if s.spare, err = c.Spare(); err != nil {
		return s, err
	}
	if err := c.Start(ctx); err != nil {
		return s, err
	}
	s.leader, _, err = c.Leader(ctx, 30*time.Second)
	return s, err
}

// close ends all processes.
func (s *site) close(ctx context.Context) error {
	if s.spare != nil {
		s.Nodes = append(s.Nodes, s.spare)
	}
	return s.Close(ctx)
}

// call asks the leader for something and wants success.
func (s *site) call(ctx context.Context, method, path, body string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.leader.URL()+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Session-Timeout", "30")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s %s", method, path, res.Status, answer)
	}
	return answer, err
}

// policy gives the app its rules. Touches count after a second, so that as many of them are written with few sessions as with many.
func (s *site) policy(ctx context.Context, idle string) error {
	_, err := s.call(ctx, "PUT", "/v1/apps/"+app, `{"idle":"`+idle+`","lifetime":"300h","touch_resolution":"1s"}`)
	return err
}

// takeSnapshot tells a node to take one now, and returns a function that waits until its log says that it has.
func takeSnapshot(n *harness.Node) (wait func(context.Context) (moments, error), err error) {
	began := time.Now()
	if err := n.Signal(syscall.SIGUSR1); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (m moments, err error) {
		err = await(ctx, 20*time.Minute, "a snapshot", func(context.Context) error {
			m, err = snapshotIn(n.LogFile, began)
			return err
		})
		return m, err
	}, nil
}

// rested waits until no node writes a snapshot by itself, as it does when its log has grown, or removes an old one.
func (s *site) rested(ctx context.Context) error {
	return await(ctx, 20*time.Minute, "the end of a snapshot", func(context.Context) error {
		for _, n := range s.Nodes {
			under, err := filepath.Glob(filepath.Join(n.Disk.Dir(), "snapshots", "*.tmp"))
			if err != nil || len(under) > 0 {
				return errors.Join(err, fmt.Errorf("%s has %d under way", n.Name, len(under)))
			}
		}
		return nil
	})
}

// moments are those of one snapshot, as the node's log has them.
type moments struct{ start, compact, end time.Time }

// snapshotIn finds the first snapshot that a log tells of after a moment.
func snapshotIn(path string, after time.Time) (m moments, err error) {
	log, err := os.ReadFile(path)
	if err != nil {
		return m, err
	}
	for line := range bytes.Lines(log) {
		if !bytes.Contains(line, []byte("snapshot")) && !bytes.Contains(line, []byte("compacting")) {
			continue
		}
		var l struct {
			Time time.Time `json:"time"`
			Msg  string    `json:"msg"`
		}
		if json.Unmarshal(line, &l) != nil || l.Time.Before(after) {
			continue
		}
		switch {
		case strings.Contains(l.Msg, "starting snapshot"):
			m.start = l.Time
		case strings.Contains(l.Msg, "compacting logs"):
			m.compact = l.Time
		case strings.Contains(l.Msg, "snapshot complete") && !m.start.IsZero():
			m.end = l.Time
			return m, nil
		}
	}
	return m, fmt.Errorf("the log of the node tells of none")
}

// metrics are a node's, by name with labels.
type metrics map[string]float64

func measureNode(ctx context.Context, n *harness.Node) (metrics, error) {
	text, err := n.Metrics(ctx)
	if err != nil {
		return nil, err
	}
	m := metrics{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		at := strings.LastIndexByte(line, ' ')
		if line == "" || line[0] == '#' || at < 0 {
			continue
		}
		if v, err := strconv.ParseFloat(line[at+1:], 64); err == nil {
			m[line[:at]] = v
		}
	}
	m["rss"] = float64(resident(n.Pid()))
	return m, nil
}

// resident is how much memory a process has, in bytes.
func resident(pid int) uint64 { return statusBytes(pid, "VmRSS:") }

// statusBytes is a size that the system says of a process.
func statusBytes(pid int, name string) uint64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kb, _ := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10
		}
	}
	return 0
}

// awaitReady waits for a node however much it has to restore.
func awaitReady(ctx context.Context, n *harness.Node) error {
	return await(ctx, slowReady, n.Name+" ready", func(ctx context.Context) error {
		if !n.Running() {
			return fmt.Errorf("it has ended: see %s", n.LogFile)
		}
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.URL()+"/readyz", nil)
		if err != nil {
			return err
		}
		req.Close = true
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s", res.Status)
		}
		return nil
	})
}

// await asks try ten times a second until it returns nil. It asks seldom, because asking costs what is measured.
func await(ctx context.Context, limit time.Duration, what string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %v for %s: %w", limit, what, err)
		case <-tick.C:
		}
	}
}

// pause lets the load go on for a while.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
