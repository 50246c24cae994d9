package bench

import (
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// example is a report with figures that are easy to follow: three repetitions, of which the second was slow for everybody.
func example() Report {
	r := Report{Schema: Schema, Command: "./scripts/bench-peers.sh -repeat 3", Ended: true, Machine: Machine{OS: "linux", Arch: "amd64", Kernel: "6.1",
		CPU: "An Example", CPUs: 2, Memory: 24 << 30, FileSystem: "ext4", Go: "go1.26", LoadBefore: 0.25, LoadAfter: 3},
		Settings: Settings{DurationSeconds: 4, WarmUpSeconds: 1, Repetitions: 3, Sessions: 10000, PayloadBytes: 512}}
	add := func(system, route, workload, distribution string, clients int, base, ms float64) {
		for rep, factor := range []float64{1, 0.5, 1.1} {
			c := Cell{System: system, Route: route, Repetition: rep + 1, Workload: workload, Distribution: distribution, Clients: clients, Seconds: 4,
				OK: uint64(4 * base * factor), PerSecond: base * factor, P50: ms, P99: 3 * ms, P999: 4 * ms, CPU: 0.05, GeneratorCPU: 0.012, Resident: 100 << 20}
			if system == "redis-wait" && rep == 1 {
				c.Failed, c.Notes = 7, []string{"the leader changed, from s1 to s2"}
			}
			r.Cells = append(r.Cells, c)
		}
	}
	add("sessnode", "leader", "create", "uniform", 1, 1000, 1)
	add("sessnode", "leader", "create", "uniform", 256, 30000, 9)
	add("sessnode", "all", "create", "uniform", 256, 28000, 9)
	add("sessnode", "leader", "read", "uniform", 256, 60000, 4)
	add("sessnode", "all", "read", "uniform", 256, 40000, 4)
	add("sessnode", "leader", "read", "zipf", 256, 61000, 4)
	add("redis-wait", "leader", "create", "uniform", 1, 1600, 0.6)
	add("redis-wait", "leader", "create", "uniform", 256, 19000, 12)
	add("noop", "leader", "read", "uniform", 256, 50000, 5)
	add("null", "leader", "read", "uniform", 1, 30000, 0.03)
	add("null", "leader", "read", "uniform", 256, 90000, 3)
	add(diskName, "leader", "create", "uniform", 1, 5000, 0.2)
	for _, s := range Catalog() {
		if len(r.of(place{s.Name, "leader", "create", "uniform", 1}, rate))+len(r.of(place{s.Name, "leader", "read", "uniform", 256}, rate)) > 0 {
			r.Systems = append(r.Systems, Measured{s, "version 1 of " + s.Name, []string{"start " + s.Name}})
		}
	}
	r.Failovers = []Failover{{System: "sessnode-fast", Repetition: 1, Clients: 64, First: 0.4, All: 0.5, Acknowledged: 12345},
		{System: "etcd", Repetition: 1, Clients: 64, First: 1.5, All: 2.1, Acknowledged: 5432, Missing: 2, Unverified: 1},
		{System: "etcd", Repetition: 2, Clients: 64, First: 1.5, Acknowledged: 5432}}
	r.Missing = []Missing{{"nats", "all, repetition 1", "nats-server: not installed"}}
	return r
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; see what changed with: go test ./e2e/bench -run %s -update && git diff", name, t.Name())
	}
}

func TestPageAndPictureShowTheReport(t *testing.T) {
	golden(t, "peers.md", Page(example()))
	golden(t, "peers.svg", Picture(example()))
}

func TestPictureIsXML(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(Picture(example())))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestJSONIsTheWholeReport(t *testing.T) {
	want := example()
	b, err := want.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for i := range want.Systems {
		want.Systems[i].start = nil // how it is started is no part of what was measured
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("JSON, read again = %+v, want %+v", got, want)
	}
	if lines := strings.Count(string(b), "\n"); lines < len(want.Cells) {
		t.Errorf("JSON has %d lines, want one for each of %d cells", lines, len(want.Cells))
	}
}

func TestTargetsAreJudgedByTheMedians(t *testing.T) {
	r := example()
	for claim, want := range map[string]struct {
		ratio float64
		word  string
	}{
		"create, 256 clients, against Redis with WAIT 1":                                                   {30.0 / 19, "met"},
		"create, 256 clients, against etcd put":                                                            {math.NaN(), "not measured"},
		"create, 1 client, against Redis with WAIT 1":                                                      {10.0 / 16, "**missed**"},
		"read, 256 clients through any node, against no-op net/http":                                       {0.8, "met"},
		"create, 1 client: time of two fdatasyncs in sequence and two round trips, over the time it takes": {0.46, "**missed**"},
		"failover, all clients: etcd's time over that of the fast profile":                                 {4.2, "met"},
	} {
		found := false
		for _, v := range r.verdicts() {
			if v.claim != claim {
				continue
			}
			found = true
			if math.Abs(v.ratio-want.ratio) > 1e-9 || math.IsNaN(v.ratio) != math.IsNaN(want.ratio) || v.word() != want.word {
				t.Errorf("%s = %v, %s, want %v, %s", claim, v.ratio, v.word(), want.ratio, want.word)
			}
		}
		if !found {
			t.Errorf("no target is called %q", claim)
		}
	}
}

func TestTheSpikesAreYardsticksWhereverTheyWereMeasured(t *testing.T) {
	for _, spike := range []string{spikeName, leanSpikeName} {
		r := example()
		before := len(r.targets())
		r.Cells = append(r.Cells, Cell{System: spike, Route: "leader", Workload: "create", Distribution: "uniform", Clients: 256, PerSecond: 40000, Repetition: 1})
		all := r.targets()
		if len(all) != before+1 {
			t.Fatalf("%d targets with one cell of %s, %d without, want one more", len(all), spike, before)
		}
		if v := r.judge(all[before]); v.word() != "**missed**" || math.Abs(v.ratio-0.75) > 1e-9 {
			t.Errorf("30,000 against 40,000 of %s = %v, %s, want 0.75, missed", spike, v.ratio, v.word())
		}
	}
}

// TestSharedConnectionsHaveTargetsOfTheirOwn, where they were measured; those of connections of their own stay.
func TestSharedConnectionsHaveTargetsOfTheirOwn(t *testing.T) {
	r := example()
	before := r.targets()
	r.Cells = append(r.Cells, Cell{System: sharedName, Route: "leader", Workload: "create", Distribution: "uniform", Clients: 256, PerSecond: 60000, Repetition: 1})
	more := map[string]target{}
	for _, target := range r.targets() {
		if !slices.Contains(before, target) {
			more[target.claim] = target
		}
	}
	redis, found := more["create, 256 clients, against Redis with WAIT 1, over shared connections"]
	if len(more) != 3 || !found || redis.ours.system != sharedName || redis.factor != 1.5 {
		t.Errorf("one cell adds %+v, want the three claims about 256 clients that create", more)
	}
	if got := len(r.targets()); got != len(before)+3 {
		t.Errorf("%d targets of %d and three", got, len(before))
	}
}

func TestMedianIsTheLowerMiddle(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2}, {[]float64{5}, 5}} {
		if got := median(c.of); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.of, got, c.want)
		}
	}
	if !math.IsNaN(median(nil)) {
		t.Error("median of nothing is a number")
	}
}

func TestPlansSayHowLongTheyTakeAndWhatIsWrong(t *testing.T) {
	systems, err := Choose("all,-redis")
	if err != nil || len(systems) < 10 {
		t.Fatalf("Choose(all,-redis) = %d systems, %v, want ten or more", len(systems), err)
	}
	if _, err := Choose("rediss"); err == nil || !strings.Contains(err.Error(), "redis-wait") {
		t.Errorf("Choose(rediss) = %v, want an error that names what there is", err)
	}
	disk, _ := Choose(diskName)
	p := Plan{Systems: disk, Workloads: []string{"create", "mixed"}, Clients: []int{1, 256}, Distributions: []string{"uniform"}, Duration: 4e9, WarmUp: 1e9, Repeat: 2, Sessions: 10000}
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
	if got := len(p.cells(disk[0])); got != 1 {
		t.Errorf("the disk is measured in %d cells, want 1", got)
	}
	bad := p
	bad.Workloads, bad.Clients = []string{"nothing"}, []int{0}
	if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), "nothing") || !strings.Contains(err.Error(), "clients") {
		t.Errorf("Validate = %v, want both faults", err)
	}
}

func TestAllIsWithoutWhatIsThereForItsFailoverAlone(t *testing.T) {
	all, err := Choose("all")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.failoverOnly {
			t.Errorf("all has %s", s.Name)
		}
	}
	if named, err := Choose("sessnode-fast,etcd"); err != nil || len(named) != 2 {
		t.Errorf("Choose(sessnode-fast,etcd) = %d systems, %v, want both", len(named), err)
	}
}

func TestNothingIsJudgedOnABusyMachine(t *testing.T) {
	r := example()
	r.Machine.LoadBefore = float64(r.Machine.CPUs)
	page := Page(r)
	if strings.Contains(page, "| met |") || strings.Contains(page, "**missed**") || !strings.Contains(page, "not judged: busy") {
		t.Errorf("a busy machine's page judges:\n%s", page)
	}
}
