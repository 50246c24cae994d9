package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sessnode/sessnode/internal/keyring"
)

func TestAStepOfARotationWaitsForGossip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cluster.key")
	ring := keyring.Ring{keyring.New(), keyring.New()}
	if err := ring.Create(path); err != nil {
		t.Fatal(err)
	}
	names := ring.Fingerprints()
	var asked atomic.Int64
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told := fmt.Sprintf("%q", names[0]) // what this node has heard of n2 is old
		if asked.Add(1) > 2 {
			told = fmt.Sprintf("%q,%q", names[0], names[1])
		}
		for name, value := range map[string]string{"Content-Type": "application/json", "Session-Index": "1-1", "Session-Generation": "1"} {
			w.Header().Set(name, value)
		}
		fmt.Fprintf(w, `{"cluster":"c","node":"n1","generation":1,"members":[
			{"id":"1","name":"n1","alive":true,"voter":true,"keys":[%q,%q]},
			{"id":"2","name":"n2","alive":true,"voter":true,"keys":[%s]}]}`, names[0], names[1], told)
	}))
	defer node.Close()
	var out bytes.Buffer
	std := stdio{out: &out, err: &out, env: func(string) (string, bool) { return "", false }}
	if exit := run(t.Context(), std, []string{"key", "use", "--url", node.URL, "--cluster-key-file", path}); exit != 0 {
		t.Fatalf("key use = exit %d while the node that answers has not heard of n2's keys yet, want 0:\n%s", exit, &out)
	}
	if asked.Load() < 3 {
		t.Errorf("key use asked %d times, want it to ask on", asked.Load())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if after, err := keyring.Parse(string(text)); err != nil || !strings.HasPrefix(after.Fingerprints()[0], names[1]) {
		t.Errorf("the file begins with %v (%v), want %s", after.Fingerprints(), err, names[1])
	}
}
