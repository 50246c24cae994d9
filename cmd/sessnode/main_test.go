package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sessnode": main})
}

// TestScripts runs the command line as people do: testdata/script/*.txt. Each script gets six ports that were free a
// moment ago ($PORT1 to $PORT6), one that is taken ($TAKEN) and one on which nobody listens ($DEAD).
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"PORT1", "PORT2", "PORT3", "PORT4", "PORT5", "PORT6", "DEAD"} {
				l, err := listen(env, name)
				if err != nil {
					return err
				}
				defer l.Close() // not before the last is chosen: no two are the same
			}
			l, err := listen(env, "TAKEN")
			if err == nil {
				env.Defer(func() { l.Close() })
			}
			return err
		},
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "ready": ready, "interrupted": interrupted},
		RequireExplicitExec: true,
	})
}

// exits runs sessnode and compares its exit code: `exits 2 serve --expect 2`.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE VERB [args...]")
	}
	err := ts.Exec("sessnode", args[1:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want, _ := strconv.Atoi(args[0]); got != want {
		ts.Fatalf("sessnode %s exits with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// interrupted runs a program until it has written a line, sends it SIGINT, and compares its exit code. What it has written are
// whole lines, and nothing of it is a stack: `interrupted 130 sessnode top`.
func interrupted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: interrupted CODE PROGRAM [args...]")
	}
	path := ts.Getenv("PATH")
	cmd := exec.Command(filepath.Join(strings.Split(path, string(os.PathListSeparator))[0], args[1]), args[2:]...)
	cmd.Dir = ts.Getenv("WORK")
	for _, name := range []string{"PATH", "HOME", "SESSNODE_URL", "SESSNODE_APP"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	var narration strings.Builder
	cmd.Stderr = &narration
	ts.Check(cmd.Start())
	lines := bufio.NewReader(out)
	_, err = lines.ReadString('\n')
	if err != nil {
		ts.Fatalf("%s wrote no line: %v\n%s", args[1], err, narration.String())
	}
	ts.Check(cmd.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(lines)
	ts.Check(err)
	err = cmd.Wait()
	if want, _ := strconv.Atoi(args[0]); cmd.ProcessState.ExitCode() != want {
		ts.Fatalf("%s ends with %v, want exit code %d\n%s", args[1], err, want, narration.String())
	}
	if len(rest) > 0 && rest[len(rest)-1] != '\n' {
		ts.Fatalf("%s left half a line: %q", args[1], rest)
	}
	if strings.Contains(narration.String(), "goroutine ") {
		ts.Fatalf("%s shows a stack:\n%s", args[1], narration.String())
	}
}

// ready waits until check says that a node is ready: `ready http://127.0.0.1:7480`.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready URL")
	}
	deadline, poll := time.After(20*time.Second), time.NewTicker(50*time.Millisecond)
	defer poll.Stop()
	for ts.Exec("sessnode", "check", "--url", args[0]) != nil {
		select {
		case <-poll.C:
		case <-deadline:
			ts.Fatalf("%s is not ready after 20 s", args[0])
		}
	}
}

func listen(env *testscript.Env, name string) (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		_, port, _ := net.SplitHostPort(l.Addr().String())
		env.Setenv(name, port)
	}
	return l, err
}

func TestReferencePageIsCurrent(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if code := run(t.Context(), stdio{out: &got, err: os.Stderr, env: os.LookupEnv}, []string{"reference"}); code != exitOK {
		t.Fatalf("reference exits with %d", code)
	}
	if got.String() != string(want) {
		t.Error("docs/reference/cli.md is out of date: go run ./cmd/sessnode reference > docs/reference/cli.md")
	}
}
