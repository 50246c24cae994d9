package main

import (
	"context"
	"net"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRunStopsWithItsContextAndTellsWhatIsWrong(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- run(ctx, "127.0.0.1:0", "sessnode://127.0.0.1:1", "", "") }()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("run until its context ended = %v, want nil", err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, err := range map[string]error{
		"a bad URL":    run(t.Context(), "127.0.0.1:0", "redis://x", "", ""),
		"a taken port": run(t.Context(), taken.Addr().String(), localNodes, "", ""),
		"no key file":  run(t.Context(), "127.0.0.1:0", localNodes, "missing.key", ""),
	} {
		if err == nil {
			t.Errorf("run with %s = nil, want an error", name)
		}
	}
}
