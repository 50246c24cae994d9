//go:build e2e

package harness_test

import (
	"os"
	"testing"

	"github.com/sessnode/sessnode/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }
