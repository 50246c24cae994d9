//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package term

import (
	"errors"
	"os"
	"sync"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// keysAhead is how many keys wait for a reader before further ones are dropped.
const keysAhead = 16

// Keys puts a terminal into single-key mode: each key arrives at once and is not shown. Ctrl-C and Ctrl-Z still arrive as
// signals, and line breaks are still written as on any terminal, so that Live works meanwhile. Keys that are sequences
// (arrows) are dropped. The channel is closed when the terminal is gone, and by restore.
//
// Restore has to be called before the program ends, else the shell inherits the mode; it may be called more than once. The
// error says why there are no keys: in is no terminal, for instance.
func Keys(in *os.File) (keys <-chan rune, restore func(), err error) {
	fd := int(in.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, nil, errors.New("standard input is no terminal")
	}
	stopRead, stopWrite, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	single := *before
	single.Lflag &^= unix.ICANON | unix.ECHO
	single.Lflag |= unix.ISIG
	single.Cc[unix.VMIN], single.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, setTermios, &single); err != nil {
		return nil, nil, errors.Join(err, stopRead.Close(), stopWrite.Close())
	}
	out := make(chan rune, keysAhead)
	ended := make(chan struct{})
	go func() { // ends when restore closes the pipe, or the terminal is gone; restore waits
		defer close(ended)
		defer close(out)
		readKeys(fd, int(stopRead.Fd()), out)
	}()
	var once sync.Once
	return out, func() {
		once.Do(func() {
			stopWrite.Close()
			<-ended
			stopRead.Close()
			_ = unix.IoctlSetTermios(fd, setTermios, before) // a terminal that is gone needs no mode
		})
	}, nil
}

// readKeys passes keys on until the stop descriptor is readable or in ends.
func readKeys(in, stop int, out chan<- rune) {
	buf := make([]byte, 64)
	for {
		fds := []unix.PollFd{{Fd: int32(in), Events: unix.POLLIN}, {Fd: int32(stop), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return
		} else if err != nil {
			continue
		}
		if fds[1].Revents != 0 {
			return
		}
		n, err := unix.Read(in, buf)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		for _, r := range keysIn(buf[:n]) {
			select {
			case out <- r:
			default: // nobody reads: what was typed long ago is not meant any more
			}
		}
	}
}

// keysIn finds the single keys in what was typed. A terminal sends an arrow or function key as one sequence.
func keysIn(typed []byte) []rune {
	if len(typed) > 1 && typed[0] == '\x1b' {
		return nil
	}
	var all []rune
	for len(typed) > 0 {
		r, n := utf8.DecodeRune(typed)
		if r != utf8.RuneError {
			all = append(all, r)
		}
		typed = typed[n:]
	}
	return all
}
