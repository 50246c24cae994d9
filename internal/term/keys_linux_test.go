package term

import (
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal opens a pair of a pseudo terminal: what a person sits at, and what the program sees.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	t.Cleanup(func() { person.Close() })
	must(t, unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	must(t, err)
	program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	t.Cleanup(func() { program.Close() })
	return person, program
}

func TestKeysArriveOneByOneAndTheModeIsRestored(t *testing.T) {
	person, program := terminal(t)
	before, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
	must(t, err)
	keys, restore, err := Keys(program)
	must(t, err)
	during, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
	must(t, err)
	if during.Lflag&unix.ISIG == 0 || during.Oflag&unix.OPOST == 0 {
		t.Error("Ctrl-C would be no signal, or line breaks would not return")
	}
	for _, r := range "kqé" {
		_, err := person.WriteString(string(r))
		must(t, err)
		if got := <-keys; got != r {
			t.Errorf("key %q arrived as %q", r, got)
		}
	}
	restore()
	restore()
	if _, open := <-keys; open {
		t.Error("a key arrives after restore")
	}
	after, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
	must(t, err)
	if *after != *before {
		t.Errorf("mode after restore = %+v, want %+v", *after, *before)
	}
}

func TestKeysEndWithTheTerminal(t *testing.T) {
	person, program := terminal(t)
	keys, restore, err := Keys(program)
	must(t, err)
	defer restore()
	must(t, person.Close())
	if _, open := <-keys; open {
		t.Error("a key arrives from a terminal that is gone")
	}
}

func TestKeysNeedATerminal(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	defer w.Close()
	if _, _, err := Keys(r); err == nil {
		t.Error("a pipe has keys")
	}
}

func TestSequencesAreNoKeys(t *testing.T) {
	if got := keysIn([]byte("\x1b[A")); got != nil {
		t.Errorf("an arrow arrives as %q", got)
	}
	if got := string(keysIn([]byte("\x1b"))); got != "\x1b" {
		t.Errorf("escape arrives as %q", got)
	}
}

func TestATerminalHasASize(t *testing.T) {
	_, program := terminal(t)
	must(t, unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 100}))
	if got, want := Of(program, env("TERM", "xterm"), "auto"), (Screen{TTY: true, Color: true, Width: 100, Height: 30}); got != want {
		t.Errorf("Of(terminal) = %+v, want %+v", got, want)
	}
	for _, pairs := range [][]string{{"NO_COLOR", "1"}, {"TERM", "dumb"}} {
		if Of(program, env(pairs...), "auto").Color {
			t.Errorf("colour in spite of %v", pairs)
		}
	}
	if Of(program, env("TERM", "dumb"), "auto").Moves() {
		t.Error("a dumb terminal moves its cursor")
	}
	l := NewLive(program, Of(program, env(), "auto"))
	must(t, unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 10, Col: 40}))
	if got := l.Screen(); got.Width != 40 || got.Height != 10 {
		t.Errorf("after a resize the screen is %dx%d, want 40x10", got.Width, got.Height)
	}
}
