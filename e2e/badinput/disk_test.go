//go:build e2e

// Package badinput feeds real processes what only real disks and neighbours can: a full disk, another cluster's key and directory, a
// damaged log. Each must be answered with a clear error, and nothing acknowledged may be lost.
package badinput

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// start runs three nodes, with more flags if there are any, and returns a client of all of them.
func start(t *testing.T, plain bool, flags ...string) (*harness.Cluster, *client.Client) {
	t.Helper()
	binary, err := harness.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := harness.New(t.Context(), harness.Config{Binary: binary, Root: t.TempDir(), Nodes: 3, Profile: "fast", Plain: plain,
		Args: func(string) []string { return flags }})
	t.Cleanup(func() { _ = cluster.Close(context.Background()) })
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var urls []string
	for _, n := range cluster.Nodes {
		urls = append(urls, n.URL())
	}
	c, err := client.New(strings.Join(urls, ","), client.WithApp("web"), client.WithTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return cluster, c
}

// create makes a session with some content and returns its token.
func create(t *testing.T, c *client.Client, bytes int) sessnode.Token {
	t.Helper()
	v, err := client.JSON(strings.Repeat("x", bytes))
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := c.Create(t.Context(), client.Create{Attrs: map[string]sessnode.Value{"v": v}})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// stopped waits until a node has stopped itself, and returns its log.
func stopped(t *testing.T, n *harness.Node) string {
	t.Helper()
	err := harness.Await(t.Context(), 30*time.Second, n.Name+" to stop itself", func(context.Context) error {
		if n.Running() {
			return errors.New("it runs")
		}
		return nil
	})
	text, _ := os.ReadFile(n.LogFile)
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(text))
	}
	return string(text)
}

func tail(b []byte) []byte { return b[max(0, len(b)-3000):] }

// fill takes all space of a disk away but for some bytes.
func fill(t *testing.T, dir string, left int64) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 1<<20)
	for len(block) > 0 {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			t.Fatal(err)
		}
	}
	info, err := f.Stat()
	if err == nil {
		err = f.Truncate(info.Size() - left)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFullDiskOfTheLeaderStopsItAndLosesNothing(t *testing.T) {
	cluster, c := start(t, false, "--min-free", "1") // or it would hand over before, and nobody would write to it as leader
	var tokens []sessnode.Token
	for range 20 {
		tokens = append(tokens, create(t, c, 1000))
	}
	leader, _, err := cluster.Leader(t.Context(), 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	free := fill(t, leader.Disk.Dir(), 0)
	for range 4000 { // bolt has room in its file at first
		tokens = append(tokens, create(t, c, 20_000))
		if !leader.Running() {
			break
		}
	}
	if log := stopped(t, leader); !strings.Contains(log, "no space left on device") {
		t.Errorf("the log of %s does not say what happened:\n%s", leader.Name, tail([]byte(log)))
	}
	for range 5 { // the others go on
		tokens = append(tokens, create(t, c, 1000))
	}
	free()
	if err := leader.Start(); err != nil {
		t.Fatal(err)
	}
	if err := leader.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	own, err := client.New(leader.URL(), client.WithApp("web"), client.WithTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	for i, token := range tokens {
		if _, err := own.Read(t.Context(), token); err != nil {
			t.Fatalf("session %d of %d at the node that is back: %v", i, len(tokens), err)
		}
	}
}

// TestTheLeaderHandsOverBeforeItsDiskIsFull fills real disks: the leader's first, then all. Nobody is refused before all are full; then
// only what grows is, and with room again nothing is.
func TestTheLeaderHandsOverBeforeItsDiskIsFull(t *testing.T) {
	cluster, c := start(t, false)
	const left = 4 << 20 // room for what the log still has to take; the mark lies above it
	kept := create(t, c, 1000)
	old, _, err := cluster.Leader(t.Context(), 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	frees := []func(){fill(t, old.Disk.Dir(), left)}
	await := func(what string, check func(context.Context) error) {
		t.Helper()
		if err := harness.Await(t.Context(), 30*time.Second, what, check); err != nil {
			t.Fatal(err)
		}
	}
	await("another leader", func(ctx context.Context) error {
		leader, _, err := cluster.Leader(ctx, 30*time.Second)
		if err == nil && leader == old {
			err = errors.New("the same leads")
		}
		return err
	})
	create(t, c, 1000)
	for _, n := range cluster.Others(old) {
		frees = append(frees, fill(t, n.Disk.Dir(), left))
	}
	v, err := client.JSON("x")
	if err != nil {
		t.Fatal(err)
	}
	await("a create to be refused", func(ctx context.Context) error {
		_, _, err := c.Create(ctx, client.Create{Attrs: map[string]sessnode.Value{"v": v}})
		if !errors.Is(err, sessnode.ErrFull) || sessnode.ReasonOf(err) != sessnode.ReasonDisk {
			return fmt.Errorf("create = %w", err)
		}
		return nil
	})
	if _, err := c.Read(t.Context(), kept); err != nil {
		t.Errorf("read on full disks = %v", err)
	}
	for _, free := range frees {
		free()
	}
	await("a create to succeed", func(ctx context.Context) error {
		_, _, err := c.Create(ctx, client.Create{})
		return err
	})
	if _, err := c.Read(t.Context(), kept); err != nil {
		t.Errorf("read after all = %v", err)
	}
	for _, n := range cluster.Nodes {
		if !n.Running() {
			t.Errorf("%s has stopped", n.Name)
		}
	}
}
