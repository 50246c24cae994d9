package keyring

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"time"
)

// LookEvery is how often a running node looks at its key file.
const LookEvery = time.Second

// cure is what helps against every file that cannot be used.
const cure = "put back the keys in force, and change them one step at a time: sessnode key --help"

// Follower follows the key file of a running node. A file that is missing, cannot be read or parsed, or skips a step of a rotation
// leaves the keys in force, and is said once. It is not safe for concurrent use.
type Follower struct {
	Path  string
	InUse Ring                              // the keys in force
	Use   func(Ring) error                  // puts other keys in force
	Fault func(bad bool)                    // called when the file becomes unusable, and when it is in order again
	Log   *slog.Logger                      // required
	seen  [sha256.Size]byte                 // the last content, or the last error's text
	bad   bool                              // the last content could not be used
	read  func(path string) (string, error) // nil = the file system
}

// Run looks at the file each time something comes out of ticks, until ctx ends.
func (f *Follower) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		f.Look()
		select {
		case <-ticks:
		case <-ctx.Done():
			return
		}
	}
}

// Look looks at the file once.
func (f *Follower) Look() {
	read := f.read
	if read == nil {
		read = readText
	}
	text, err := read(f.Path)
	what := text
	if err != nil {
		what = "error: " + err.Error()
	}
	sum := sha256.Sum256([]byte(what))
	if sum == f.seen {
		return
	}
	f.seen = sum
	if err == nil {
		err = f.take(text)
	}
	if err != nil {
		f.Log.Error("the cluster key file cannot be used: the old keys stay in force", "file", f.Path, "error", err,
			"in_force", f.InUse.Fingerprints(), "try", cure)
	}
	if bad := err != nil; bad != f.bad {
		f.bad = bad
		f.Fault(bad)
	}
}

func (f *Follower) take(text string) error {
	next, err := Parse(text)
	if err != nil || next.Equal(f.InUse) {
		return err
	}
	if err := f.InUse.Follows(next); err != nil {
		return err
	}
	if err := f.Use(next); err != nil {
		return err
	}
	f.InUse = next
	f.Log.Info("cluster keys read again", "file", f.Path, "spoken", Fingerprint(next[0]), "accepted", next.Fingerprints())
	return nil
}
