package torture

import (
	"fmt"
	"slices"
	"strings"
)

// Page is what the comparison is made of.
type Page struct {
	Specs    []Spec
	Findings Findings
	Versions []string // of everything, each "name version"
	Plays    int
	Failures int
}

// question is a row of the tables.
type question struct{ name, claim string }

func questions() []question {
	var all []question
	for _, t := range Trials() {
		all = append(all, question{t.Name, t.Claim})
	}
	for _, o := range Ordeals() {
		all = append(all, question{o.Name, o.Claim})
	}
	return all
}

// Tables returns a Markdown table per framework, with a sentence on what each of the others is good at.
func (p Page) Tables() string {
	var out strings.Builder
	var frameworks []string
	for _, s := range p.Specs {
		if !slices.Contains(frameworks, s.Framework) {
			frameworks = append(frameworks, s.Framework)
		}
	}
	for _, framework := range frameworks {
		specs := slices.DeleteFunc(slices.Clone(p.Specs), func(s Spec) bool { return s.Framework != framework })
		fmt.Fprintf(&out, "\n## %s\n\n|", framework)
		for _, s := range specs {
			fmt.Fprintf(&out, " | %s", s.Title)
		}
		out.WriteString(" |\n| ---" + strings.Repeat(" | ---", len(specs)) + " |\n")
		for _, q := range questions() {
			out.WriteString("| " + q.claim)
			for _, s := range specs {
				out.WriteString(" | " + cell(p.Findings.of(s.Name, q.name)))
			}
			out.WriteString(" |\n")
		}
		out.WriteString("\n")
		for _, s := range specs {
			if s.Good != "" {
				fmt.Fprintf(&out, "- *%s*: %s\n", s.Title, s.Good)
			}
			for _, q := range questions() {
				if reason := s.Cannot[q.name]; reason != "" {
					fmt.Fprintf(&out, "- %s does not keep \"%s\": %s.\n", s.Title, q.claim, reason)
				}
			}
		}
	}
	return out.String()
}

// cell tells a tally in a few words; what was broken even once is broken.
func cell(t *Tally) string {
	switch broken, inconclusive := t.Count(Broken), t.Count(Inconclusive); {
	case t.Plays == 0:
		return "not played"
	case broken > 0:
		return fmt.Sprintf("**%s**, %d of %d", strings.Join(t.Notes(Broken), "; "), broken, t.Plays)
	case inconclusive > 0:
		return fmt.Sprintf("kept %d of %d, inconclusive %d", t.Count(Kept), t.Plays, inconclusive)
	case t.Count(NotApplicable) == t.Plays:
		return "– " + strings.Join(t.Notes(NotApplicable), "; ")
	}
	if notes := t.Notes(Kept); len(notes) > 0 {
		return "kept: " + strings.Join(notes, "; ")
	}
	return "kept"
}

// Markdown returns the whole page.
func (p Page) Markdown() string {
	return fmt.Sprintf(head, p.Plays, p.Failures) + p.Tables() + fmt.Sprintf(foot, "- "+strings.Join(p.Versions, "\n- "))
}

const head = `# Sessions under stress: what was measured

A tool signs people in and out of small login applications, over HTTP and from outside, while other requests are under way, and
takes their store down. The applications of a framework share their code; only the lines that say where sessions are kept differ
([e2e/torture/apps](../e2e/torture/apps)), and what a store's own documentation advises for login and logout is done. Everything
else is as it comes. The servers are real: gunicorn with two processes of eight threads, uvicorn with two processes, ` + "`net/http`" + `.

Races are made, not waited for: a handler that is asked to waits between loading the session and returning until the tool lets it go.
In production the same happens whenever two requests of a browser overlap, by chance and more seldom. Each race was played %d times,
each failure %d times. *Kept* means: every time. What was broken is in bold, with how often. **In bold above a column**: this project,
as it was when this page was made. Groups of applications were played one after another, on a machine that had other work too.

These are not verdicts on quality. Most of what follows is documented behaviour, from the wish for a simple store interface, "save
this blob under this key", and for many applications it does not matter. Where it does, this page says what to expect.
`

const foot = `
## How to read it

- *A one-time value* is what flash messages, password resets and confirmations are made of. The Python applications and scs pop it
  out of the session; in gorilla and sessionhttp it is a flash message, which is what they have for it.
- *scsstore* runs with scs's IdleTimeout: without it scs commits nothing for a change inside of a stored map, so no store hears of one.
- *kill -9 of the store's process*: the leader of three nodes, which stays dead while it is judged; Redis as Debian configures it (save
  points, no append-only file), started again at once on its data; the application itself where it alone holds the sessions. Redis with ` +
	"`appendonly yes`" + ` is a column of its own.
- *While the store is down*: all three nodes killed; Redis stopped with SIGTERM. An error page is no false logout; 503 tells a
  browser or proxy to come back, 500 does not.
- *The cookie of before the login*: with signed cookies there is nothing on the server that could end it, so a copy goes on to show
  what was in it.
- *1 of 100*: Pyramid renews a signed cookie with any page view more than a second after it was made (` + "`reissue_time=0`" + `). The plays are
  mostly quicker than that, so this row flatters it.
- *Next person*: they may be refused, but must not find themselves signed out, in another's account, or with another's values.
- A request that is refused with a 4xx because its session has ended (Django does that) is *kept* where the question is whether the
  session came back, and broken where the question is whether requests around a login go on.

## What is not measured

Redis Sentinel and Cluster, PostgreSQL, and races that need more than two requests. Replication between Redis servers is
asynchronous, so a failover may lose what was acknowledged last; this tool does not show it. What pages cost is
[measured apart](performance/adapters.md).

## Versions

%s

## Repeat it

Needs Go, Python with venv, and Debian's redis-server. It takes most of an hour for everything, a few minutes for some; ` + "`-apps`" + ` chooses, ` + "`-n`" + ` and ` + "`-failures`" + ` set the counts.

<!-- run: skip it takes most of an hour -->
` + "```sh" + `
./scripts/torture.sh
` + "```" + `

The applications need five routes and one optional parameter, so yours can be tried too: [e2e/torture/README.md](../e2e/torture/README.md).
`
