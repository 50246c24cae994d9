package handbook

import (
	"fmt"
	"strings"
)

// API writes docs/reference/api.md: what each route does, from the text of openapi.yaml. It returns an error for a document
// that it cannot read, or that refers to what it does not have.
func API(openapi []byte) (string, error) {
	c, err := parseContract(openapi)
	if err != nil {
		return "", err
	}
	b := &page{contract: c}
	b.linef("# The HTTP API\n")
	b.linef("<!-- Written from httpapi/openapi.yaml by `go test ./internal/handbook -update`; a test compares. -->\n")
	b.linef("%s\n", strings.ReplaceAll(paragraphs(c.Info.Description), "docs/reference/wire.md", "[wire.md](wire.md)"))
	b.linef("A node serves the contract itself, for programs, at `/openapi.yaml`. The bodies that are named here are in\n" +
		"[api-bodies.md](api-bodies.md), the errors in [errors.md](errors.md).\n")
	for _, tag := range c.Tags {
		b.linef("## %s\n", tag.Description)
		for _, path := range c.Paths {
			for _, m := range path.value.methods() {
				if len(m.value.Tags) > 0 && m.value.Tags[0] == tag.Name {
					b.operation(m.name, path.name, path.value, *m.value)
				}
			}
		}
	}
	b.parameters()
	return b.text()
}

// page collects the lines of a page and the first error.
type page struct {
	contract contract
	b        strings.Builder
	err      error
}

func (p *page) linef(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

func (p *page) text() (string, error) {
	return strings.TrimRight(p.b.String(), "\n") + "\n", p.err
}

func (p *page) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

var roles = map[string]string{"app": "a key of the app, or an operator's", "operator": "an operator's key", "public": "no key"}

func (p *page) operation(method, path string, item pathItem, o operation) {
	p.linef("### %s %s\n", method, path)
	text := o.Summary + "."
	if o.Description != "" {
		text += " " + paragraphs(o.Description)
	}
	p.linef("%s\n", text)
	if roles[o.Role] == "" {
		p.fail(fmt.Errorf("%s %s: x-role %q", method, path, o.Role))
	}
	p.linef("- needs %s", roles[o.Role])
	if names := p.named(append(item.Parameters, o.Parameters...)); names != "" {
		p.linef("- takes %s", names)
	}
	if len(o.RequestBody.Content) > 0 {
		p.linef("- body %s", p.kind(o.RequestBody.Content[0].value.Schema))
	}
	for _, r := range o.Responses {
		if r.name != "default" {
			p.linef("- answers %s", p.answer(r))
		}
	}
	p.linef("")
}

// named lists the parameters of an operation; those of the path stand in its heading already.
func (p *page) named(list []parameter) string {
	var names []string
	for _, q := range list {
		shared := q.Ref != ""
		if shared {
			found, err := p.contract.Components.Parameters.find(q.Ref)
			if err != nil {
				p.fail(err)
			}
			q = found
		}
		if q.In == "path" {
			continue
		}
		name := "`" + q.Name + "`"
		if q.In == "query" {
			name = "`?" + q.Name + "`"
		}
		if q.Required {
			name += " (required)"
		}
		if !shared && q.Description != "" {
			name += " (" + strings.TrimSuffix(cell(q.Description), ".") + ")"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func (p *page) answer(r named[response]) string {
	resp := r.value
	if resp.Ref != "" {
		found, err := p.contract.Components.Responses.find(resp.Ref)
		if err != nil {
			p.fail(err)
		}
		resp = found
	}
	text := r.name
	if len(resp.Content) > 0 {
		first := resp.Content[0]
		for _, m := range resp.Content { // a body with fields says more than its text form
			if m.value.Schema.Ref != "" {
				first = m
				break
			}
		}
		if first.value.Schema.Ref != "" {
			text += " " + p.kind(first.value.Schema)
		} else {
			text += " `" + first.name + "`"
		}
	}
	return text + ": " + lower(cell(resp.Description))
}

// parameters writes the table of the shared parameters.
func (p *page) parameters() {
	p.linef("## Headers and query parameters\n")
	p.linef("| name | in | meaning |\n| --- | --- | --- |")
	for _, n := range p.contract.Components.Parameters {
		q := n.value
		meaning := cell(q.Description)
		if meaning == "" {
			meaning = "as HTTP says"
		}
		if q.Schema.Default != "" {
			meaning += " Default " + q.Schema.Default + "."
		}
		if q.In != "path" {
			p.linef("| `%s` | %s | %s |", q.Name, q.In, meaning)
		}
	}
	p.linef("\nAnd in answers:\n")
	p.linef("| header | meaning |\n| --- | --- |")
	for _, n := range p.contract.Components.Headers {
		if n.value.Description != "" {
			p.linef("| `%s` | %s |", headerName(n.name), cell(n.value.Description))
		}
	}
}

// headerName turns a component's name into that of the header: SessionIndex, Session-Index.
func headerName(component string) string {
	return strings.Replace(component, "Session", "Session-", 1)
}

// paragraphs keeps the paragraphs of a text and joins their lines.
func paragraphs(text string) string {
	var all []string
	for _, p := range strings.Split(strings.TrimSpace(text), "\n\n") {
		all = append(all, strings.Join(strings.Fields(p), " "))
	}
	return strings.Join(all, "\n\n")
}

// cell makes a text fit into one cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

// lower lets a sentence go on after a colon.
func lower(text string) string {
	if len(text) < 2 || text[:2] == strings.ToUpper(text[:2]) { // an abbreviation
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}
