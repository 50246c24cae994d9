package backup

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"

	"github.com/sessnode/sessnode/fsm"
)

// Contents is a whole backup: verified, and its state rebuilt.
type Contents struct {
	Header
	Bytes   int64 // of the file
	Machine *fsm.Machine
}

// Open reads and verifies a file as Verify does.
func Open(path string) (Contents, error) {
	f, err := os.Open(path)
	if err != nil {
		return Contents{}, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	info, err := f.Stat()
	if err != nil {
		return Contents{}, err
	}
	return Verify(f, info.Size())
}

// Verify reads all of a backup of so many bytes: the header, every block, the counts, the state hash of the rebuilt state, and the
// checksum over everything. An error wraps ErrDamaged and says what is wrong and where, or is the reader's own. It takes as much
// memory as a node with that state.
func Verify(r io.Reader, size int64) (Contents, error) {
	c := Contents{Bytes: size, Machine: fsm.New()}
	source := &faulty{Reader: r}
	sum := sha256.New()
	body := &counting{Reader: io.TeeReader(io.LimitReader(source, size-sumBytes), sum)}
	err := c.read(body)
	if _, drained := io.Copy(io.Discard, body); source.err != nil || drained != nil {
		return Contents{}, errors.Join(source.err, drained) // the disk's fault comes first
	}
	if err != nil {
		return Contents{}, err
	}
	end := make([]byte, sumBytes+1)
	n, err := io.ReadFull(source, end)
	switch {
	case source.err != nil:
		return Contents{}, source.err
	case err == nil || n != sumBytes:
		return Contents{}, damaged("its length is not %d bytes", size)
	case !bytes.Equal(end[:n], sum.Sum(nil)):
		return Contents{}, damaged("all blocks are whole, but the SHA-256 at its end, from byte %d, is another", size-sumBytes)
	}
	return c, nil
}

// read reads header and state, and compares the two.
func (c *Contents) read(r *counting) (err error) {
	if c.Header, err = ReadHeader(r); err != nil {
		return err
	}
	begin := r.bytes
	if err := c.Machine.Restore(r); err != nil {
		return damaged("behind its header, which ends at byte %d: %v", begin, err)
	}
	at, now := c.Machine.At()
	s := c.Machine.Stats()
	h := c.Header
	if s.Cluster != h.Cluster || at != h.Position() || now != h.Now.UnixNano() || s.Hash.String() != h.StateHash ||
		s.Apps != h.Apps || s.Sessions != h.Sessions || s.Tombstones != h.Tombstones || s.Remembered != h.Remembered {
		return damaged("its header says something else than its state")
	}
	return nil
}

// counting knows how much was read.
type counting struct {
	io.Reader
	bytes int64
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.bytes += int64(n)
	return n, err
}

// faulty remembers an error of the disk, which is no damage of the file's making.
type faulty struct {
	io.Reader
	err error
}

func (f *faulty) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}
