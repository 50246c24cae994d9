package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/bench/wire"
)

// clockTick is how many units of /proc/PID/stat a second has on Linux.
const clockTick = 100

// usage is what the nodes took of the machine.
type usage struct {
	cpu  time.Duration // of all nodes
	own  time.Duration // of the generator
	rise float64       // resident MiB of the largest node
}

// cpuOf returns the processor time that a process has had.
func cpuOf(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+2:]))
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / clockTick
}

// residentOf returns how many MiB of a process are in memory.
func residentOf(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseFloat(strings.Fields(string(b))[1], 64)
	return pages * float64(os.Getpagesize()) / (1 << 20)
}

// watch samples the nodes until stop is called, which returns what they took.
func watch(nodes []*harness.Node) (stop func() usage) {
	began, own := time.Duration(0), cpuOf(os.Getpid())
	for _, n := range nodes {
		began += cpuOf(n.Pid())
	}
	most, ended := 0.0, make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() { // ends with ended
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			for _, n := range nodes {
				most = max(most, residentOf(n.Pid()))
			}
			select {
			case <-tick.C:
			case <-ended:
				return
			}
		}
	})
	return func() usage {
		close(ended)
		group.Wait()
		u := usage{cpu: -began, own: cpuOf(os.Getpid()) - own, rise: most}
		for _, n := range nodes {
			u.cpu += cpuOf(n.Pid())
		}
		return u
	}
}

// start starts three nodes.
func start(ctx context.Context, binary, dir string, flags ...string) (*harness.Cluster, *flood, error) {
	cluster, err := harness.New(ctx, harness.Config{Binary: binary, Root: dir, Nodes: 3, Profile: "default", Plain: true,
		Args: func(string) []string { return append([]string{"--log-level", "info"}, flags...) }})
	if err == nil {
		err = cluster.Start(ctx)
	}
	f := &flood{}
	for _, n := range cluster.Nodes {
		f.targets = append(f.targets, wire.Target{Address: n.HTTPAddr, Timeout: 5 * time.Second})
	}
	return cluster, f, err
}
