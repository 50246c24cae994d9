package main

import (
	"bytes"
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sessnode/sessnode/internal/drill"
	"github.com/sessnode/sessnode/internal/term"
)

func TestALiveClusterIsNotDrilledByMistake(t *testing.T) {
	w := newWorld(t)
	inFolder(t, nil)
	url := w.store.URL()
	before := w.store.Position()
	for line, want := range map[string]struct {
		exit int
		says string
	}{
		"drill step-down --target " + url + " --confirm memory":   {exitConflict, "✗ a node may be lost"},
		"drill drain --target " + url + " --confirm memory":       {exitConflict, "--allow-drills"},
		"drill by-hand --target " + url + " --dry-run":            {exitConflict, "nothing was changed"},
		"drill leader-kill --target " + url + " --confirm memory": {exitUsage, "only what ends by itself"},
		"drill --suite quick --target " + url:                     {exitUsage, "--suite"},
		"drill step-down --target " + url + " --nodes 5":          {exitUsage, "--nodes"},
		"drill step-down --target " + url + " --log-store bolt":   {exitUsage, "--log-store"},
		"drill step-down --target sessnode://SECRET@127.0.0.1:1":  {exitUsage, "--api-key-file"},
		"drill step-down --target " + url + " --max-duration 1s":  {exitUsage, "--max-duration"},
		"drill step-down --target http://127.0.0.1:1":             {exitUnavailable, "127.0.0.1:1"},
		"drill step-down --confirm memory":                        {exitUsage, "with --target only"},
		"drill step-down --dry-run":                               {exitUsage, "with --target only"},
		"drill by-hand":                                           {exitUsage, "needs a live cluster"},
	} {
		out, err, exit := w.run(t, line)
		if exit != want.exit || !strings.Contains(err, want.says) {
			t.Errorf("sessnode %s exits with %d, want %d, and %q in:\n%s", line, exit, want.exit, want.says, err)
		}
		if strings.Contains(out+err, "SECRET") {
			t.Errorf("sessnode %s shows the key:\n%s%s", line, out, err)
		}
	}
	if after := w.store.Position(); after != before {
		t.Errorf("the store went from %v to %v: something was changed", before, after)
	}
}

func TestOnlyTheIDOfTheClusterConfirms(t *testing.T) {
	var out bytes.Buffer
	std := stdio{in: strings.NewReader("c0ffee\n"), out: &out, err: &out, env: func(string) (string, bool) { return "", false }}
	for typed, wanted := range map[string]bool{"c0ffee": true, "c0ffe": false, "C0FFEE": false, "yes": false, "": false} {
		f := drillFlags{live: liveFlags{confirm: typed}}
		if err := f.confirmed(std, term.Screen{}, "c0ffee"); (err == nil) != wanted {
			t.Errorf("confirmed(%q) = %v, want agreed %v", typed, err, wanted)
		}
	}
}

// TestASecondSignalTellsHowToHealByHand: the first one lets the drill undo what it did.
func TestASecondSignalTellsHowToHealByHand(t *testing.T) {
	var out bytes.Buffer
	std := stdio{out: &out, err: &out, env: func(string) (string, bool) { return "", false }}
	owed := &drill.Owed{}
	owed.Enter("sessnode node undrain n2", nil)
	left := make(chan int, 1)
	ctx, stop := targetSignals(t.Context(), std, owed, func(code int) { left <- code })
	defer stop()
	interrupt := func() {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	interrupt()
	select {
	case <-ctx.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the first signal did not end the drill")
	}
	if ctx.Err() != context.Canceled {
		t.Errorf("after the first signal the drill's context says %v", ctx.Err())
	}
	interrupt()
	select {
	case code := <-left:
		if code != exitInterrupted || strings.Count(out.String(), "sessnode node undrain n2") != 1 { // the first signal tells nothing
			t.Errorf("after the second signal: exit %d, and it says %q", code, out.String())
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the second signal did not end the program")
	}
}

func TestWordsAreQuotedForAShell(t *testing.T) {
	for word, want := range map[string]string{"tls/ca.crt": "tls/ca.crt", "my keys/ops.key": "'my keys/ops.key'", "it's": `'it'\''s'`, "$HOME": "'$HOME'"} {
		if got := quoted(word); got != want {
			t.Errorf("quoted(%q) = %s, want %s", word, got, want)
		}
	}
}
