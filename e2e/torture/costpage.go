package torture

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// CostPage returns docs/performance/adapters.md.
func CostPage(costs []Cost, rounds int) string {
	var rows strings.Builder
	framework := ""
	for _, c := range costs {
		if c.Spec.Framework != framework {
			framework = c.Spec.Framework
			fmt.Fprintf(&rows, "| *%s* | | | | |\n", framework)
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | %s | %s |\n", c.Spec.Title, ms(c.Reads, 0.5), ms(c.Reads, 0.99), ms(c.Changes, 0.5), ms(c.Changes, 0.99))
	}
	load := "unknown"
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(b), " ")
	}
	return fmt.Sprintf(costPage, runtime.NumCPU(), load, rounds*pagesARound, rows.String())
}

func ms(took []time.Duration, share float64) string {
	return fmt.Sprintf("%.1f", float64(Quantile(took, share).Microseconds())/1000)
}

const costPage = `# What a page costs

How long the login applications of [the comparison](../comparison.md) take for a page that reads the session, and for one that changes
it: from outside, over HTTP on loopback, framework and server included, one page at a time. All applications and their stores run at once on
one machine of %d cores (load %s at the end) and are asked in turns, so that the machine's moods hit all alike: compare the rows, and do not
take the numbers for those of your machine. %d pages of each kind; milliseconds. uvicorn runs one process here: with several, version
0.54.0 answered on kept connections 40 ms late whatever the application, as if without TCP_NODELAY (not traced).

| | reads, p50 | p99 | changes, p50 | p99 |
| --- | ---: | ---: | ---: | ---: |
%s
**Where this project is slower, and by what.** A page that reads costs about a millisecond more than one over Redis (two with scs): one
request to a node, which asks a majority whether what it knows is the newest (three nodes and all applications share the cores here). A page
that changes costs that and one more request, answered when it lies flushed on the disks of a majority: some three milliseconds more, with
a longer tail (how much of it is the disk's was not taken apart). Redis answers out of its memory before anything is on a disk, and a signed cookie needs nobody. Sending less
than that would mean promising less. scs with an IdleTimeout, and sessnode as a cachelib cache, ask once more before they renew the cookie.
Flask-Session and Beaker write on every page, so their reads are changes too.

## Repeat it

<!-- run: skip it takes minutes, and its numbers are a machine's own -->
` + "```sh" + `
./scripts/torture.sh -cost 20
` + "```" + `
`
