package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/sessnodetest"
)

// runAt runs a command line against a store in memory.
func runAt(t *testing.T, store *sessnodetest.Server, args ...string) (out, narration string, exit int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	std := stdio{out: &stdout, err: &stderr, env: func(name string) (string, bool) { return store.URL(), name == "SESSNODE_URL" }}
	exit = run(t.Context(), std, args)
	return stdout.String(), stderr.String(), exit
}

func TestEventsAreFollowedUntilEnough(t *testing.T) {
	store := sessnodetest.New(t)
	c := store.Client("web")
	token, made, err := c.Create(t.Context(), client.Create{Subject: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Revoke(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	out, narration, exit := runAt(t, store, "events", "--app", "web", "--after", "oldest", "--count", "2")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if exit != 0 || len(lines) != 3 || !strings.HasPrefix(lines[0], "at\tkind\t") ||
		!strings.Contains(lines[1], "\tcreated\tweb\tada\t"+made.ID.String()) || !strings.Contains(lines[2], "\trevoked\tweb\tada\t") {
		t.Errorf("events = %d\n%s%s", exit, out, narration)
	}
	_, after, found := strings.Cut(strings.TrimSpace(narration), "2 events; go on with --after ")
	if !found {
		t.Fatalf("narration = %q, want how to go on", narration)
	}
	if _, err := sessnode.ParseEventPos(after); err != nil {
		t.Errorf("go on with --after %q: %v", after, err)
	}

	out, _, exit = runAt(t, store, "events", "--after", made.At.String(), "--count", "1", "-o", "json")
	var e struct{ Kind, Subject, Reason string }
	if err := json.Unmarshal([]byte(out), &e); err != nil || exit != 0 || e.Kind != "revoked" || e.Subject != "ada" {
		t.Errorf("events of all apps since the login = %d, %s, %v", exit, out, err)
	}
}

func TestEventsThatAreLostEndInThreeLines(t *testing.T) {
	store := sessnodetest.New(t)
	elsewhere := sessnode.Position{Generation: 99, Index: 1}.String()
	out, narration, exit := runAt(t, store, "events", "--app", "web", "--after", elsewhere)
	if exit != 3 || out != "at\tkind\tapp\tsubject\tsession\treason\tactor\tnode\tid\n" || !strings.Contains(narration, "try:    sessnode events --after oldest") {
		t.Errorf("events after a place of another store = %d\n%s%s", exit, out, narration)
	}
	for _, args := range [][]string{
		{"events", "--kinds", "deleted"}, {"events", "--kinds", "gap"}, {"events", "--count", "-1"}, {"events", "now"}, {"events", "--app", "web", "--after", "nonsense"},
	} {
		if _, narration, exit := runAt(t, store, args...); exit != exitUsage || strings.Count(narration, "\n") != 3 {
			t.Errorf("%v = %d\n%s", args, exit, narration)
		}
	}
}

func TestEventsAreFollowedForAWhile(t *testing.T) {
	store := sessnodetest.New(t)
	out, _, exit := runAt(t, store, "events", "--for", "1ms", "-o", "jsonl")
	if exit != 0 || out != "" {
		t.Errorf("events for a while = %d %q, want none and no failure", exit, out)
	}
}
