package live

import (
	"fmt"
	"strings"
	"time"

	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/term"
)

const (
	nameWidth  = 9  // of the names of rows, with the blanks behind them
	leastStrip = 10 // columns
	mostStrip  = 100
)

// Lines draws a state for a screen. No line is wider than the screen; their number depends on the number of nodes and the width alone
// while a drill goes on, so that nothing jumps.
func Lines(s State, screen term.Screen) []string {
	lines := []string{header(s, screen), row("phase", phases(s, screen))}
	for _, line := range nodes(s, screen) {
		lines = append(lines, row("", line))
	}
	if len(s.Nodes) > 0 {
		lines[2] = row("nodes", strings.TrimPrefix(lines[2], strings.Repeat(" ", nameWidth)))
	}
	lines = append(lines, row("avail", availability(s, screen)), row("", legend(screen)))
	for i, line := range wrap(figures(s, screen), screen.Width-nameWidth) {
		lines = append(lines, row(map[bool]string{true: "clients"}[i == 0], line))
	}
	lines = append(lines, row("people", people(s, screen)))
	for i := range lines {
		lines[i] = term.Truncate(strings.TrimRight(lines[i], " "), screen.Width)
	}
	return lines
}

func row(name, text string) string { return term.Pad(name, nameWidth) + text }

// header is what is played, and to the right for how long.
func header(s State, screen term.Screen) string {
	at := clock(s.Elapsed)
	if s.Planned > 0 {
		at += " / " + clock(s.Planned)
	}
	room := screen.Width - term.Width(at) - 2
	left := screen.Bold("drill " + term.Clean(s.Scenario))
	for i, part := range []string{fmt.Sprintf(" · seed %d", s.Seed), fmt.Sprintf(" · %d nodes", len(s.Nodes)), fmt.Sprintf(" · %d clients", s.Clients)} {
		if notYet := i == 1 && len(s.Nodes) == 0; !notYet && term.Width(left+part) <= room {
			left += part
		}
	}
	return term.Pad(term.Truncate(left, room), room) + "  " + at
}

// clock writes a time since the start: "01:05".
func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// phases marks what is over, what goes on, and what is to come. Where the screen is too narrow only the present one is named.
func phases(s State, screen term.Screen) string {
	now := -1
	for i, name := range s.Phases {
		if name == s.Phase {
			now = i
		}
	}
	parts := make([]string, len(s.Phases))
	for i, name := range s.Phases {
		name = term.Clean(name)
		switch {
		case i < now:
			parts[i] = screen.Green(name + " ✓")
		case i == now:
			parts[i] = screen.Bold("▸ " + strings.ToUpper(name))
		default:
			parts[i] = screen.Dim(name)
		}
	}
	if line := strings.Join(parts, "  "); now >= 0 && term.Width(line) <= screen.Width-nameWidth {
		return line
	}
	if now < 0 {
		return screen.Bold("▸ " + strings.ToUpper(term.Clean(s.Phase)))
	}
	line := parts[now] + screen.Dim(fmt.Sprintf("  %d of %d", now+1, len(s.Phases)))
	if now+1 < len(parts) {
		line += screen.Dim("  then ") + parts[now+1]
	}
	return line
}

// nodes are cells of one width, as many on a line as there is room for.
func nodes(s State, screen term.Screen) []string {
	const cell = 23
	each := max(1, (screen.Width-nameWidth+1)/(cell+1))
	var lines []string
	for i, n := range s.Nodes {
		text := term.Pad(term.Truncate(node(n, screen), cell), cell)
		if i%each == 0 {
			lines = append(lines, text)
		} else {
			lines[len(lines)-1] += " " + text
		}
	}
	return lines
}

func node(n Node, screen term.Screen) string {
	name := term.Clean(n.Name) + " "
	switch {
	case n.Life == "paused" || n.Life == "cut off":
		return name + screen.Warn(n.Life+" "+short(n.Since))
	case !n.lives():
		return name + screen.Bad(term.Clean(n.Life)+" "+short(n.Since))
	case n.Leads:
		return name + screen.Green(fmt.Sprintf("★ leader term %d", n.Term))
	}
	if n.Lag >= 10_000 {
		return name + screen.Warn("lag "+term.Count(n.Lag))
	}
	return name + "· follower lag " + term.Count(n.Lag)
}

// short writes a time that goes on: "4.2 s".
func short(d time.Duration) string {
	if d >= time.Minute {
		return term.Duration(d.Truncate(time.Second))
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// glyphs draw a column of the strip; each is another sign, so that colour is not needed.
var glyphs = [...]rune{result.Fully: '█', result.Partly: '▓', result.Silent: '·', result.Refusing: '░', result.Unsure: '▒'}

func paint(screen term.Screen, kind result.Served, text string) string {
	switch kind {
	case result.Fully:
		return screen.Green(text)
	case result.Partly:
		return screen.Yellow(text)
	case result.Silent:
		return screen.Dim(text)
	case result.Refusing:
		return screen.Red(text)
	}
	return screen.Magenta(text)
}

// availability is the strip and, behind it, the longest gap so far.
func availability(s State, screen term.Screen) string {
	gap := "worst gap " + term.Duration(s.Gap.Truncate(10*time.Millisecond))
	switch {
	case s.Budget > 0 && s.Gap > s.Budget:
		gap = screen.Bad(gap + " > " + term.Duration(s.Budget))
	case s.Budget > 0:
		gap += screen.Dim(" of " + term.Duration(s.Budget))
	}
	const gapWidth = 28
	width := min(max(screen.Width-nameWidth-gapWidth, leastStrip), mostStrip)
	return Strip(s.Slots, s.columns(width), screen) + strings.Repeat(" ", max(0, width-len(s.bunches(width)))) + "  " + gap
}

// columns says how many slots a column holds so that all that is planned, or all there is so far, has room.
func (s State) columns(width int) int {
	slots := len(s.Slots)
	if s.SlotMS > 0 {
		slots = max(slots, int(float64(s.Planned.Milliseconds())/s.SlotMS))
	}
	each := 1
	for each*width < slots {
		each++
	}
	return each
}

func (s State) bunches(width int) []result.Served { return bunch(s.Slots, s.columns(width)) }

// bunch joins slots to columns: the worst counts.
func bunch(slots []result.Slot, each int) []result.Served {
	var all []result.Served
	for i := 0; i < len(slots); i += each {
		worst := result.Fully
		for _, slot := range slots[i:min(i+each, len(slots))] {
			worst = max(worst, slot.Served())
		}
		all = append(all, worst)
	}
	return all
}

// Strip draws slots as a strip of signs, as many slots in each as asked: full, and lighter where something went wrong.
func Strip(slots []result.Slot, each int, screen term.Screen) string {
	var b strings.Builder
	columns := bunch(slots, max(each, 1))
	for i := 0; i < len(columns); {
		end := i
		for end < len(columns) && columns[end] == columns[i] {
			end++
		}
		b.WriteString(paint(screen, columns[i], strings.Repeat(string(glyphs[columns[i]]), end-i)))
		i = end
	}
	return b.String()
}

func legend(screen term.Screen) string {
	parts := make([]string, 0, len(glyphs))
	for kind, name := range [...]string{result.Fully: "ok", result.Partly: "in part", result.Silent: "none", result.Refusing: "refused", result.Unsure: "unknown"} {
		parts = append(parts, paint(screen, result.Served(kind), string(glyphs[kind]))+" "+screen.Dim(name))
	}
	return strings.Join(parts, screen.Dim("  "))
}

// figures are the numbers of the clients.
func figures(s State, screen term.Screen) []string {
	refused, unknown := "refused "+number(s.Refused), "unknown "+number(s.Unknown)
	if s.Refused > 0 {
		refused = screen.Yellow(refused)
	}
	if s.Unknown > 0 {
		unknown = screen.Yellow(unknown)
	}
	all := []string{"ok " + number(s.Acked), refused, unknown}
	if s.P99 > 0 {
		text := "write p99 " + term.Duration(s.P99)
		if s.P99Before > 0 {
			text += screen.Dim(" (before " + term.Duration(s.P99Before) + ")")
		}
		all = append(all, text)
	}
	return all
}

func people(s State, screen term.Screen) string {
	line := fmt.Sprintf("%d signed out by a fault", s.SignedOut)
	if s.SignedOut > 0 {
		line = screen.Bad(line)
	} else {
		line = screen.OK(line)
	}
	return fmt.Sprintf("%d signed in   ", s.SignedIn) + line
}

func number(n int) string { return term.Count(uint64(max(n, 0))) }

// wrap puts parts on as few lines as they need.
func wrap(parts []string, width int) []string {
	var lines []string
	for _, part := range parts {
		if n := len(lines); n > 0 && term.Width(lines[n-1])+3+term.Width(part) <= width {
			lines[n-1] += "   " + part
			continue
		}
		lines = append(lines, part)
	}
	return lines
}
