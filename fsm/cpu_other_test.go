//go:build !linux

package fsm_test

import (
	"testing"
	"time"
)

// cpu is known on Linux only.
func cpu(testing.TB) time.Duration { return 0 }
