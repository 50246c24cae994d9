package bench

import (
	"os"
	"path/filepath"
	"slices"
	"time"
)

// flushes is how many flushed writes FlushTime makes.
const flushes = 50

// FlushTime returns the median time of a flushed write of 4 KiB in a directory: it is part of every write's latency, and says
// whether the directory is on a disk at all.
func FlushTime(dir string) (time.Duration, error) {
	path := filepath.Join(dir, "flush")
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer os.Remove(path)
	defer f.Close()
	var took []time.Duration
	for range flushes {
		began := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[flushes/2], nil
}
