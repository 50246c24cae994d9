package bench

import (
	"fmt"
	"slices"
	"strings"
)

// Page is docs/performance/peers.md of a report.
func Page(r Report) string {
	var b strings.Builder
	r.head(&b)
	b.WriteString("\n## Targets\n\nA ratio is that of the medians; beside it the least and the greatest of the single repetitions. \"Not measured\" is no pass.\n")
	r.targetTable(&b)
	b.WriteString("\n## Figures\n\n" + `Operations a second by the number of clients, in medians; "servers' CPU" is processor time of all servers together for a thousand operations at
the most clients in milliseconds, "generator's" that of the program that sends, MB the resident memory of the server that has most, after that cell.
Failed counts all repetitions and numbers of clients. A faster system has made more sessions by then, which its memory shows.
`)
	for _, w := range r.workloads() {
		r.table(&b, w, "uniform")
	}
	r.zipf(&b)
	if len(r.Failovers) > 0 {
		b.WriteString("\n## Losing the leader\n\n" + failoverText)
		r.failoverTable(&b)
	}
	r.notes(&b)
	r.missing(&b)
	r.method(&b)
	return b.String()
}

func (r *Report) head(b *strings.Builder) {
	m, s := r.Machine, r.Settings
	fmt.Fprintf(b, `# Beside what people would otherwise pick

sessnode, other stores and the limits of one machine under the same load, in one run. **Only ratios inside this page mean anything**: all
servers and the load generator share the processors and the disk of one machine, so another machine has other figures, and real
networks have other proportions.

Machine: %s/%s, %d processors (%s), %d GiB, Linux %s, %s; load average %.2f before the run. Sessions of %d bytes, %s of them there
before; closed loop, keep-alive, one connection a client; every cell %v s after %v s of warming up; medians of %s.
`, m.OS, m.Arch, m.CPUs, m.CPU, (m.Memory+1<<29)>>30, m.Kernel, m.FileSystem, m.LoadBefore, s.PayloadBytes, commas(float64(s.Sessions)),
		s.DurationSeconds, s.WarmUpSeconds, counted(s.Repetitions, "repetition"))
	if r.busy() {
		b.WriteString("\n**The machine was busy with other work**: what follows shows what is measured and how, and hardly how fast anything is.\n")
	}
	if !r.Ended {
		b.WriteString("\n**The run was cut short**: what is missing was not measured.\n")
	}
	fmt.Fprintf(b, "\n<!-- run: skip it takes a while and needs the other stores -->\n```sh\n%s\n```\n\n![Operations a second, by system](peers.svg)\n", r.Command)
}

// busy reports whether the machine had so much else to do that nothing can be judged.
func (r *Report) busy() bool { return r.Machine.LoadBefore > float64(r.Machine.CPUs)/2 }

const failoverText = `Sixty-four clients create sessions through all nodes without a pause, each with a limit of a second for a request, and go to the next node when
one fails. The times count from the kill: to the first acknowledged write that began after it, and until every client had one. In the
end every acknowledged session is read through a node that lives.
`

// zipf writes the tables of the other distribution, where there is one.
func (r *Report) zipf(b *strings.Builder) {
	var tables strings.Builder
	for _, w := range r.workloads() {
		r.table(&tables, w, "zipf")
	}
	if tables.Len() > 0 {
		b.WriteString("\nA few sessions wanted very often (the k-th most wanted in proportion to k^-1.1):\n" + tables.String())
	}
}

// mostNotes is how many notes a page has; the JSON has all.
const mostNotes = 20

// notes says what a reader of single cells has to know: leaders that changed, runs that ended early.
func (r *Report) notes(b *strings.Builder) {
	var list []string
	for _, c := range r.Cells {
		for _, n := range c.Notes {
			list = append(list, fmt.Sprintf("- %s, %s of %d clients (%s, through %s), repetition %d: %s\n", c.System, c.Workload, c.Clients, c.Distribution, c.Route, c.Repetition, n))
		}
	}
	if len(list) == 0 {
		return
	}
	b.WriteString("\n## Of single cells\n\n" + strings.Join(list[:min(len(list), mostNotes)], ""))
	if more := len(list) - mostNotes; more > 0 {
		fmt.Fprintf(b, "- and %d more, in peers.json\n", more)
	}
}

// missing says what could not be measured.
func (r *Report) missing(b *strings.Builder) {
	if len(r.Missing) == 0 {
		return
	}
	b.WriteString("\n## Not measured\n\n")
	for _, m := range r.Missing {
		fmt.Fprintf(b, "- %s, %s: %s\n", m.System, m.What, m.Reason)
	}
}

// method says how, and what the figures do not say.
func (r *Report) method(b *strings.Builder) {
	b.WriteString("\n## What each system promises\n\nFaster with a weaker promise is no contest won. All run with what this table and the list below say; the rest are defaults.\n\n" +
		"| system | an answered change is in | a read may miss | the operations there |\n| --- | --- | --- | --- |\n")
	for _, s := range r.Systems {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", s.Title, s.Durable, s.Reads, s.Mapping)
	}
	b.WriteString(methodText)
	if slices.ContainsFunc(r.Systems, func(m Measured) bool { return m.Name == spikeName }) {
		b.WriteString(spikesText)
	}
	r.generator(b)
	b.WriteString("\n## Versions and settings\n\nDIR is a folder of its own for each visit, all on one disk; ports are those of the first visit.\n")
	for _, s := range r.Systems {
		fmt.Fprintf(b, "\n**%s**: %s\n", s.Title, s.Version)
		for _, c := range s.Commands {
			fmt.Fprintf(b, "\n    %s\n", c)
		}
	}
}

const methodText = `
## How it is measured

- **Interleaved, one at a time.** Every repetition visits all systems. A visit starts fresh processes in fresh folders, makes the sessions, measures
  each cell, and stops them; the next system starts after that. Systems that idle beside the one that is measured would take their heartbeats from its processors.
- **One generator.** The closed loop, payload, choice of sessions and histograms of ` + "`sessnode bench`" + ` (` + "`internal/bench`" + `) drive all systems. Each client
  has a connection of its own and one request under way. The clients of the other stores (` + "`e2e/bench/talk`" + `) are as lean as ours: bytes written by hand, no
  goroutine, no pool. Official clients would cost the generator more than they cost the servers, and make the other stores look slower.
- **Shared connections are ours alone here.** In the row that says so, still with one request of each client under way, the clients send over four connections to a node. The other stores are measured with a
  connection for each client. Some of their clients can share too: etcd's streams of one HTTP/2 connection, NATS's inboxes, Redis's pipelines (where WAIT blocks a connection for all). What that brings them was not
  measured, so what is claimed "over shared connections" says what an application in Go gets by one option, not which store is faster that way.
- **Processor time** is read from /proc at the beginning and the end of what is measured, for all servers of a system with their children.
- **No TLS, no keys**, loopback only, for everybody.
- **A connection is made once** for a run, before what is measured; PostgreSQL's, each a process of the server, are kept from one cell to the next, as a pool does.
- **Medians**, of an even number of repetitions the lower one in the middle.
`

// spikesText goes on with methodText where both spikes have a part.
const spikesText = `- **Spikes.** The yardstick of the project is a bare Raft group and a map behind the same HTTP server, API included: what is between it and sessnode is what the store
  costs, and what Go's collector does with sessions that lie on its heap, at its default pace. The lean spike has a bare loop there, which looks at the token and the value
  alone, and has no time-outs, limits or drain: it shows what is left in HTTP. Both are judged by the same factor.
`

// generator says what the load itself costs.
func (r *Report) generator(b *strings.Builder) {
	clients := r.clients()
	if len(clients) == 0 {
		return
	}
	s, ok := r.summarize(at("null", leader, "read", clients[len(clients)-1]))
	if !ok {
		return
	}
	fmt.Fprintf(b, `- **The generator takes its share**: against a server that reads to the end of a request and writes 512 bytes it makes %s reads a second with %d clients, for
  %.0f ms of its own and %.0f ms of the server's processor time a thousand. No server can show more than that here with a connection for each client.
`, commas(s.rate), s.clients, s.generator*1000, s.cpu*1000)
}
