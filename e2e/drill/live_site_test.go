//go:build e2e

package drill

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/drill/report"
	"github.com/sessnode/sessnode/internal/tlsfiles"
)

// operatorKey is that of whoever drills the live cluster.
const operatorKey = "the-key-of-an-operator-of-these-three-nodes"

// liveSite is three nodes that ask for keys and speak TLS, and somebody who is signed in to an app of theirs.
type liveSite struct {
	*harness.Cluster
	t      *testing.T
	binary string // what the drill runs; the nodes may run another
	access []string
	urls   string
	client *client.Client // of the app web
	id     string
	ada    sessnode.Token
	before sessnode.AppInfo // of web
}

// newLiveSite starts nodes of a build; those that are named do not allow drills.
func newLiveSite(t *testing.T, build func() (string, error), forbid ...string) *liveSite {
	t.Helper()
	nodes, err := build()
	if err != nil {
		t.Fatal(err)
	}
	s := &liveSite{t: t}
	if s.binary, err = ordinary(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sum := sha256.Sum256([]byte(operatorKey))
	writeFile(t, filepath.Join(dir, "ops.key"), operatorKey+"\n")
	writeFile(t, filepath.Join(dir, "api.keys"), "ops operator "+hex.EncodeToString(sum[:])+"\n")
	authority, err := tlsfiles.NewAuthority(filepath.Join(dir, "tls"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	args := func(name string) []string {
		files, err := authority.Node(name, []string{"127.0.0.1"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return []string{"--api-keys-file", filepath.Join(dir, "api.keys"), "--tls-cert-file", files.Cert, "--tls-key-file", files.Key,
			fmt.Sprintf("--allow-drills=%v", !strings.Contains(strings.Join(forbid, " "), name))}
	}
	s.Cluster, err = harness.New(t.Context(), harness.Config{Binary: nodes, Root: t.TempDir(), Nodes: 3, Profile: "fast", Plain: true, Args: args})
	t.Cleanup(func() { _ = s.Cluster.Close(context.Background()) })
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(dir, "tls", "ca.crt")
	s.access = []string{"--ca-file", ca, "--api-key-file", filepath.Join(dir, "ops.key")}
	pool, err := tlsfiles.Authorities(ca)
	if err != nil {
		t.Fatal(err)
	}
	s.begin(&tls.Config{RootCAs: pool})
	return s
}

// begin starts the nodes, and signs somebody in.
func (s *liveSite) begin(trusted *tls.Config) {
	s.t.Helper()
	var urls []string
	for _, n := range s.Nodes {
		if err := n.Start(); err != nil {
			s.t.Fatal(err)
		}
		urls = append(urls, "https://"+n.HTTPAddr)
	}
	s.urls = strings.Join(urls, ",")
	transport := client.DefaultTransport()
	transport.TLSClientConfig = trusted
	var err error
	if s.client, err = client.New(s.urls, client.WithAPIKey(operatorKey), client.WithApp("web"), client.WithTransport(transport)); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.client.Close)
	s.awaitReady()
	if _, err := s.client.PutPolicy(s.t.Context(), sessnode.DefaultPolicy()); err != nil {
		s.t.Fatal(err)
	}
	if s.ada, _, err = s.client.Create(s.t.Context(), client.Create{Subject: "ada"}); err != nil {
		s.t.Fatal(err)
	}
	if s.before, err = s.client.App(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	status, err := s.client.Cluster(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	s.id = status.Cluster
}

// awaitReady waits until no node has anything to complain of.
func (s *liveSite) awaitReady() {
	s.t.Helper()
	await(s.t, "all nodes to be ready", func() error {
		for _, n := range s.Nodes {
			if out, code := s.verb("check", "--url", "https://"+n.HTTPAddr); code != 0 {
				return errors.New(out)
			}
		}
		return nil
	})
}

// verb runs a verb with the operator's key and returns all that it prints, and its exit code.
func (s *liveSite) verb(args ...string) (string, int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), drillLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.binary, append(args, s.access...)...)
	if args[0] == "check" {
		cmd = exec.CommandContext(ctx, s.binary, append(args, s.access[:2]...)...)
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// drillArgs is the command line of a drill of this cluster.
func (s *liveSite) drillArgs(args ...string) []string {
	return append(append([]string{"--target", s.urls}, s.access...), args...)
}

// play drills this cluster to the end.
func (s *liveSite) play(args ...string) played {
	s.t.Helper()
	return play(s.t, func() (string, error) { return s.binary, nil }, s.drillArgs(args...)...)
}

// untouched demands that the app web is as it was, and that nothing is left of any drill.
func (s *liveSite) untouched() {
	s.t.Helper()
	session, err := s.client.Read(s.t.Context(), s.ada)
	if err != nil || session.Subject != "ada" || session.Version != 1 {
		s.t.Errorf("ada's session = %+v, %v; want it as it was", session, err)
	}
	apps, err := s.client.Apps(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, a := range apps {
		switch {
		case a.Name == "web" && a != s.before:
			s.t.Errorf("the app web = %+v, want it as it was: %+v", a, s.before)
		case a.Name != "web" && (a.Declared || a.Sessions > 0):
			s.t.Errorf("the app %s is left, with %d sessions", a.Name, a.Sessions)
		}
	}
	s.awaitReady()
}

// state is the hash of what all nodes hold, once it is the same.
func (s *liveSite) state() (hash string) {
	s.t.Helper()
	await(s.t, "one state on all nodes", func() error {
		hash = ""
		for _, n := range s.Nodes {
			alone, err := s.client.At("https://" + n.HTTPAddr)
			if err != nil {
				return err
			}
			status, err := alone.Cluster(s.t.Context())
			if err != nil {
				return err
			}
			if hash != "" && hash != status.StateHash {
				return fmt.Errorf("%s has %.8s, another %.8s", n.Name, status.StateHash, hash)
			}
			hash = status.StateHash
		}
		return nil
	})
	return hash
}

// running is a drill of this cluster that goes on.
type running struct {
	*exec.Cmd
	t    *testing.T
	file string
}

// start starts a drill.
func (s *liveSite) start(args ...string) *running {
	s.t.Helper()
	r := &running{t: s.t, file: filepath.Join(s.t.TempDir(), "told")}
	told, err := os.Create(r.file)
	if err != nil {
		s.t.Fatal(err)
	}
	defer told.Close()
	all := append([]string{"drill", "--out", filepath.Join(s.t.TempDir(), "report")}, s.drillArgs(args...)...)
	r.Cmd = exec.Command(s.binary, all...)
	r.Stdout, r.Stderr = told, told
	if err := r.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = r.Process.Kill() })
	return r
}

func (r *running) told() string {
	text, _ := os.ReadFile(r.file)
	return string(text)
}

// await waits until the drill has said something.
func (r *running) await(part string) {
	r.t.Helper()
	await(r.t, "the drill to say "+part, func() error {
		if text := r.told(); !strings.Contains(text, part) {
			return fmt.Errorf("it says:\n%s", text)
		}
		return nil
	})
}

// end waits for the end and returns the exit code.
func (r *running) end() int {
	_ = r.Wait()
	return r.ProcessState.ExitCode()
}

// command returns the words of the first command that was told and begins so.
func (r *running) command(begin string) []string {
	r.t.Helper()
	for line := range strings.Lines(r.told()) {
		if _, command, found := strings.Cut(strings.TrimSpace(line), "sessnode "); found && strings.HasPrefix(command, begin) {
			return strings.Fields(command)
		}
	}
	r.t.Fatalf("no command %q in:\n%s", begin, r.told())
	return nil
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// noKey demands that the operator's key stands in nothing that a drill has written.
func noKey(t *testing.T, p played) {
	t.Helper()
	for _, name := range []string{report.PageFile, report.ResultFile} {
		files, _ := filepath.Glob(filepath.Join(p.dir, "*", name))
		for _, file := range append(files, filepath.Join(p.dir, name)) {
			if text, _ := os.ReadFile(file); bytes.Contains(text, []byte(operatorKey)) {
				t.Errorf("%s holds the operator's key", file)
			}
		}
	}
	if strings.Contains(p.out+p.err, operatorKey) {
		t.Error("the operator's key is shown")
	}
}

// works runs a command as it was told, which needs nothing beside, and returns an error unless it succeeds.
func (s *liveSite) works(command []string) error {
	s.t.Helper()
	if !strings.Contains(strings.Join(command, " "), "--ca-file") {
		command = append(command, s.access...)
	}
	out, err := exec.CommandContext(s.t.Context(), s.binary, command...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("sessnode %v: %w\n%s", command, err, out)
	}
	return nil
}
