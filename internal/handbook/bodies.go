package handbook

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bodies writes docs/reference/api-bodies.md: the fields of each body of the HTTP API, from the text of openapi.yaml. Errors
// are as for API.
func Bodies(openapi []byte) (string, error) {
	c, err := parseContract(openapi)
	if err != nil {
		return "", err
	}
	b := &page{contract: c}
	b.linef("# Bodies of the HTTP API\n")
	b.linef("<!-- Written from httpapi/openapi.yaml by `go test ./internal/handbook -update`; a test compares. -->\n")
	b.linef("The routes are in [api.md](api.md); how values, times and durations are written is in [wire.md](wire.md). A star marks a\n" +
		"field that is always there.\n")
	for _, s := range c.Components.Schemas {
		b.schema(s.name, s.value)
	}
	return b.text()
}

func (p *page) schema(name string, s schema) {
	p.linef("## %s", name)
	if len(s.Properties) == 0 { // one sentence: no line between, so that the page stays short
		p.linef("%s. %s\n", p.kind(s), paragraphs(s.Description))
		return
	}
	p.linef("")
	if s.Description != "" {
		p.linef("%s\n", paragraphs(s.Description))
	}
	p.linef("| field | type | meaning |\n| --- | --- | --- |")
	for _, f := range s.Properties {
		star := ""
		if slices.Contains(s.Required, f.name) {
			star = " *"
		}
		p.linef("| `%s`%s | %s | %s |", f.name, star, p.kind(f.value), cell(f.value.Description))
	}
	p.linef("")
}

// kind is the type of a schema in a few words, with links.
func (p *page) kind(s schema) string {
	switch {
	case s.Ref != "":
		if _, err := p.contract.Components.Schemas.find(s.Ref); err != nil {
			p.fail(err)
		}
		name := refName(s.Ref)
		return "[" + name + "](api-bodies.md#" + strings.ToLower(name) + ")"
	case len(s.Enum) > 0:
		return "`" + strings.Join(s.Enum, "` `") + "`"
	case s.Type == "array" && s.Items != nil:
		return "list of " + p.kind(*s.Items)
	case s.Type == "object" && len(s.Properties) == 0 && s.Additional.Kind == yaml.MappingNode:
		var of schema
		if err := s.Additional.Decode(&of); err != nil {
			p.fail(err)
		}
		return "names to " + p.kind(of)
	case len(s.OneOf) > 0:
		var kinds []string
		for _, one := range s.OneOf {
			kinds = append(kinds, p.kind(one))
		}
		return strings.Join(kinds, " or ")
	case s.Type == "":
		return "any value"
	}
	return s.Type
}
