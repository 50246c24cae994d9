package drill

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sessnode/sessnode/internal/drill/timeline"
)

// syncTries is how often a piece of data is written and synced to see how fast the disk is.
const syncTries = 100

// measureSync writes and syncs 4 KiB again and again in a folder, and returns the median and the 99th percentile in milliseconds.
func measureSync(folder string) (p50, p99 float64, err error) {
	file, err := os.CreateTemp(folder, "sync-")
	if err != nil {
		return 0, 0, err
	}
	defer func() {
		err = errors.Join(err, file.Close(), os.Remove(filepath.Join(folder, filepath.Base(file.Name()))))
	}()
	piece := make([]byte, 4096)
	took := make([]time.Duration, syncTries)
	for i := range took {
		began := time.Now()
		if _, err := file.WriteAt(piece, int64(i)*4096); err != nil {
			return 0, 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, 0, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return timeline.MS(took[syncTries/2]), timeline.MS(took[syncTries*99/100]), nil
}
