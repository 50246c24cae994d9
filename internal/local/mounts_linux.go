package local

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// unmountBelow takes away what is mounted in a folder: the disks of a drill that was killed. The keeper lives in the drill's own mount
// namespace, and so keeps them there.
func unmountBelow(folder string) error {
	info, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var faults []error
	for line := range bytes.Lines(info) {
		fields := strings.Fields(string(line))
		if len(fields) < 5 || !strings.HasPrefix(fields[4], folder+"/") {
			continue
		}
		if err := unix.Unmount(fields[4], unix.MNT_DETACH); err != nil {
			faults = append(faults, fmt.Errorf("unmount %s: %w", fields[4], err))
		}
	}
	return errors.Join(faults...)
}
