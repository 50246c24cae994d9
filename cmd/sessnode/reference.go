package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sessnode/sessnode/internal/config"
)

func newReference(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:    "reference",
		Short:  "Print the reference page of the command line (docs/reference/cli.md)",
		Hidden: true,
		Args:   needs(),
		RunE: verb(func(cmd *cobra.Command, _ []string) error {
			return writeReference(std.out, cmd.Root())
		}),
	}
}

// writeReference writes the page from the same tables that the program runs on, so that the two cannot differ.
func writeReference(w io.Writer, root *cobra.Command) error {
	p := &page{}
	p.text("# The command line\n\n" +
		"<!-- Written by `go run ./cmd/sessnode reference`; a test compares. -->\n\n" +
		"Results go to standard output, narration and logs to standard error. A failure is explained in three lines:\n" +
		"what failed, why, and what to type next.\n")
	p.contents(root)
	for _, group := range root.Groups() {
		for _, cmd := range inOrder(root) {
			if cmd.GroupID == group.ID && documented(cmd) {
				p.verb(cmd, 2)
			}
		}
	}
	p.keys()
	p.output()
	p.text("\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n")
	for _, row := range exitMeanings() {
		p.text("| %d | %s |\n", row.code, row.meaning)
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

func documented(cmd *cobra.Command) bool {
	return cmd.IsAvailableCommand() && cmd.Name() != "help"
}

// page is the reference page that is being written.
type page struct{ b strings.Builder }

func (p *page) text(format string, args ...any) { fmt.Fprintf(&p.b, format, args...) }

// contents lists all verbs with a link each.
func (p *page) contents(root *cobra.Command) {
	p.text("\n| | |\n| --- | --- |\n")
	for _, group := range root.Groups() {
		var links []string
		for _, cmd := range inOrder(root) {
			if cmd.GroupID == group.ID && documented(cmd) {
				links = append(links, link(cmd))
			}
		}
		p.text("| %s | %s |\n", strings.ToLower(group.Title), strings.Join(links, " · "))
	}
	p.text("| for all | [keys](#keys): flags, variables, the file · [output](#output) · [exit codes](#exit-codes) |\n")
}

// link names a verb, and the members of a family.
func link(cmd *cobra.Command) string {
	text := "[" + cmd.Name() + "](#" + strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ")"
	if cmd.Name() == "completion" {
		return text
	}
	var members []string
	for _, c := range inOrder(cmd) {
		if c.IsAvailableCommand() {
			members = append(members, link(c))
		}
	}
	if len(members) > 0 {
		text += " (" + strings.Join(members, ", ") + ")"
	}
	return text
}

// verb writes the section of one verb, and those of its members below.
func (p *page) verb(cmd *cobra.Command, level int) {
	p.text("\n%s %s\n\n%s\n", strings.Repeat("#", level), cmd.CommandPath(), sentence(cmd.Short))
	if cmd.Long != "" {
		for para := range strings.SplitSeq(cmd.Long, "\n\n") {
			p.text("\n%s\n", strings.Join(wrapped(para, pageWidth), "\n"))
		}
	}
	family := cmd.HasAvailableSubCommands() && cmd.Name() != "completion"
	if family {
		defer p.members(cmd, level+1)
	}
	switch {
	case family && cmd.Example == "": // it does nothing by itself
		return
	case cmd.Name() == "completion":
		p.text("\n    sessnode completion bash|zsh|fish|powershell\n")
	default:
		p.text("\n    %s\n", cmd.UseLine())
	}
	if cmd.Example != "" {
		p.text("\nFor example:\n\n")
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			p.text("%s\n", strings.TrimRight("  "+line, " "))
		}
	}
	p.flags(cmd)
}

// members writes the sections of a family's verbs.
func (p *page) members(cmd *cobra.Command, level int) {
	for _, c := range inOrder(cmd) {
		if c.IsAvailableCommand() {
			p.verb(c, level)
		}
	}
}

// pageWidth is how wide the lines of the page's texts are.
const pageWidth = 118

func sentence(text string) string {
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// flags writes a verb's own flags, and says which keys of the table it has.
func (p *page) flags(cmd *cobra.Command) {
	header := "\n| flag | type | default | meaning |\n| --- | --- | --- | --- |\n"
	scopes, few := config.Scope(0), []string{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if k, ok := keyOf(f); ok && (k.Scope != config.ForAll || scopes != 0) {
			if k.Scope != config.ForAll {
				scopes, few = scopes|k.Scope, append(few, "`--"+k.Name+"`")
			}
			return
		}
		if f.Name == "help" || f.Hidden {
			return
		}
		p.text("%s", header)
		header = ""
		def := f.DefValue
		if def == "[]" {
			def = ""
		}
		p.text("| `--%s` | %s | %s | %s |\n", f.Name, cell(typeName(f)), cell(def), cell(f.Usage))
	})
	switch scopes {
	case config.ForClient:
		if len(few) < fewKeys {
			p.text("\nAnd of the [keys](#keys): %s.\n", strings.Join(few, ", "))
			return
		}
		p.text("\nAnd the [keys of client verbs](#keys).\n")
	case config.ForNode:
		p.text("\nAnd the [keys of nodes](#keys).\n")
	case config.ForAll:
		p.text("\nAnd all [keys](#keys).\n")
	}
}

// fewKeys is the number of keys from which on a verb is said to have all.
const fewKeys = 4

func typeName(f *pflag.Flag) string {
	switch name := f.Value.Type(); name {
	case "string":
		return "text"
	case "stringArray", "stringSlice":
		return "texts"
	case "bool":
		return "switch"
	default:
		return name
	}
}

// cell makes a text fit for a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// keys writes the table of all keys.
func (p *page) keys() {
	p.text("\n## Keys\n\n" +
		"A key is set by its flag, else by its variable, else by the file that `--config` or `SESSNODE_CONFIG` names, else by its default,\n" +
		"each key on its own. A variable that is set to nothing counts as not set. No file is read unless it is named.\n\n" +
		"The file is YAML: one mapping of these names to values. Keys of nodes and of client verbs may stand in the same file. It is\n" +
		"read strictly: an unknown key, a key that comes twice, a value of another type and a second document are faults, all\n" +
		"reported at once with their lines. `sessnode config example` prints a file with every key, `sessnode config print` each value and where it\n" +
		"comes from.\n")
	scope, group := config.Scope(0), config.Group("")
	for _, k := range config.Keys() {
		if k.Hidden {
			continue
		}
		if k.Scope != scope {
			scope = k.Scope
			p.text("\n### %s\n", map[config.Scope]string{config.ForNode: "Keys of nodes (serve)", config.ForClient: "Keys of client verbs", config.ForAll: "For both"}[scope])
		}
		if k.Group != group {
			group = k.Group
			p.text("\n**%s**\n\n| flag | variable | in the file | type | default | meaning |\n| --- | --- | --- | --- | --- | --- |\n", group)
		}
		flag := "`--" + k.Name + "`"
		if k.Short != "" {
			flag = "`-" + k.Short + "`, " + flag
		}
		inFile := ""
		if k.InFile() {
			inFile = "`" + k.Name + ":`"
		}
		def := k.Default
		if def != "" {
			def = "`" + def + "`"
		}
		p.text("| %s | `%s` | %s | %s | %s | %s |\n", flag, k.Env(), inFile, strings.ReplaceAll(k.Form(), "|", ", "), def, cell(k.Help))
	}
}
