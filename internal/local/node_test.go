package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// testNode is a node whose process is a shell that does what it is told, with no client: nothing asks it.
func testNode(t *testing.T, script string) *Node {
	t.Helper()
	folder := testFolder(t)
	n := &Node{Name: "n1", DataDir: folder.File("n1"), LogFile: folder.File("n1.log"), folder: folder,
		binary: "/bin/sh", args: []string{"-c", script}, env: os.Environ()}
	t.Cleanup(func() { _, _ = n.Kill() })
	if err := n.Start(); err != nil {
		t.Fatal(err)
	}
	err := Await(t.Context(), 10*time.Second, "the process to be up", func(context.Context) error {
		if !slices.Equal(n.LastLog(1), []string{"up"}) {
			return errors.New("it says nothing")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The scripts end by themselves after a minute, whatever happens to the test.
const (
	obedient = `trap 'exit 3' TERM; echo up; i=0; while [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done`
	stubborn = `trap '' TERM; echo up; exec sleep 60`
)

func expectLife(t *testing.T, n *Node, want Life) {
	t.Helper()
	if got, _ := n.Life(); got != want {
		t.Errorf("Life() = %v, want %v", got, want)
	}
}

func TestAStoppedNodeSaysHowItEnded(t *testing.T) {
	n := testNode(t, obedient)
	expectLife(t, n, Running)
	if how, err := n.Stop(t.Context()); err == nil || how != "exit status 3" {
		t.Errorf("Stop() = %q, %v; want exit status 3, and an error for it", how, err)
	}
	expectLife(t, n, Stopped)
	if _, code := n.Exit(); code != 3 {
		t.Errorf("Exit() = %d, want 3", code)
	}
	if _, err := n.Stop(t.Context()); err == nil {
		t.Error("a second Stop() = nil, want an error")
	}
	if err := (&Cluster{Nodes: []*Node{n}}).endedByItself(); err != nil {
		t.Errorf("a node that was stopped counts as ended by itself: %v", err)
	}
}

func TestANodeThatDoesNotStopGoesOnAndCanBeKilled(t *testing.T) {
	n := testNode(t, stubborn)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := n.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Stop() = %v, want %v", err, context.DeadlineExceeded)
	}
	expectLife(t, n, Running)
	pid, err := n.Kill()
	if _, running, lookErr := LookUp(pid); err != nil || lookErr == nil && running {
		t.Errorf("Kill() = %d, %v; runs: %v", pid, err, running)
	}
	expectLife(t, n, Killed)
	if err := n.Pause(t.Context()); err == nil {
		t.Error("Pause() of what was killed = nil, want an error")
	}
}

func TestAPausedNodeGoesOnAndCanBeKilled(t *testing.T) {
	n := testNode(t, obedient)
	if err := n.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectLife(t, n, Paused)
	if did, err := n.Resume(); !did || err != nil {
		t.Errorf("Resume() = %v, %v; want true, nil", did, err)
	}
	expectLife(t, n, Running)
	if err := n.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Kill(); err != nil {
		t.Error(err)
	}
	expectLife(t, n, Killed)
}

func TestANodeThatEndsByItselfIsNoticed(t *testing.T) {
	n := testNode(t, `echo up; exit 4`)
	<-n.proc.done
	expectLife(t, n, Ended)
	if err := (&Cluster{Nodes: []*Node{n}}).endedByItself(); !errors.Is(err, errPortTaken) {
		t.Errorf("endedByItself() = %v, want %v", err, errPortTaken)
	}
}

func TestOnlyTheDataOfANodeThatDoesNotRunIsWiped(t *testing.T) {
	n := testNode(t, obedient)
	outside := filepath.Join(t.TempDir(), "outside")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(n.DataDir, "raft"), 0o700),
		os.WriteFile(filepath.Join(n.DataDir, "raft", "log"), []byte("x"), 0o600),
		os.WriteFile(outside, []byte("x"), 0o600),
		os.Symlink(outside, filepath.Join(n.DataDir, "link")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Wipe(); err == nil || !exists(filepath.Join(n.DataDir, "raft", "log")) {
		t.Errorf("Wipe() of a node that runs = %v, want a refusal", err)
	}
	if _, err := n.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := n.Wipe(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(n.DataDir); err != nil || len(left) != 0 || !exists(outside) {
		t.Errorf("left %v, %v; the file behind a link exists: %v", left, err, exists(outside))
	}
	if err := os.Remove(n.DataDir); err != nil {
		t.Fatal(err)
	}
	if err := n.Wipe(); err != nil {
		t.Errorf("Wipe() of nothing = %v", err)
	}
}
