package main

import (
	"fmt"
	"strings"
	"time"
)

const head = `# No needless change of leader

Nobody is killed, stopped or cut off here, and every change of leader is one too many: writes wait for it. What brings one about all the
same is a machine that is short of processors. A leader that hears no majority for its lease steps down, a follower that hears no leader
for its time-out asks for an election, and both may only mean that a process did not get to run.

Each node therefore measures how late things come that take no time of themselves: its own ticks, the leader's heartbeats and the answers
to them. Four times the latest of the last half minute is allowed beyond the profile's time-outs, at most four heartbeats' time-outs and
at most a second; nothing where all comes within a twentieth of that time-out. A leader counts a follower as heard for as long although an answer is
late, and a follower bears a silent leader for as long. A leader that has stepped down, or whose port refuses connections because its process is
gone, is not borne: [a crash](failover.md) costs about what it did without all this, or a second more where two followers split a vote. None of this touches what is read or written: each
read and each write has a majority of its own, and no lease counts for it.

## Method

` + "`e2e/steady`" + ` starts three nodes on loopback and keeps them saturated with clients that send one request after the other, each to the next node
under the same operation id when one fails. *create* makes sessions and ends the oldest; *mixed* is 95 % reads, 4 % increments and 1 %
creates. A client has at most forty sessions at a time, so that a run can be long. Elections are counted in the nodes' logs, from the
first request to the last, with what the nodes said before. Then every session is looked up: an acknowledged session or increment that is
not there counts as missing, an ended session that is there as back. It ends by itself, with 0 for PASS, 1 for FAIL and 2 where too little was
done to tell.

<!-- run: skip it takes two hours and the whole machine -->
` + "```sh\ngo run ./e2e/steady -for 1h -out docs/performance/steady.md\n```" + `

Without flags it takes a minute and prints this page. The same load on another profile: ` + "`-profile default`" + `; what the nodes logged: ` + "`-logs DIR`" + `.

## What was seen

`

// render is the page.
func render(records []record) string {
	var b strings.Builder
	b.WriteString(head)
	if len(records) == 0 {
		b.WriteString("Nothing yet: the command above writes the table.\n")
		return b.String()
	}
	first := records[0]
	fmt.Fprintf(&b, "On %s, with `--profile %s` and %d clients. *Busy* is the part of the processors' time that was used, *late* the latest that\na tick of %v in the load's own process came.\n\n", system(), first.profile, first.clients, tick)
	b.WriteString("| mix | for | changes of leader | writes acknowledged | slowest write | reads | sessions looked up | missing | back | busy | load average | late | verdict |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range records {
		fmt.Fprintf(&b, "| %s | %v | %d | %d | %v | %d | %d | %d | %d | %.0f %% | %.1f | %v | %s |\n", r.mix, r.took.Round(time.Second), len(r.elections), r.acknowledged,
			r.slowest.Round(time.Millisecond), r.reads, r.checked, r.missing, r.ghosts, 100*r.busy, r.load, r.late.Round(time.Millisecond), r.verdict())
	}
	for _, r := range records {
		for i, e := range r.elections {
			if i == 0 {
				fmt.Fprintf(&b, "\nChanges of leader under *%s*:\n\n| after | node | term | because |\n| --- | --- | --- | --- |\n", r.mix)
			}
			fmt.Fprintf(&b, "| %v | %s | %d | %s |\n", e.at.Round(time.Millisecond), e.node, e.term, e.cause)
		}
	}
	return b.String()
}
