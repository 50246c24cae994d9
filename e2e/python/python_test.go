//go:build e2e

// Package python runs the Python client's claims, which its store in memory passes too, against three real processes.
package python_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/tlsfiles"
)

const (
	operatorKey = "an-operators-key-of-these-tests"
	readyLimit  = time.Minute
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

func TestRealNodesKeepThePythonClaims(t *testing.T) {
	cluster, _ := newCluster(t, nil)
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	claims(t, "SESSNODE_TEST_NODES="+urls(cluster, "http://"))
}

// TestNodesWithTLSAndKeysKeepThePythonClaims has a private authority, as `sessnode tls make` makes one, and an operator's key.
func TestNodesWithTLSAndKeysKeepThePythonClaims(t *testing.T) {
	dir := t.TempDir()
	sum := sha256.Sum256([]byte(operatorKey))
	keys := filepath.Join(dir, "api.keys")
	if err := os.WriteFile(keys, []byte("ops operator "+hex.EncodeToString(sum[:])+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	authority, err := tlsfiles.NewAuthority(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cluster, binary := newCluster(t, func(name string) []string {
		files, err := authority.Node(name, []string{"127.0.0.1"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return []string{"--api-keys-file", keys, "--tls-cert-file", files.Cert, "--tls-key-file", files.Key}
	})
	ca := filepath.Join(dir, "ca.crt")
	for _, n := range cluster.Nodes {
		if err := n.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range cluster.Nodes {
		err := harness.Await(t.Context(), readyLimit, n.Name+" to be ready", func(ctx context.Context) error {
			return exec.CommandContext(ctx, binary, "check", "--url", "https://"+n.HTTPAddr, "--ca-file", ca).Run()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	claims(t, "SESSNODE_TEST_NODES="+urls(cluster, "https://"), "SESSNODE_TEST_KEY="+operatorKey, "SESSNODE_TEST_CA="+ca)
}

func newCluster(t *testing.T, args func(string) []string) (_ *harness.Cluster, binary string) {
	t.Helper()
	binary, err := harness.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	config := harness.Config{Binary: binary, Root: t.TempDir(), Nodes: 3, Profile: "default", Plain: true, Args: args}
	cluster, err := harness.New(t.Context(), config)
	t.Cleanup(func() { _ = cluster.Close(context.Background()) })
	if err != nil {
		t.Fatal(err)
	}
	return cluster, binary
}

func urls(cluster *harness.Cluster, scheme string) string {
	var all []string
	for _, n := range cluster.Nodes {
		all = append(all, scheme+n.HTTPAddr)
	}
	return strings.Join(all, ",")
}

// claims fails also where pytest ran none of them.
func claims(t *testing.T, environment ...string) {
	t.Helper()
	root, err := harness.ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	python, err := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "python.sh")).Output()
	if err != nil {
		t.Fatal("no Python to run the claims with: ", err)
	}
	run := exec.CommandContext(t.Context(), strings.TrimSpace(string(python)), "-m", "pytest", "tests/claims")
	run.Dir = filepath.Join(root, "python")
	run.Env = append(os.Environ(), environment...)
	out, err := run.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), " passed") || strings.Contains(string(out), "skipped") {
		t.Fatal("the claims do not all hold at real nodes: ", err)
	}
}
