package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sessnode/sessnode/internal/local"

	"github.com/sessnode/sessnode/internal/term"
)

// banner says what to open and what to try. command is how this program is called; without keys a person cannot press any.
func (s *stage) banner(screen term.Screen, command string, keys bool) []string {
	var lines []string
	for _, folder := range s.swept {
		lines = append(lines, screen.Dim("removed "+folder+", left by a demo that was killed"))
	}
	if s.cluster.Moved || s.appMoved {
		lines = append(lines, screen.Warn("some ports were taken: the next free ones are used"))
	}
	kill := "press k to kill the leader: both stay signed in"
	if !keys {
		kill = command + " demo --script wait:20s,k kills the leader: both stay signed in"
	}
	return append(lines,
		"",
		"  "+screen.Bold("open")+"   "+screen.Cyan(s.appURL)+"   sign in as ada / demo",
		"  "+screen.Bold("ask")+"    export SESSNODE_CONFIG="+s.folder.File(clientFile),
		"         "+command+" status",
		"  "+screen.Bold("try")+"    1  sign in as ada in two browsers",
		"         2  "+kill,
		"         3  sign ada out everywhere: "+command+" subject revoke ada",
		"",
	)
}

// clientFile configures the client verbs of the command line (--config, SESSNODE_CONFIG).
const clientFile = "client.yaml"

// writeClientFile lets a person ask the cluster without typing addresses or keys.
func (s *stage) writeClientFile() error {
	text := fmt.Sprintf("# For the client verbs of sessnode, as long as this demo runs.\nurl: %s\napi-key-file: %s\n",
		s.target(), s.folder.File(local.OperatorKeyFile))
	return os.WriteFile(s.folder.File(clientFile), []byte(text), 0o600)
}

// target is the cluster's URL without the key, which is in a file.
func (s *stage) target() string {
	var hosts []string
	for _, n := range s.cluster.Nodes {
		hosts = append(hosts, strings.TrimPrefix(n.URL, "http://"))
	}
	return "sessnode://" + strings.Join(hosts, ",") + "/" + local.AppName
}

// Command is how a person calls this program again: as they did, or through `go run`.
func Command(argv0 string) string {
	if local.UnderGoRun() {
		return "go run ./cmd/sessnode"
	}
	if filepath.Base(argv0) == argv0 {
		return argv0
	}
	return filepath.Clean(argv0)
}

// nextSteps are the three commands of a cluster in production, the last hint of a demo.
func nextSteps(screen term.Screen, command string) []string {
	return []string{
		"",
		screen.Bold("In production") + ", on three hosts (docs/how-to/run-three-nodes.md):",
		"  openssl rand -hex 32 > cluster.key",
		fmt.Sprintf("  %s serve --name n1 --data /var/lib/sessnode --expect 3 \\", command),
		"    --http 0.0.0.0:7480 --node 0.0.0.0:7481 --gossip 0.0.0.0:7482 \\",
		"    --advertise-host 10.0.0.11 \\",
		"    --seeds 10.0.0.11:7482,10.0.0.12:7482,10.0.0.13:7482 \\",
		"    --cluster-key-file cluster.key --api-keys-file api.keys",
		fmt.Sprintf("  %s check --url http://10.0.0.11:7480", command),
	}
}
