package docs

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// The size of the terminal on which the commands of console blocks print: as wide as a page shows without scrolling.
const (
	terminalColumns = 100
	terminalRows    = 40
)

// Terminal is a terminal without a person: it keeps what is printed on it. It is safe for concurrent use.
type Terminal struct {
	keyboard *os.File // the side of the person
	screen   *os.File // the side of programs; kept open, or the other side would end with each program
	done     chan struct{}

	mu      sync.Mutex
	printed bytes.Buffer
}

// OpenTerminal makes a terminal. Close must be called.
func OpenTerminal() (*Terminal, error) {
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	fd := int(keyboard.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: terminalRows, Col: terminalColumns})
	}
	if err != nil {
		_ = keyboard.Close()
		return nil, fmt.Errorf("make a terminal: %w", err)
	}
	screen, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		_ = keyboard.Close()
		return nil, err
	}
	t := &Terminal{keyboard: keyboard, screen: screen, done: make(chan struct{})}
	go t.read() // ends with Close
	return t, nil
}

func (t *Terminal) read() {
	defer close(t.done)
	buffer := make([]byte, 4096)
	for {
		n, err := t.keyboard.Read(buffer)
		t.mu.Lock()
		t.printed.Write(buffer[:n])
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Path is the file that programs open to print on the terminal.
func (t *Terminal) Path() string { return t.screen.Name() }

// endMark is printed by Take, behind all that was printed before.
const endMark = "\x00end\x00"

// Take returns what was printed since the last time.
func (t *Terminal) Take() (string, error) {
	if _, err := io.WriteString(t.screen, endMark); err != nil {
		return "", err
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		t.mu.Lock()
		text, _, found := strings.Cut(t.printed.String(), endMark)
		if found {
			t.printed.Reset()
		}
		t.mu.Unlock()
		if found {
			return strings.ReplaceAll(text, "\r\n", "\n"), nil
		}
	}
	return "", fmt.Errorf("the terminal does not give back what was printed")
}

// Close ends the terminal.
func (t *Terminal) Close() {
	_ = t.screen.Close()
	_ = t.keyboard.Close()
	<-t.done
}
