package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/sessnode/sessnode/e2e/harness"
)

// snapshotPeak takes a snapshot and returns what is resident before it and at most until it is complete. The system keeps the peak; it is
// reset first (proc(5), clear_refs).
func snapshotPeak(ctx context.Context, n *harness.Node) (before, peak float64, err error) {
	if err := os.WriteFile("/proc/"+strconv.Itoa(n.Pid())+"/clear_refs", []byte("5"), 0); err != nil {
		return 0, 0, fmt.Errorf("reset the peak: %w", err)
	}
	before = float64(resident(n.Pid()))
	wait, err := takeSnapshot(n)
	if err == nil {
		_, err = wait(ctx)
	}
	return before, float64(statusBytes(n.Pid(), "VmHWM:")), err
}
