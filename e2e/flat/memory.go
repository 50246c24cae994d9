package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// Memory is what a process has, in bytes.
type Memory struct {
	Resident float64 `json:"resident"`
	Heap     float64 `json:"heap"` // Go's heap in use and what the node counts of sessions; what Redis says that it uses
	Counted  float64 `json:"counted,omitempty"`
}

// MemoryResult is one run beside Redis.
type MemoryResult struct {
	Machine  Machine  `json:"machine"`
	Sessions int      `json:"sessions"`
	Flags    []string `json:"flags"`
	Rest     float64  `json:"rest_seconds"`

	Filled  Memory `json:"filled"`  // after the fill
	Rested  Memory `json:"rested"`  // some time later
	Steady  Memory `json:"steady"`  // after steady load
	Churned Memory `json:"churned"` // after every session was patched and a third made anew

	ChurnedRested Memory `json:"churned_rested"` // some time later

	SnapshotBefore float64 `json:"snapshot_before"` // resident, under the steady load
	SnapshotPeak   float64 `json:"snapshot_peak"`   // the most while one is written

	Accounts []Account `json:"accounts"` // where the bytes are, at the same moments and after rests

	Redis            Memory `json:"redis"`
	RedisChurned     Memory `json:"redis_churned"`
	RedisSets        Memory `json:"redis_sets"` // with a set for each subject
	RedisSetsChurned Memory `json:"redis_sets_churned"`
}

const steadyFor = 30 * time.Second

func look(ctx context.Context, n *harness.Node) (Memory, error) {
	m, err := measureNode(ctx, n)
	return Memory{Resident: m["rss"], Heap: m["go_memstats_heap_inuse_bytes"] + m["sessnode_state_bytes"], Counted: m["sessnode_state_bytes"]}, err
}

// writeMemory measures and adds the result to the page.
func writeMemory(ctx context.Context, o options, out string, log func(string, ...any)) error {
	dir, clean, err := workDir(o)
	if err != nil {
		return err
	}
	defer clean()
	r, err := measureMemory(ctx, o, dir, log)
	if err != nil {
		return err
	}
	if out == "" {
		fmt.Print(memoryTable(r))
		return nil
	}
	raw := filepath.Join(out, "memory")
	if err := os.MkdirAll(raw, 0o755); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(raw, fmt.Sprintf("%d.json", o.sessions)), r); err != nil {
		return err
	}
	return writeMemoryPage(out)
}

// measureMemory measures one node, ends it, and then Redis, so that both need never fit at once.
func measureMemory(ctx context.Context, o options, dir string, log func(string, ...any)) (r MemoryResult, err error) {
	r = MemoryResult{Machine: thisMachine(), Sessions: o.sessions, Flags: append([]string{}, o.flags...), Rest: o.rest.Seconds()}
	binary, err := o.build(ctx, dir)
	if err != nil {
		return r, err
	}
	if err := r.node(ctx, o, binary, dir, log); err != nil {
		return r, err
	}
	if r.Redis, r.RedisChurned, err = measureRedis(ctx, dir, o.sessions, false, true); err != nil {
		return r, err
	}
	log("redis: %.0f bytes a session, after churn %.0f", r.Redis.Resident/float64(o.sessions), r.RedisChurned.Resident/float64(o.sessions))
	r.RedisSets, r.RedisSetsChurned, err = measureRedis(ctx, dir, o.sessions, true, true)
	log("redis with sets: %.0f bytes a session, after churn %.0f", r.RedisSets.Resident/float64(o.sessions), r.RedisSetsChurned.Resident/float64(o.sessions))
	return r, err
}

func (r *MemoryResult) node(ctx context.Context, o options, binary, dir string, log func(string, ...any)) (err error) {
	s, err := open(ctx, binary, dir, 1, o.flags)
	defer func() {
		if closeErr := s.close(context.WithoutCancel(ctx)); err == nil {
			err = closeErr
		}
	}()
	if err != nil {
		return err
	}
	sc := &scene{options: o, site: s, people: newPeople(), log: log}
	if err := s.policy(ctx, "200h"); err != nil {
		return err
	}
	var flat Result
	if err := sc.fillTo(ctx, min(o.few, o.sessions), &flat); err != nil {
		return err
	}
	if flat.FillRate > 0 {
		log("about %v to go", forecastMemory(o, flat.FillRate).Round(time.Minute))
	}
	if err := sc.fillTo(ctx, o.sessions, &flat); err != nil {
		return err
	}
	sc.load = newSteady(sc.people, s.leader.HTTPAddr)
	rest := func() error { return pause(ctx, o.rest) }
	for _, step := range []struct {
		happen func() error
		when   string
		to     *Memory
	}{
		{func() error { return nil }, "filled", &r.Filled},
		{rest, "filled, at rest", &r.Rested},
		{func() error { return r.steady(ctx, sc, flat.FillRate/4) }, "after steady load", &r.Steady},
		{func() error { return churn(ctx, sc) }, "after churn", &r.Churned},
		{rest, "after churn, at rest", &r.ChurnedRested},
	} {
		if err := step.happen(); err != nil {
			return err
		}
		if err := r.take(ctx, sc, step.when, step.to); err != nil {
			return err
		}
	}
	return nil
}

// take looks at what the node has and where.
func (r *MemoryResult) take(ctx context.Context, s *scene, when string, to *Memory) error {
	a, err := accountOf(ctx, s.site.leader, when)
	if err == nil {
		*to, err = look(ctx, s.site.leader)
	}
	r.Accounts = append(r.Accounts, a)
	n := float64(r.Sessions)
	s.log("%s: %.0f bytes a session: slabs %.0f, heap %.0f", when, to.Resident/n, a.Slabs/n, a.Heap/n)
	return err
}

// steady puts the node under load for a while, and has it write a snapshot meanwhile.
func (r *MemoryResult) steady(ctx context.Context, s *scene, rate float64) error {
	s.load.begin(ctx, rate)
	err := pause(ctx, min(steadyFor, 2*s.span))
	if err == nil {
		r.SnapshotBefore, r.SnapshotPeak, err = snapshotPeak(ctx, s.site.leader)
	}
	if _, wrong := s.load.end(); err == nil && wrong > 0 {
		err = fmt.Errorf("%d sessions were not found though they were acknowledged", wrong)
	}
	return err
}

const memoryHead = `# How much memory sessions take

One node and its sessions of 512 bytes: four attributes, a subject each, an idle and a lifetime deadline, all indexes, deadlines and what makes a lost
answer harmless included. Beside it, in the same run and with the same bytes, Debian's ` + "`redis-server`" + ` without persistence, one string a session under its
token with ` + "`SET key value EX seconds`" + `; and once more with a set of tokens for each subject, without which nobody can end all sessions of a person.

<!-- run: skip it takes ten minutes and gigabytes -->
` + "```sh\n./scripts/bench-flat.sh --memory --sessions 1000000\n```" + `

Resident bytes are those of the process (VmRSS). They do not depend on how busy the machine is, but for one thing: a node remembers the operations of the
last five minutes, which makes a lost answer harmless, and the faster it is filled, the more of them are there, until five minutes (` + "`-rest 5m30s`" + `) without load are over.
Then up to 300,000 sessions, spread over all, are patched three times with values of 64 to 320 bytes, and a third of those are revoked and made anew: what is
resident afterwards is with fragments, and in the node with the tombstones of those (an hour) and with the operations.

## What takes them

- **Sessions**: one of this shape takes 697 to 731 bytes with its place in all indexes ([how they lie](../adr/0009-records-in-slabs.md)).
- **The operations of the last five minutes**: a create leaves about 110 to 130 bytes, for a node gives an id of its own to every change that comes without one, so
  that it can try again. It follows the rate of changes, not the number of sessions, and goes back to the system when they are over.
- **Go's heap**: 26 MB are live with 300,000 sessions: 12 MB the latest 131,072 events and some more their texts, up to 4 MB the newest entries of the log, for
  followers that keep up, 3 MB where the entries of each segment of the log are. The rest is what the collector is given, below, and
  hardly depends on the number of sessions either.
- **The program**: 20 MB of its file, and 7 MB that Go keeps of its heap.
- **Fragments**: sizes are 16 bytes apart, and a piece that was freed serves its own size only, until the 128 KiB around it are empty. Sessions that change
  their size by more than that leave holes: the fewer of them do, the longer the holes stay.
- **A snapshot** copies nothing but pages of the tables that change meanwhile, and keeps what was freed from being used again.

## The garbage collector

Sessions lie in slabs outside of Go's heap, so that the heap is small whatever their number, and the collector has little to walk. ` + "`serve`" + ` chooses:

- **` + "`GOGC`" + `**: the heap may grow between two collections by what is allocated in half a second: by 8 MiB and a quarter of what is live at least, and
  by 64 MiB, a sixteenth of ` + "`--max-memory`" + ` or, of a heap that is larger than that, by as much as is live at most. It is adjusted each second, upwards at
  once and downwards by a quarter, so that after a burst the heap shrinks within half a minute and what it had goes back to the system.
- **` + "`GOMEMLIMIT`" + `**: four fifths of ` + "`--max-memory`" + ` less what the slabs take, which Go does not count; 128 MiB at least.

Each of the two variables in the environment has precedence over what ` + "`serve`" + ` would choose. After a snapshot was installed the old state is given
back to the system at once.
`

func writeMemoryPage(out string) error {
	paths, err := filepath.Glob(filepath.Join(out, "memory", "*.json"))
	if err != nil {
		return err
	}
	slices.Sort(paths)
	var b strings.Builder
	b.WriteString(memoryHead)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var r MemoryResult
		if err := json.Unmarshal(text, &r); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		b.WriteString(memoryTable(r))
	}
	return os.WriteFile(filepath.Join(out, "memory.md"), []byte(b.String()), 0o644)
}

func memoryTable(r MemoryResult) string {
	var b strings.Builder
	settings := "`GOGC` and `GOMEMLIMIT` as `serve` chooses them"
	if r.Machine.GOGC != "" || r.Machine.Limit != "" {
		settings = fmt.Sprintf("`GOGC=%s`, `GOMEMLIMIT=%s`", r.Machine.GOGC, r.Machine.Limit)
	}
	if len(r.Flags) > 0 {
		settings += ", `" + strings.Join(r.Flags, " ") + "`"
	}
	fmt.Fprintf(&b, "\n## %s sessions\n\n%s, %s, %s, build %s; %s.\n\n", grouped(r.Sessions), r.Machine.CPU, r.Machine.Memory, r.Machine.Go, r.Machine.Version, settings)
	b.WriteString("| bytes a session | resident | in use, by its own account | resident, Redis = 1 |\n| --- | ---: | ---: | ---: |\n")
	per := func(v float64) string { return grouped(int(v / float64(r.Sessions))) }
	row := func(name string, m, beside Memory) {
		if m.Resident == 0 {
			return // not looked at
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %.2f |\n", name, per(m.Resident), per(m.Heap), m.Resident/beside.Resident)
	}
	row("sessnode, filled", r.Filled, r.Redis)
	later := time.Duration(r.Rest*float64(time.Second)).String() + " later"
	row("sessnode, filled, "+later, r.Rested, r.Redis)
	row("sessnode, after steady load", r.Steady, r.Redis)
	row("sessnode, after churn", r.Churned, r.RedisChurned)
	row("sessnode, after churn, "+later, r.ChurnedRested, r.RedisChurned)
	row("Redis, filled", r.Redis, r.Redis)
	row("Redis, after churn", r.RedisChurned, r.RedisChurned)
	row("Redis with a set a subject, filled", r.RedisSets, r.Redis)
	row("Redis with a set a subject, after churn", r.RedisSetsChurned, r.RedisChurned)
	if r.SnapshotPeak > 0 {
		fmt.Fprintf(&b, "\nWhile a snapshot was written under the steady load, %s were resident at most, %s more than before it (%.0f %%).\n", per(r.SnapshotPeak),
			per(r.SnapshotPeak-r.SnapshotBefore), 100*(r.SnapshotPeak/r.SnapshotBefore-1))
	}
	if every := stride(r.Sessions); every > 1 {
		fmt.Fprintf(&b, "\nEvery %dth session was churned, %s of them, so that it ends in time.\n", every, grouped(r.Sessions/int(every)))
	}
	b.WriteString(accountTable(r.Sessions, r.Accounts))
	return b.String()
}
