package term

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// Size of a screen that does not tell its own.
const (
	defaultWidth  = 80
	defaultHeight = 24
)

// Screen is what a writer can show. The zero value is a pipe: no terminal, no colour, but also no width; Of fills it.
type Screen struct {
	TTY    bool // a person looks at it
	Dumb   bool // a terminal that cannot move its cursor (TERM=dumb)
	Color  bool // styles are shown
	Width  int  // columns; 80 where it is not known
	Height int  // lines; 24 where it is not known

	fixed bool // the width was given by COLUMNS
}

// Of finds out what w can show. Color is "always", "never", or anything else for automatic: on a terminal, unless the
// environment has NO_COLOR (no-color.org: set and not empty) or TERM=dumb. COLUMNS has precedence over the terminal's width.
func Of(w io.Writer, env func(string) (string, bool), color string) Screen {
	value := func(name string) string {
		text, _ := env(name)
		return text
	}
	s := Screen{Width: defaultWidth, Height: defaultHeight}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.TTY = true
	}
	s.Dumb = s.TTY && value("TERM") == "dumb"
	switch color {
	case "always":
		s.Color = true
	case "never":
	default:
		s.Color = s.TTY && !s.Dumb && value("NO_COLOR") == ""
	}
	s = s.measure(w)
	if n, err := strconv.Atoi(value("COLUMNS")); err == nil && n > 0 {
		s.Width, s.fixed = n, true
	}
	return s
}

// measure asks the terminal for its size, which may have changed since.
func (s Screen) measure(w io.Writer) Screen {
	f, ok := w.(*os.File)
	if !ok || !s.TTY {
		return s
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return s
	}
	if !s.fixed {
		s.Width = width
	}
	s.Height = height
	return s
}

// Moves reports whether lines can be redrawn in place.
func (s Screen) Moves() bool { return s.TTY && !s.Dumb }
