package config

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// read turns a YAML value into the text that a flag would have, or says why it cannot.
func read(k Key, n *yaml.Node) (text, why string) {
	if n.Anchor != "" || n.Kind == yaml.AliasNode {
		return "", "references (& and *) are not supported"
	}
	if k.isList() && n.Kind == yaml.SequenceNode {
		return readList(k, n)
	}
	want := wants(k)
	if n.Kind != yaml.ScalarNode {
		return "", "it is " + describe(n) + ", and " + want.words + " is expected"
	}
	for _, tag := range want.tags {
		if n.Tag == tag {
			return n.Value, ""
		}
	}
	why = "it is " + describe(n) + ", and " + want.words + " is expected"
	if want.tags[0] == "!!str" && k.Type != typeDuration && n.Tag != "!!null" {
		why += ": put it in quotes"
	}
	return "", why
}

func readList(k Key, n *yaml.Node) (text, why string) {
	var parts []string
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode || item.Tag != "!!str" || strings.Contains(item.Value, ",") || item.Anchor != "" {
			return "", "one of its parts is not " + strings.TrimSuffix(k.Type, ",...")
		}
		parts = append(parts, item.Value)
	}
	return strings.Join(parts, ","), ""
}

// want is which YAML values a key takes.
type want struct {
	words string
	tags  []string
}

func wants(k Key) want {
	switch k.Type {
	case typeSwitch:
		return want{"true or false", []string{"!!bool"}}
	case typeCount:
		return want{"a whole number", []string{"!!int"}}
	case typeSize:
		return want{"a size such as 2GiB", []string{"!!int", "!!str"}}
	case typeDuration:
		return want{"a duration such as 30s", []string{"!!str"}}
	}
	if k.isList() {
		return want{"a list or a text", []string{"!!str"}}
	}
	return want{"a text", []string{"!!str"}}
}

// describe says what a YAML value is, without quoting it.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	case yaml.AliasNode:
		return "a reference"
	}
	switch n.Tag {
	case "!!str":
		return "a text"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!null":
		return "nothing"
	case "!!timestamp":
		return "a date"
	}
	return "something else"
}

// inFile writes a value as it stands in a file.
func (k Key) inFile(text string) string {
	switch {
	case len(k.Choices) > 0 && strings.Contains(text, "|"):
		return k.Default // the text is the list of choices
	case k.isList() && text != "":
		return "[" + quoteAll(splitList(text)) + "]"
	case text == "" || wants(k).tags[0] == "!!str" && quotes(text):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
	}
	return text
}

func quoteAll(parts []string) string {
	for i, part := range parts {
		parts[i] = `"` + part + `"`
	}
	return strings.Join(parts, ", ")
}

// quotes reports whether YAML would take a bare text for something else than a text.
func quotes(text string) bool {
	var n yaml.Node
	err := yaml.Unmarshal([]byte(text), &n)
	return err != nil || len(n.Content) != 1 || n.Content[0].Kind != yaml.ScalarNode || n.Content[0].Tag != "!!str" || n.Content[0].Value != text
}
