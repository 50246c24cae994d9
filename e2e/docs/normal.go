package docs

import (
	"regexp"
	"strings"
)

// changing is what differs between two runs of the same command, and what stands for it in both. The rows act one after the
// other.
var changing = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`), "<time>"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d(\.\d+)?\b`), "<clock>"},
	{regexp.MustCompile(`\bjust now\b|\b\d+[smhd] ago\b`), "<age>"},
	{regexp.MustCompile(`\bin \d+[smhd]\b`), "<soon>"},
	{regexp.MustCompile(`\b\d+\.\d+ ?(ns|µs|ms|s|m|h)\b`), "<duration>"},
	{regexp.MustCompile(`\b[0-9a-f]{16,64}\b`), "<hash>"},
	{regexp.MustCompile(`\bn[1-5]-<hash>`), "<node>"},
	{regexp.MustCompile(`http://127\.0\.0\.1:(7480|7490|7500)/v1/`), "http://<node>/v1/"},
	{regexp.MustCompile(`\b(node|at) n[1-5]\b`), "$1 <node>"},
	{regexp.MustCompile(`\bn[1-5] +(leader|follower)( +\S \w+ +\S+) +\d+ +\d+ `), "<node> <role>$2 <index> <lag> "},
	{regexp.MustCompile(`\bleader n[1-5] · term \d+`), "leader <node> · term <term>"},
	{regexp.MustCompile(`\bin [\d.]+ [KMGT]?i?B of [\d.]+ [KMGT]?i?B\b`), "in <size> of <size>"},
	{regexp.MustCompile(`\(log \d+\)`), "(log <index>)"},
	{regexp.MustCompile(`\bstate [0-9a-f]{8} at \d+`), "state <hash> at <index>"},
	{regexp.MustCompile(`--after \d+-[0-9a-z]+`), "--after <place>"},
	{regexp.MustCompile(`\bposition( +)\d+-[0-9a-z]+`), "position$1<place>"},
	{regexp.MustCompile(`"id":"\d+-[0-9a-z]+"`), `"id":"<place>"`},
	{regexp.MustCompile(`"(index|term|applied|commit|lag|answer_ms|bytes|budget)": ?\d+`), `"$1": <number>`},
	{regexp.MustCompile(`(?m)^name +\S+ +the host's name`), "name <host> the host's name"},
	{regexp.MustCompile(`(?m)^(commit|built) .*`), "$1 <build>"},
	{regexp.MustCompile(`─+`), "─"},
}

// measured is what else differs where a command measures something: numbers with their units, bars, and who leads.
var measured = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`<duration>`), "<number>"},
	{regexp.MustCompile(`\bn[1-5]\b`), "<node>"},
	{regexp.MustCompile(`\b(leads|follows)\b`), "<role>"},
	{regexp.MustCompile(`(?m)│.*$`), "<axis>"},
	{regexp.MustCompile(`[▁▂▃▄▅▆▇█][▁▂▃▄▅▆▇█ ]*`), " <bar> "},
	{regexp.MustCompile(`\b\d[\d,.]*( ?(ns|µs|ms|s|m|h|[KMGT]?i?B)\b)?`), " <number> "},
}

// missing is what a table has where there is no number.
var missing = regexp.MustCompile(`(?m)(^| )-( |$)`)

// word is what may be a token or an id: base64url.
var word = regexp.MustCompile(`[A-Za-z0-9_-]+`)

// Normal makes two runs of one command the same text: what changes gives way to a word for it, a row of spaces to one space.
func Normal(text string) string {
	for _, row := range changing {
		text = row.pattern.ReplaceAllString(text, row.instead)
	}
	text = word.ReplaceAllStringFunc(text, func(w string) string {
		random := w != strings.ToLower(w) // one in 100,000 has no capital letter
		switch {
		case random && len(w) == 43:
			return "<token>"
		case random && len(w) == 22:
			return "<id>"
		}
		return w
	})
	return narrow(text)
}

// narrow leaves one space of a row of them.
func narrow(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.Join(strings.Fields(line), " ")+"\n")
	}
	return strings.Join(lines, "")
}

// NormalNumbers is Normal for what a measurement prints.
func NormalNumbers(text string) string {
	text = Normal(text)
	for _, row := range measured {
		text = row.pattern.ReplaceAllString(text, row.instead)
	}
	return missing.ReplaceAllString(strings.ReplaceAll(narrow(text), " ", "  "), "$1<number>$2")
}
