package term

import (
	"io"
	"strings"
	"sync"
)

// The sequences of a live region (ECMA-48, and the alternate screen of xterm).
const (
	hideCursor  = escape + "?25l"
	showCursor  = escape + "?25h"
	clearLine   = escape + "K"
	clearBelow  = escape + "J"
	cursorHome  = escape + "H"
	enterScreen = escape + "?1049h"
	leaveScreen = escape + "?1049l"
)

// Live redraws a block of lines in place. The cursor stands in the line below the block. On a writer that cannot move its
// cursor nothing is drawn until Close, which writes the last block: what a terminal would show in the end.
//
// It is safe for concurrent use.
type Live struct {
	mu     sync.Mutex
	w      io.Writer
	screen Screen
	full   bool // the alternate screen
	begun  bool // the cursor is hidden
	closed bool
	drawn  int      // lines of the block that stand above the cursor
	last   []string // the block as it was given
	kept   []string // Full: what was said, for after the alternate screen
}

// NewLive prepares a live region at the place where w stands.
func NewLive(w io.Writer, s Screen) *Live { return &Live{w: w, screen: s} }

// Full makes the region fill the terminal's alternate screen, so that what was there before comes back after Close. It has
// to be called before the first Draw.
func (l *Live) Full() *Live {
	l.full = true
	return l
}

// Screen returns the screen with its present size.
func (l *Live) Screen() Screen {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.screen = l.screen.measure(l.w)
	return l.screen
}

// Draw replaces the block. A line longer than the width is truncated; where there are more lines than the screen has, the
// last are cut. After Close it does nothing.
func (l *Live) Draw(lines []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.last = append(l.last[:0], lines...)
	if !l.screen.Moves() {
		return nil
	}
	return l.redraw("")
}

// Say prints a line that stays, above the block. On the alternate screen it is printed after Close.
func (l *Live) Say(line string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.full && l.screen.Moves() && !l.closed:
		l.kept = append(l.kept, line)
		return nil
	case l.closed || !l.screen.Moves():
		_, err := io.WriteString(l.w, line+"\n")
		return err
	}
	return l.redraw(clearBelow + line + "\n")
}

// redraw writes everything at once, so that nothing flickers: back to the block's first line, what stays above it, and the
// block. A line is cleared before it is written: after a line that is exactly as wide as the screen, terminals clear its
// last character.
func (l *Live) redraw(above string) error {
	l.screen = l.screen.measure(l.w)
	var b strings.Builder
	if !l.begun {
		l.begun = true
		if l.full {
			b.WriteString(enterScreen)
		}
		b.WriteString(hideCursor)
	}
	switch {
	case l.full:
		b.WriteString(cursorHome)
	case l.drawn > 0:
		b.WriteString("\r" + escape + itoa(l.drawn) + "A")
	}
	b.WriteString(above)
	block := l.last[:min(len(l.last), max(1, l.screen.Height-1))]
	for _, line := range block {
		b.WriteString(clearLine + Truncate(line, l.screen.Width) + "\n")
	}
	b.WriteString(clearBelow)
	l.drawn = len(block)
	_, err := io.WriteString(l.w, b.String())
	return err
}

// Close leaves the last block where it is and shows the cursor. It may be called more than once.
func (l *Live) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var b strings.Builder
	if l.begun && l.full {
		b.WriteString(leaveScreen)
	}
	if l.begun {
		b.WriteString(showCursor)
	}
	if l.full || !l.screen.Moves() {
		for _, line := range append(l.kept, l.last...) {
			b.WriteString(line + "\n")
		}
	}
	_, err := io.WriteString(l.w, b.String())
	return err
}
