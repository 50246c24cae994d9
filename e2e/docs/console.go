package docs

import (
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// Command is one command of a console block, with what the page says that it prints.
type Command struct {
	Line    string // without the prompt; of several lines each but the last ends in a backslash
	Printed string
}

const (
	prompt = "$ "
	// anything stands alone on a line for any number of lines that the page leaves out.
	anything = "..."
)

// ParseConsole splits a console block into its commands.
func ParseConsole(b Block) ([]Command, error) {
	var all []Command
	more := false
	for line := range strings.Lines(b.Text) {
		command, isCommand := strings.CutPrefix(line, prompt)
		switch {
		case more:
			last := &all[len(all)-1]
			last.Line += "\n" + strings.TrimSuffix(line, "\n")
			more = strings.HasSuffix(last.Line, `\`)
		case isCommand:
			command = strings.TrimSuffix(command, "\n")
			all = append(all, Command{Line: command})
			more = strings.HasSuffix(command, `\`)
		case len(all) == 0:
			return nil, fmt.Errorf("a console block begins with %q", prompt)
		default:
			all[len(all)-1].Printed += line
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("a console block without a command")
	}
	return all, nil
}

// Text is the command as it stands in a page, with what it printed.
func (c Command) Text() string {
	printed := c.Printed
	if printed != "" && !strings.HasSuffix(printed, "\n") {
		printed += "\n"
	}
	var lines strings.Builder
	for line := range strings.Lines(printed) {
		lines.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return prompt + c.Line + "\n" + lines.String()
}

// SameRun reports whether the commands of a block printed the same as in another run of the block.
func (b Block) SameRun(again string) bool {
	want, err := ParseConsole(b)
	if err != nil {
		return false
	}
	got, err := ParseConsole(Block{Text: again})
	if err != nil || len(got) != len(want) {
		return false
	}
	normal := b.normal()
	for i := range want {
		if want[i].Line != got[i].Line || !match(lines(normal(want[i].Printed)), lines(normal(got[i].Printed))) {
			return false
		}
	}
	return true
}

// Difference shows where another run of a block differs, after what changes from run to run was made the same.
func (b Block) Difference(again string) string {
	normal := b.normal()
	return cmp.Diff(lines(normal(b.Text)), lines(normal(again)))
}

func (b Block) normal() func(string) string {
	if b.Marker.Verb == "numbers" {
		return NormalNumbers
	}
	return Normal
}

// Shortened reports whether a block leaves out lines.
func (b Block) Shortened() bool { return strings.Contains("\n"+b.Text, "\n"+anything+"\n") }

// Same reports whether two outputs are the same but for what changes from run to run. A line of three dots in want stands for
// any number of lines.
func Same(want, got string) bool { return match(lines(Normal(want)), lines(Normal(got))) }

func match(want, got []string) bool {
	if len(want) == 0 {
		return len(got) == 0
	}
	if want[0] == anything {
		for i := range len(got) + 1 {
			if match(want[1:], got[i:]) {
				return true
			}
		}
		return false
	}
	return len(got) > 0 && want[0] == got[0] && match(want[1:], got[1:])
}

func lines(text string) []string { return strings.Split(strings.TrimRight(text, "\n"), "\n") }
