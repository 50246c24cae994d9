package main

import (
	"reflect"
	"strings"

	"github.com/sessnode/sessnode/internal/bench"
	"github.com/sessnode/sessnode/internal/doctor"
	"github.com/sessnode/sessnode/internal/view"
)

// shape is a JSON result with the verbs that write it.
type shape struct {
	verbs string
	value any
}

// shapes lists the JSON results, in the order of the verbs.
func shapes() []shape {
	return []shape{
		{"status", view.Cluster{}},
		{"status: each of `nodes`", view.Node{}},
		{"top", view.Rates{}},
		{"top: each of `nodes`", view.NodeRates{}},
		{"top: each of `routes`", view.RouteRate{}},
		{"session get, set; session list and subject sessions: an array", view.Session{}},
		{"session create, rotate: as session get, and", newToken{}},
		{"session revoke: an array", revoked{}},
		{"why: an array", view.Ended{}},
		{"subject export", view.Export{}},
		{"subject revoke, app revoke, app drop", outcome{}},
		{"app get, set; app list: an array", view.App{}},
		{"doctor", doctor.Report{}},
		{"doctor: each of `findings`", doctor.Finding{}},
		{"key list, add, use, remove: an array", fileKey{}},
		{"key status: an array", memberKeys{}},
		{"backup create, inspect; backup verify: a line each", backupInfo{}},
		{"backup inspect: each of `apps`", backupApp{}},
		{"recover --inspect", survivorInfo{}},
		{"backup restore, recover", restored{}},
		{"import", view.Imported{}},
		{"import: each of `refusals`", view.ImportRefusal{}},
		{"config print: an array", setting{}},
		{"bench; with jsonl each of `runs` is a line `{\"type\":\"run\",\"run\":...}`, and the rest the last, `report`", bench.Report{}},
		{"bench: `environment`", bench.Environment{}},
		{"bench: each of `runs`", bench.Run{}},
		{"bench: `total`, and each of `operations`", bench.Measurement{}},
	}
}

// output writes what results look like, from the types that are printed.
func (p *page) output() {
	p.text("\n## Output\n\n")
	page := strings.ReplaceAll(outputPage, "docs/reference/cli.md lists them", "they are listed below")
	for line := range strings.SplitSeq(page, "\n") {
		sep := "\n"
		if option, meaning, found := strings.Cut(strings.TrimPrefix(line, "  "), "   "); found && strings.HasPrefix(line, "  -o") {
			line = "- `" + option + "`: " + strings.TrimLeft(meaning, " ")
			sep = "\n  "
		}
		p.text("%s\n", strings.Join(wrapped(line, pageWidth-2), sep))
	}
	for _, s := range shapes() {
		p.text("\n**%s**\n\n| field | meaning |\n| --- | --- |\n", s.verbs)
		t := reflect.TypeOf(s.value)
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || !f.IsExported() || name == "" {
				continue
			}
			p.text("| `%s` | %s |\n", name, cell(f.Tag.Get("doc")))
		}
	}
}
