package docs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// How long a page may keep its reader waiting.
const (
	stepLimit      = 6 * time.Minute // a first `go run` compiles the program, and other tests may run beside
	readyLimit     = 6 * time.Minute // so does what runs beside
	interruptLimit = 30 * time.Second
)

// Reader follows one page from top to bottom. It is not safe for concurrent use.
type Reader struct {
	dir     string
	shell   *Shell
	asides  []*Aside
	goBlock func(context.Context, Block) error
	quoted  func(Block) error
	// Skipped are the blocks that a marker left out.
	Skipped []Block
}

// errPython keeps Python out of sight of nobody: most of it is part of an application, which another block starts.
var errPython = errors.New("a block of Python needs a marker: file NAME, from FILE, or skip REASON")

// NewReader prepares a reader in a folder. scratch is an empty folder; goBlock runs a Go block, quoted looks one up that comes from a
// file. Close must be called.
func NewReader(dir, scratch string, env []string, goBlock func(context.Context, Block) error, quoted func(Block) error) (*Reader, error) {
	shell, err := StartShell(dir, scratch, env)
	if err != nil {
		return nil, err
	}
	return &Reader{dir: dir, shell: shell, goBlock: goBlock, quoted: quoted}, nil
}

// Read does what one block tells to do. For a console block it returns the text that the block would have after this run; for
// all others the text that it has.
func (r *Reader) Read(ctx context.Context, b Block) (string, error) {
	switch b.Marker.Verb {
	case "skip":
		r.Skipped = append(r.Skipped, b)
		return b.Text, nil
	case "background", "beside":
		return b.Text, r.beside(ctx, b)
	case "hosts":
		return b.Text, r.hosts(ctx, b)
	case "file":
		return b.Text, r.write(ctx, b)
	case "from":
		return b.Text, r.quoted(b)
	case "interrupt":
		if err := r.interrupt(); err != nil {
			return b.Text, err
		}
	}
	switch b.Lang {
	case "sh":
		return b.Text, r.run(ctx, b)
	case "console":
		return r.replay(ctx, b)
	case "go":
		return b.Text, r.goBlock(ctx, b)
	case "python":
		return b.Text, errPython
	}
	return b.Text, nil
}

func (r *Reader) run(ctx context.Context, b Block) error {
	printed, err := r.shell.Run(ctx, b.Text, stepLimit)
	if err != nil {
		return fmt.Errorf("%w; it printed:\n%s", err, printed)
	}
	return nil
}

func (r *Reader) beside(ctx context.Context, b Block) error {
	a, err := r.shell.Beside(ctx, b.Text)
	if err != nil {
		return err
	}
	r.asides = append(r.asides, a)
	if b.Marker.Verb == "beside" {
		return nil
	}
	for _, url := range strings.Fields(b.Marker.Arg) {
		if err := a.Await(ctx, url, readyLimit); err != nil {
			return fmt.Errorf("%w; it printed:\n%s", err, a.Printed())
		}
	}
	return nil
}

// hosts starts the block once for each host: with its name and address in place of the first one's (name=, host=), in a folder
// beside the shell's own to which the files there were copied. It waits until all of them are ready.
func (r *Reader) hosts(ctx context.Context, b Block) error {
	var names, addresses []string
	for _, pair := range strings.Fields(b.Marker.Arg) {
		name, address, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("%q is not NAME=ADDRESS", pair)
		}
		names, addresses = append(names, name), append(addresses, address)
	}
	var started []*Aside
	for i, name := range names {
		if err := AddHost(ctx, addresses[i]); err != nil {
			return err
		}
		text := strings.NewReplacer("name="+names[0], "name="+name, "host="+addresses[0], "host="+addresses[i]).Replace(b.Text)
		a, err := r.shell.Beside(ctx, fmt.Sprintf("cp -Rp . ../%[1]s && cd ../%[1]s || exit\n%[2]s", name, text))
		if err != nil {
			return err
		}
		r.asides, started = append(r.asides, a), append(started, a)
	}
	for i, a := range started {
		if err := a.AwaitHost(ctx, addresses[i], readyLimit); err != nil {
			return fmt.Errorf("%w; it printed:\n%s", err, a.Printed())
		}
	}
	return nil
}

// write writes the block to a file in the folder where the shell is.
func (r *Reader) write(ctx context.Context, b Block) error {
	folder, err := r.shell.Run(ctx, "pwd", stepLimit)
	if err != nil {
		return err
	}
	path := filepath.Join(strings.TrimSpace(folder), filepath.FromSlash(b.Marker.Arg))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.Text), 0o644)
}

// replay gives the commands of a console block to the shell and returns them with what they print now. A command that
// fails is an error, unless the page shows its exit code with `echo $?` right after it.
func (r *Reader) replay(ctx context.Context, b Block) (string, error) {
	session, err := ParseConsole(b)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for i, c := range session {
		printed, code, err := r.shell.Show(ctx, c.Line, stepLimit)
		if err != nil {
			return "", fmt.Errorf("$ %s: %w; it printed:\n%s", c.Line, err, printed)
		}
		shown := i+1 < len(session) && session[i+1].Line == "echo $?"
		if code != 0 && !shown {
			return "", fmt.Errorf("$ %s: exit code %d; it printed:\n%s", c.Line, code, printed)
		}
		text.WriteString(Command{c.Line, printed}.Text())
	}
	return text.String(), nil
}

func (r *Reader) interrupt() error {
	var faults []error
	for _, a := range r.asides {
		if err := a.Interrupt(interruptLimit); err != nil {
			faults = append(faults, fmt.Errorf("%w; it printed:\n%s", err, a.Printed()))
		}
	}
	r.asides = nil
	return errors.Join(faults...)
}

// Close presses Ctrl-C for all that runs beside, and ends the shell.
func (r *Reader) Close() error {
	err := r.interrupt()
	r.shell.Close()
	return err
}
