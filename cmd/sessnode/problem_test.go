package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/config"
)

func TestEveryProblemHasThreeLinesAndItsExitCode(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, inUse := net.Listen("tcp", taken.Addr().String())
	_, foreign := net.Listen("tcp", "192.0.2.1:7480") // TEST-NET-1: no host has it
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	notDir := os.MkdirAll(filepath.Join(file, "data"), 0o700)

	for _, test := range []struct {
		name string
		err  error
		exit int
		why  string
	}{
		{"port in use", inUse, exitUnavailable, "another process"},
		{"port in use, wrapped", fmt.Errorf("open node: %w", inUse), exitUnavailable, "another process"},
		{"address of another host", foreign, exitUsage, "no interface"},
		{"privileged port", &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EACCES)}, exitUsage, "privileges"},
		{"not a directory", notDir, exitUsage, "not a directory"},
		{"no permission", &os.PathError{Op: "mkdir", Path: "/data", Err: syscall.EACCES}, exitUsage, "may not write"},
		{"disk full", &os.PathError{Op: "write", Path: "/data", Err: syscall.ENOSPC}, exitUnavailable, "full"},
		{"disk full, of the output", &os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}, exitUnavailable, "output"},
		{"fault of a key", &config.Fault{Key: "name", What: "bad name", Why: "why not", Cure: "--name n1"}, exitUsage, "why not"},
		{"error of the table", sessnode.Errorf(sessnode.CodeForbidden, "", "no"), sessnode.CodeForbidden.Info().Exit, "an app's key covers"},
		{"anything else", errors.New("first\nsecond"), exitFailure, "all that is known"},
	} {
		if test.err == nil {
			t.Errorf("%s: the error did not happen here", test.name)
			continue
		}
		var out bytes.Buffer
		if got := report(stdio{err: &out, env: os.LookupEnv}, test.err, nil); got != test.exit {
			t.Errorf("report(%s) exits with %d, want %d", test.name, got, test.exit)
		}
		lines := strings.Split(out.String(), "\n")
		if len(lines) != 4 || !strings.HasPrefix(lines[0], "error:  ") || !strings.HasPrefix(lines[1], "likely: ") || !strings.HasPrefix(lines[2], "try:    ") {
			t.Errorf("report(%s) = %q, want three lines", test.name, out.String())
		} else if !strings.Contains(lines[1], test.why) {
			t.Errorf("report(%s) says %q, want it to say %q", test.name, lines[1], test.why)
		}
	}
}
