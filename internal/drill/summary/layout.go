package summary

import (
	"strings"

	"github.com/sessnode/sessnode/internal/term"
)

// nameWidth is that of "report" and "replay" with the blanks behind them.
const nameWidth = 9

// where says what the drills have left.
func where(left Left, screen term.Screen) []string {
	if left.Report == "" {
		return nil
	}
	parts := append([]string{left.Report}, left.Others...)
	for i := range parts {
		parts[i] = term.Clean(parts[i])
		if i+1 < len(parts) {
			parts[i] += " ·"
		}
	}
	return named("report", gather(parts, screen.Width-nameWidth), screen)
}

// named puts a name before the first of some lines.
func named(name string, lines []string, screen term.Screen) []string {
	all := make([]string, len(lines))
	for i, line := range lines {
		all[i] = strings.Repeat(" ", nameWidth) + line
		if i == 0 {
			all[i] = screen.Bold(term.Pad(name, nameWidth)) + line
		}
	}
	return all
}

// command breaks a command so that it can still be copied: with a backslash at the end of each line but the last.
func command(text string, width int) []string {
	lines := gather(strings.Fields(text), width-2)
	for i := range lines {
		if i+1 < len(lines) {
			lines[i] += ` \`
		}
	}
	return lines
}

// fold breaks a text at its blanks.
func fold(text string, width int) []string { return gather(strings.Fields(text), width) }

// gather puts words on lines of a width. A word that is longer is broken.
func gather(words []string, width int) []string {
	width = max(width, 8)
	var lines []string
	for _, word := range words {
		if n := len(lines); n > 0 && term.Width(lines[n-1])+1+term.Width(word) <= width {
			lines[n-1] += " " + word
			continue
		}
		lines = append(lines, pieces(word, width)...)
	}
	return lines
}

// pieces breaks a word that is wider than a line.
func pieces(word string, width int) []string {
	var all []string
	piece, used := "", 0
	for _, c := range word {
		w := term.Width(string(c))
		if used+w > width {
			all, piece, used = append(all, piece), "", 0
		}
		piece, used = piece+string(c), used+w
	}
	return append(all, piece)
}

// fit takes blanks off the ends of lines, and cuts what is still too wide.
func fit(lines []string, screen term.Screen) []string {
	for i := range lines {
		lines[i] = term.Truncate(strings.TrimRight(lines[i], " "), screen.Width)
	}
	return lines
}
