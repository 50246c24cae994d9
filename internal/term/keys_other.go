//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package term

import (
	"errors"
	"os"
)

// Keys is not available on this system: there are no single keys.
func Keys(*os.File) (<-chan rune, func(), error) {
	return nil, nil, errors.New("single keys are not supported on this system")
}
