package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// election is one change of leader, or one term more.
type election struct {
	at    time.Duration // since the load began
	node  string
	term  uint64
	cause string
}

// line is what is read of a node's log.
type line struct {
	Time time.Time
	Msg  string
	Term uint64
	node string
}

// causes are what nodes say before an election, the plainest first.
var causes = []struct{ says, means string }{
	{"failed to contact quorum", "the leader heard no majority for its lease"},
	{"handing leadership over", "the leader handed over"},
	{"heartbeat timeout reached", "followers heard no leader"},
}

// elections reads the nodes' logs.
func elections(cluster *harness.Cluster, from, to time.Time) ([]election, error) {
	var all []line
	for _, n := range cluster.Nodes {
		text, err := os.ReadFile(n.LogFile)
		if err != nil {
			return nil, err
		}
		lines, err := parse(n.Name, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.LogFile, err)
		}
		all = append(all, lines...)
	}
	return judge(all, from, to), nil
}

func parse(node string, text []byte) ([]line, error) {
	var lines []line
	scan := bufio.NewScanner(bytes.NewReader(text))
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		l := line{node: node}
		if json.Unmarshal(scan.Bytes(), &l) == nil {
			lines = append(lines, l)
		}
	}
	return lines, scan.Err()
}

// judge finds the elections within a time, and for each what came before it since the last one.
func judge(lines []line, from, to time.Time) []election {
	slices.SortStableFunc(lines, func(a, b line) int { return a.Time.Compare(b.Time) })
	var found []election
	said := map[string]bool{}
	for _, l := range lines {
		if l.Time.Before(from) || l.Time.After(to) {
			continue
		}
		for _, c := range causes {
			if strings.HasPrefix(l.Msg, c.says) {
				said[c.says] = true
			}
		}
		if l.Msg != "election won" {
			continue
		}
		e := election{l.Time.Sub(from), l.node, l.Term, "not told"}
		for _, c := range causes {
			if said[c.says] {
				e.cause = c.means
				break
			}
		}
		found = append(found, e)
		clear(said)
	}
	return found
}

// machine is what the machine had to bear.
type machine struct {
	busy float64       // part of the processors' time
	load float64       // the highest load average
	late time.Duration // that a tick of 5 ms of this program came at the latest
}

const tick = 5 * time.Millisecond

// watch looks at the machine until the function that it returns is called.
func watch() func() machine {
	var m machine
	idle, all := processors()
	ended := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() { // ends with ended
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		var looked time.Time
		for last := time.Now(); ; {
			select {
			case <-ticker.C:
			case <-ended:
				return
			}
			now := time.Now()
			m.late, last = max(m.late, now.Sub(last)-tick), now
			if now.Sub(looked) > 5*time.Second {
				m.load, looked = max(m.load, loadAverage()), now
			}
		}
	})
	return func() machine {
		close(ended)
		group.Wait()
		if idle2, all2 := processors(); all2 > all {
			m.busy = 1 - (idle2-idle)/(all2-all)
		}
		return m
	}
}

func loadAverage() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}

// processors returns the time that all of them have been idle, and the time that has passed, in ticks; zero where that is not known.
func processors() (idle, all float64) {
	text, _ := os.ReadFile("/proc/stat")
	first, _, _ := strings.Cut(string(text), "\n")
	for i, f := range strings.Fields(first) {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil || i > 8 { // guests' time is part of the others
			continue
		}
		if all += n; i == 4 || i == 5 {
			idle += n
		}
	}
	return idle, all
}

func system() string {
	return fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}
