package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode/e2e/harness"
)

// Account says where a node's resident bytes are at one moment. All but the last three are resident bytes and add up to all of them.
type Account struct {
	When    string  `json:"when"`
	Slabs   float64 `json:"slabs"`   // records and indexes
	Heap    float64 `json:"heap"`    // Go's, with its stacks: what is live, what is garbage by now, and what is free and not given back
	Runtime float64 `json:"runtime"` // what Go keeps of its heap
	Program float64 `json:"program"` // its file

	HeapInUse float64 `json:"heap_in_use"` // of the heap, what is live or garbage
	Counted   float64 `json:"counted"`     // of the slabs, by the node's own account: without fragments and what is free
	Ops       float64 `json:"operations_remembered"`
}

// rest is what of the slabs no record takes by the node's own account. That account is an estimate: it can be above what is resident.
func (a Account) rest() float64 { return a.Slabs - a.Counted }

// accountOf reads what a node and the system say of its memory.
func accountOf(ctx context.Context, n *harness.Node, when string) (a Account, err error) {
	m, err := measureNode(ctx, n)
	if err != nil {
		return a, err
	}
	a = Account{When: when, HeapInUse: m["go_memstats_heap_inuse_bytes"] + m["go_memstats_stack_inuse_bytes"], Counted: m["sessnode_state_bytes"],
		Ops: m["sessnode_operations_remembered"]}
	for _, what := range []string{"mspan", "mcache", "buck_hash", "gc", "other"} {
		a.Runtime += m["go_memstats_"+what+"_sys_bytes"]
	}
	a.Heap = m["go_memstats_heap_sys_bytes"] - m["go_memstats_heap_released_bytes"] + m["go_memstats_stack_sys_bytes"]
	resident, err := anonymousAndFiles(n.Pid())
	a.Program, a.Slabs = resident[1], max(resident[0]-a.Heap-a.Runtime, 0) // Go counts some that it never touched
	return a, err
}

// anonymousAndFiles is what a process has resident of memory without a file behind it, and of files.
func anonymousAndFiles(pid int) (resident [2]float64, err error) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/smaps")
	if err != nil {
		return resident, err
	}
	defer f.Close()
	kind := 0
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch {
		case len(words) >= 5 && strings.Contains(words[0], "-"): // a mapping: addresses, rights, offset, device, inode, path
			kind = 0
			if words[4] != "0" {
				kind = 1
			}
		case words[0] == "Rss:":
			kb, err := strconv.ParseFloat(words[1], 64)
			if err != nil {
				return resident, err
			}
			resident[kind] += kb * 1024
		}
	}
	return resident, lines.Err()
}

// accountTable is where the bytes are, in Markdown.
func accountTable(sessions int, all []Account) string {
	if len(all) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nWhere they are, in bytes a session (`/proc/PID/smaps` and `/metrics`; the first four add up to what is resident, within a few megabytes that Go counts and has not touched):\n\n|")
	for _, a := range all {
		fmt.Fprintf(&b, " | %s", a.When)
	}
	b.WriteString(" |\n| ---" + strings.Repeat(" | ---:", len(all)) + " |\n")
	row := func(name string, of func(Account) float64) {
		b.WriteString("| " + name)
		for _, a := range all {
			fmt.Fprintf(&b, " | %s", grouped(int(of(a)/float64(sessions))))
		}
		b.WriteString(" |\n")
	}
	row("slabs: sessions, tombstones, remembered operations, indexes", func(a Account) float64 { return a.Slabs })
	row("Go's heap and stacks", func(a Account) float64 { return a.Heap })
	row("Go's own bookkeeping", func(a Account) float64 { return a.Runtime })
	row("the program's file", func(a Account) float64 { return a.Program })
	row("of the slabs, what the node estimates that it stores", func(a Account) float64 { return a.Counted })
	row("of the slabs, beyond that estimate: fragments, or free", Account.rest)
	row("of the heap, live or garbage", func(a Account) float64 { return a.HeapInUse })
	b.WriteString("| operations remembered")
	for _, a := range all {
		fmt.Fprintf(&b, " | %s", grouped(int(a.Ops)))
	}
	b.WriteString(" |\n")
	return b.String()
}
