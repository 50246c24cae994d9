package main

import (
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sessnode/sessnode/internal/term"
)

// terminal is a pseudo terminal of 80 by 24: a person at one end, the program at the other.
type terminal struct {
	person, program *os.File
	ended           chan struct{}

	mu   sync.Mutex
	text strings.Builder
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	term := &terminal{person: person, program: program, ended: make(chan struct{})}
	go func() { // ends when the program's end is closed
		defer close(term.ended)
		_, _ = io.Copy(term, person)
	}()
	t.Cleanup(func() {
		program.Close()
		<-term.ended
		person.Close()
	})
	return term
}

// Write keeps what the program shows.
func (s *terminal) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *terminal) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.ReplaceAll(s.text.String(), "\r\n", "\n")
}

// await waits until the program has shown a text.
func (s *terminal) await(t *testing.T, part string) {
	t.Helper()
	deadline, poll := time.After(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer poll.Stop()
	for !strings.Contains(s.shown(), part) {
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("the terminal does not show %q:\n%s", part, s.shown())
		}
	}
}

// run starts a command line at the terminal.
func (s *terminal) run(t *testing.T, w *world, line string) (exit func() int) {
	t.Helper()
	env := map[string]string{"SESSNODE_URL": w.store.URL(), "SESSNODE_APP": "web", "TERM": "xterm"}
	std := stdio{in: s.program, out: s.program, err: s.program, env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
	done := make(chan int, 1)
	go func() { done <- run(t.Context(), std, w.words(line)) }() // exit waits
	return func() int { return <-done }
}

func (s *terminal) typed(t *testing.T, text string) {
	t.Helper()
	if _, err := s.person.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestAPersonIsAskedBeforeManySessionsEnd(t *testing.T) {
	for answer, want := range map[string]int{"n\n": exitFailure, "\n": exitFailure, "yes\n": exitOK, "Y\n": exitOK} {
		for _, line := range []string{"subject revoke ada", "app revoke", "app drop web", "session revoke ADA EVE"} {
			w, term := newWorld(t), newTerminal(t)
			exit := term.run(t, w, line)
			term.await(t, "This cannot be undone. Go on? [y/N] ")
			term.typed(t, answer)
			if got := exit(); got != want {
				t.Errorf("sessnode %s, answered with %q, exits with %d, want %d:\n%s", line, answer, got, want, term.shown())
			}
			list, err := w.store.Client("web").SubjectSessions(t.Context(), "ada")
			if ended := len(list) == 0; err != nil || ended != (want == exitOK) {
				t.Errorf("sessnode %s, answered with %q: ada has %d sessions, %v", line, answer, len(list), err)
			}
		}
	}
}

func TestATerminalGetsTablesColoursAndAWarning(t *testing.T) {
	w, term := newWorld(t), newTerminal(t)
	if code := term.run(t, w, "session create --subject bob")(); code != exitOK {
		t.Errorf("create exits with %d", code)
	}
	term.await(t, "the token is a secret")
	term.await(t, "\x1b[1mFIELD\x1b[0m")
	if code := term.run(t, w, "session list")(); code != exitOK {
		t.Errorf("list exits with %d", code)
	}
	term.await(t, "3 sessions")
	term.await(t, "just now")
	if code := term.run(t, w, "status")(); code != exitOK {
		t.Errorf("status exits with %d", code)
	}
	term.await(t, "\x1b[32m✓ Healthy: 1 of 1 voters; can lose 0 nodes\x1b[0m")
	term.run(t, w, "why --subject nobody")()
	term.await(t, "\x1b[1m\x1b[31merror:\x1b[0m\x1b[0m  nothing is known")
	term.run(t, w, "why --color never")()
	term.await(t, "\nerror:  why needs an id")
	for line := range strings.Lines(term.shown()) {
		if strings.HasPrefix(line, "likely") && len(line) > 100 {
			t.Errorf("a line is not wrapped: %q", line)
		}
	}
}

func TestATokenIsTypedWithoutBeingShown(t *testing.T) {
	w, term := newWorld(t), newTerminal(t)
	exit := term.run(t, w, "session get --token-file -")
	term.await(t, "token (not shown): ")
	term.typed(t, w.token.Reveal()+"\n")
	if code := exit(); code != exitOK {
		t.Errorf("get exits with %d", code)
	}
	term.await(t, "ada")
	if strings.Contains(term.shown(), w.token.Reveal()) {
		t.Error("the terminal shows the token")
	}
}

func TestTopObeysKeysAndRestoresTheTerminal(t *testing.T) {
	w, term := newWorld(t), newTerminal(t)
	before, err := unix.IoctlGetTermios(int(term.program.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	exit := term.run(t, w, "top --interval 100ms")
	term.await(t, "routes by: rate")
	term.typed(t, "s")
	term.await(t, "routes by: slowest")
	term.typed(t, "p")
	term.await(t, "paused ")
	term.await(t, "go on")
	term.typed(t, "xq")
	if code := exit(); code != exitOK {
		t.Errorf("top exits with %d", code)
	}
	term.await(t, "\x1b[?1049l\x1b[?25h")
	if text := term.shown(); !strings.HasPrefix(text, "\x1b[?1049h\x1b[?25l") || !strings.Contains(text, "✓ leads") {
		t.Errorf("top shows %q", text)
	}
	after, err := unix.IoctlGetTermios(int(term.program.Fd()), unix.TCGETS)
	if err != nil || *after != *before {
		t.Errorf("the terminal's mode after top = %+v, %v, want %+v", after, err, before)
	}
}

func TestAPersonTypesTheIDOfALiveCluster(t *testing.T) {
	for answer, wanted := range map[string]bool{"c0ffee\n": true, " c0ffee \n": true, "y\n": false, "yes\n": false, "\n": false, "c0ffe\n": false} {
		at := newTerminal(t)
		std := stdio{in: at.program, out: at.program, err: at.program, env: func(string) (string, bool) { return "", false }}
		done := make(chan error, 1)
		go func() { done <- drillFlags{}.confirmed(std, term.Screen{TTY: true}, "c0ffee") }() // ends with the answer
		at.await(t, "Type the id of the cluster to go on:")
		at.typed(t, answer)
		if err := <-done; (err == nil) != wanted {
			t.Errorf("answered with %q: %v, want agreed %v", answer, err, wanted)
		}
	}
}
