//go:build e2e

package examples

import (
	"testing"

	"github.com/sessnode/sessnode/e2e/harness"
)

// Serve starts three nodes and every example in front of them, for tests that go there in another way. It returns the nodes and the
// addresses of the examples by name; all ends with the test.
func Serve(t *testing.T) (nodes *harness.Cluster, addresses map[string]string) {
	t.Helper()
	s := newStage(t)
	addresses = map[string]string{}
	for _, e := range all {
		addresses[e.name] = s.serve(e)
	}
	return s.Cluster, addresses
}
