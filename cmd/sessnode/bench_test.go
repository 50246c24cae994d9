package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode/internal/bench"
	"github.com/sessnode/sessnode/sessnodetest"
)

// runBench runs bench on a short plan, unless the words say otherwise.
func runBench(ctx context.Context, url, words string) (stdout, stderr string, exit int) {
	var out, err bytes.Buffer
	env := map[string]string{"SESSNODE_URL": url, "SESSNODE_APP": "web"} // whose logins bench must not touch
	std := stdio{in: strings.NewReader(""), out: &out, err: &err, env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
	args := append([]string{"bench", "--duration", "50ms", "--warmup", "0s", "--sessions", "20", "--clients", "2"}, strings.Fields(words)...)
	exit = run(ctx, std, args)
	return out.String(), err.String(), exit
}

func TestBenchWritesEveryForm(t *testing.T) {
	store := sessnodetest.New(t)
	for words, check := range map[string]func(out, err string) bool{
		"create read --nodes leader": func(out, err string) bool {
			lines := strings.Split(strings.TrimSpace(out), "\n")
			return len(lines) == 3 && strings.HasPrefix(lines[0], "workload\toperation\tclients\tthrough\tops/s\t") && strings.Contains(err, "Latencies in milliseconds") &&
				strings.Contains(err, "in the app bench;")
		},
		"--app load": func(_, err string) bool { return strings.Contains(err, "in the app load;") },
		"-q":         func(out, err string) bool { return strings.Count(out, "\n") == 6 && err == "" },
		"mixed --seed 7 -o json": func(out, _ string) bool {
			var r bench.Report
			return json.Unmarshal([]byte(out), &r) == nil && r.Schema == bench.Schema && len(r.Runs) == 1 && r.Runs[0].Total.OK > 0 && r.Environment.Local &&
				strings.HasSuffix(strings.Join(r.Environment.Args, " "), "bench mixed --duration=50ms --warmup=0s --sessions=20 --clients=2 --seed=7 --output=json")
		},
		"read touch -o jsonl": func(out, _ string) bool {
			var types []string
			for line := range strings.Lines(out) {
				var l benchLine
				if json.Unmarshal([]byte(line), &l) != nil {
					return false
				}
				types = append(types, l.Type)
			}
			return strings.Join(types, " ") == "run run report"
		},
	} {
		out, err, exit := runBench(t.Context(), store.URL(), words)
		if exit != exitOK || !check(out, err) {
			t.Errorf("bench %s exits with %d and prints\n%.2000s\n-- stderr\n%s", words, exit, out, err)
		}
	}
	info, err := store.Client("bench").App(t.Context())
	if err != nil || info.Sessions != 0 {
		t.Errorf("%d sessions are left (%v), want none", info.Sessions, err)
	}
}

func TestBenchRefusesWhatItMustNotOrCannotDo(t *testing.T) {
	store := sessnodetest.New(t)
	for words, want := range map[string]struct {
		exit int
		says string
	}{
		"reed":                          {exitUsage, `no workload is called "reed"`},
		"--clients 0":                   {exitUsage, "clients is 0"},
		"--clients 1,x":                 {exitUsage, `"x" is no number`},
		"--loop open":                   {exitUsage, "--rate"},
		"--loop closed --rate 5":        {exitUsage, "a closed loop has no --rate"},
		"--distribution normal":         {exitUsage, "uniform and zipf"},
		"--nodes n9":                    {exitUsage, `no node that is alive is called "n9"`},
		"--nodes follower":              {exitUsage, "no node is alive"},
		"--app Bench":                   {exitUsage, "app"},
		"--url http://192.0.2.1:7480 q": {exitUsage, "no workload"},
	} {
		out, err, exit := runBench(t.Context(), store.URL(), words)
		if exit != want.exit || !strings.Contains(err, want.says) || out != "" || strings.Count(err, "try:") != 1 {
			t.Errorf("bench %s exits with %d, want %d and %q\n%s-- stderr\n%s", words, exit, want.exit, want.says, out, err)
		}
	}
}

func TestBenchFailsWhenNothingSucceeds(t *testing.T) {
	store := sessnodetest.New(t)
	store.FailNext(1_000_000, sessnodetest.Unavailable)
	out, err, exit := runBench(t.Context(), store.URL(), "create --timeout 200ms -o json")
	var r bench.Report
	if exit != exitFailure || json.Unmarshal([]byte(out), &r) != nil || r.Runs[0].Total.Errors["unavailable"] == 0 || !strings.Contains(err, "no operation succeeded") {
		t.Errorf("exits with %d, want %d, with the errors counted\n%s-- stderr\n%s", exit, exitFailure, out, err)
	}
}

func TestBenchShowsWhatWasMeasuredWhenItIsInterrupted(t *testing.T) {
	store := sessnodetest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := make(chan struct{})
	go func() { // ends with the test
		defer close(stop)
		for ctx.Err() == nil {
			info, err := store.Client("bench").App(context.WithoutCancel(ctx))
			if err == nil && info.Sessions > 20 { // the run has begun
				self, _ := os.FindProcess(os.Getpid())
				_ = self.Signal(os.Interrupt)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	out, err, exit := runBench(ctx, store.URL(), "create touch --duration 10m -o json")
	cancel()
	<-stop
	var r bench.Report
	if exit != exitInterrupted || json.Unmarshal([]byte(out), &r) != nil || !r.Interrupted || len(r.Runs) != 1 || r.Runs[0].Total.OK == 0 || r.Left != 0 {
		t.Errorf("exits with %d, want %d, with what was measured\n%s-- stderr\n%s", exit, exitInterrupted, out, err)
	}
}

// TestBenchKeepsTheKeyToItself: the command line is part of the result.
func TestBenchKeepsTheKeyToItself(t *testing.T) {
	store := sessnodetest.New(t)
	host := strings.TrimPrefix(store.URL(), "http://")
	out, err, exit := runBench(t.Context(), "", "read -o json --url sessnode://SECRET@"+host+"/bench")
	if exit != exitOK || strings.Contains(out+err, "SECRET") || !strings.Contains(out, "[key]@"+host) {
		t.Errorf("exits with %d and prints\n%s-- stderr\n%s", exit, out, err)
	}
	if got := keyIn("sessnode://a%2Fb@h1,h2/web") + keyIn("http://h1:1") + keyIn("sessnode://h1/a@b"); got != "a/b" {
		t.Errorf("keys = %q", got)
	}
}
