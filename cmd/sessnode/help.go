package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/term"
)

// maxHelpWidth keeps lines readable on wide screens.
const maxHelpWidth = 100

// helpTo makes the help of all commands.
func helpTo(std stdio) func(*cobra.Command, []string) {
	return func(cmd *cobra.Command, _ []string) {
		s := term.Of(std.out, std.env, "auto")
		h := help{screen: s, width: min(s.Width, maxHelpWidth)}
		if cmd.HasParent() {
			h.command(cmd)
		} else {
			h.root(cmd)
		}
		_, _ = io.WriteString(std.out, h.b.String())
	}
}

// help is a page that is being written.
type help struct {
	b      strings.Builder
	screen term.Screen
	width  int
}

func (h *help) line(text string) { h.b.WriteString(strings.TrimRight(text, " ") + "\n") }

// title begins a part of the page.
func (h *help) title(text string) {
	h.line("")
	h.line(h.screen.Bold(text))
}

// para writes a text in lines of the page's width. Lines flow together up to an empty one; a line that begins with blanks
// stands by itself, and goes on under what follows its first gap.
func (h *help) para(text string) {
	flow := ""
	flush := func() {
		if flow != "" {
			h.line(strings.Join(wrapped(flow, h.width), "\n"))
		}
		flow = ""
	}
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case line == "":
			flush()
			h.line("")
		case line[0] == ' ':
			flush()
			name, meaning, gap := strings.Cut(strings.TrimLeft(line, " "), "  ")
			indent := len(line) - len(strings.TrimLeft(line, " "))
			column := len(line) - len(strings.TrimLeft(meaning, " "))
			if !gap {
				h.line(line)
				continue
			}
			h.entry(indent, column, name, strings.TrimLeft(meaning, " "))
		default:
			flow = strings.TrimSpace(flow + " " + line)
		}
	}
	flush()
}

// entry writes a name and what it means, in two columns.
func (h *help) entry(indent, column int, name, meaning string) {
	lines := wrapped(meaning, max(24, h.width-column))
	if term.Width(name)+indent+2 > column {
		h.line(strings.Repeat(" ", indent) + name)
		name = ""
	}
	for i, line := range lines {
		if i > 0 {
			name = ""
		}
		h.line(strings.Repeat(" ", indent) + term.Pad(name, column-indent) + line)
	}
}

func (h *help) example(command, meaning string) {
	h.entry(2, 42, h.screen.Cyan(command), meaning)
}

// root is the page that teaches: what it is, how to try it, how to run it, where to read on.
func (h *help) root(cmd *cobra.Command) {
	h.para(cmd.Long)
	h.title("Start here")
	if hasVerb(cmd, "demo") {
		h.example("sessnode demo", "three nodes and a login app")
	}
	h.example("sessnode serve --name n1", "one node, on http://127.0.0.1:7480")
	h.example("sessnode serve --config sessnode.yaml", "a node as the file says")
	h.example("sessnode status", "who leads, who is behind")
	h.example("sessnode session list --app web", "who is signed in")
	h.example("sessnode why --app web --subject ada", "why was ada logged out?")
	h.example("sessnode subject revoke ada --app web", "log ada out everywhere")
	for _, group := range cmd.Groups() {
		h.title(group.Title)
		for _, c := range inOrder(cmd) {
			if c.GroupID == group.ID && !c.Hidden {
				h.entry(2, 14, c.Name(), c.Short+members(c))
			}
		}
	}
	h.title("More")
	h.entry(2, 32, "sessnode VERB --help", "flags and examples of a verb")
	for _, c := range cmd.Commands() {
		if c.IsAdditionalHelpTopicCommand() {
			h.entry(2, 32, "sessnode help "+c.Name(), c.Short)
		}
	}
	h.line("")
	h.para("A cluster is named by --url or SESSNODE_URL, for instance sessnode://KEY@host1,host2,host3/web. " +
		"Results go to standard output, narration to standard error. Documentation: docs/ in the source.")
}

func hasVerb(cmd *cobra.Command, name string) bool {
	return slices.ContainsFunc(cmd.Commands(), func(c *cobra.Command) bool { return c.Name() == name })
}

const orderMark = "order"

// ordered remembers the order in which commands were added: cobra sorts them by name.
func ordered(commands ...*cobra.Command) []*cobra.Command {
	for i, c := range commands {
		if c.Annotations == nil {
			c.Annotations = map[string]string{}
		}
		c.Annotations[orderMark] = fmt.Sprintf("%02d", i)
	}
	return commands
}

// inOrder lists the commands below cmd as they were added; those of cobra come last.
func inOrder(cmd *cobra.Command) []*cobra.Command {
	return slices.SortedStableFunc(slices.Values(cmd.Commands()), func(a, b *cobra.Command) int {
		return cmp.Compare(cmp.Or(a.Annotations[orderMark], "99"), cmp.Or(b.Annotations[orderMark], "99"))
	})
}

// members lists what a family holds.
func members(cmd *cobra.Command) string {
	var names []string
	for _, c := range inOrder(cmd) {
		if c.IsAvailableCommand() && cmd.Name() != "completion" && cmd.Name() != "help" {
			names = append(names, c.Name())
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}

// command is the page of one verb, family or topic.
func (h *help) command(cmd *cobra.Command) {
	h.para(cmp.Or(cmd.Long, sentence(cmd.Short)))
	if cmd.IsAdditionalHelpTopicCommand() {
		return
	}
	h.title("Usage")
	if cmd.HasAvailableSubCommands() {
		if cmd.Example != "" { // it also does something by itself
			h.line("  " + cmd.UseLine())
		}
		h.line("  " + cmd.CommandPath() + " VERB [flags]")
		h.title("Verbs")
		for _, c := range inOrder(cmd) {
			if c.IsAvailableCommand() {
				h.entry(2, 14, c.Name(), c.Short)
			}
		}
	} else {
		h.line("  " + cmd.UseLine())
	}
	if cmd.Example != "" {
		h.title("Examples")
		h.line(cmd.Example)
	}
	title := ""
	for _, f := range flagsOf(cmd) {
		if f.title != title {
			title = f.title
			h.title(title)
		}
		h.entry(2, 34, f.form, f.meaning)
	}
}

// shownFlag is a flag as help shows it.
type shownFlag struct{ title, form, meaning string }

// flagsOf lists the flags of a command: its own first, then those of the table, by their groups.
func flagsOf(cmd *cobra.Command) []shownFlag {
	var own, table []shownFlag
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		form := "    --" + f.Name
		if f.Shorthand != "" {
			form = "-" + f.Shorthand + ", --" + f.Name
		}
		meaning, key := f.Usage, config.Key{}
		if k, ok := keyOf(f); ok {
			key = k
		}
		if kind := kindOf(f, key); kind != "" {
			form += " " + kind
		}
		if def := f.DefValue; def != "" && def != "false" && def != "0" && def != "0s" && def != "[]" {
			meaning += " (default " + def + ")"
		}
		if key.Name == "" {
			own = append(own, shownFlag{"Flags", form, meaning})
		} else {
			table = append(table, shownFlag{string(key.Group), form, meaning})
		}
	})
	return append(own, table...)
}

// kindOf names a flag's value in capitals.
func kindOf(f *pflag.Flag, key config.Key) string {
	kind := f.Value.Type()
	switch kind {
	case "bool":
		return ""
	case "string", "text":
		return "TEXT"
	case "stringArray", "strings":
		return "TEXT..."
	case "stringSlice":
		return "NAME,..."
	case "int", "uint64", "count":
		return "NUMBER"
	}
	if len(key.Choices) > 0 || strings.Contains(kind, "|") {
		return kind
	}
	return strings.ToUpper(kind)
}

// wrapped breaks a text into lines of at most width columns.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && term.Width(line)+1+term.Width(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
