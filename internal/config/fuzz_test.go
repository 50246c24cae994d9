package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/internal/config"
)

// FuzzKeyFiles: whatever a key file holds, it is read or explained, and its third fields, which may be keys by mistake, are
// never quoted.
func FuzzKeyFiles(f *testing.F) {
	for _, seed := range []string{"", "web app:web hunter2hunter2hunter2", "a operator " + strings.Repeat("ab", 32), "\x00\xff", "# x\n\n a b c d",
		strings.Repeat("ab", 32), "q7hXo3Zk1mVYt0uQpLr8sWc2dNf4gBv6jKe5aTi9xOM="} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), "keys")
	f.Fuzz(func(t *testing.T, content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		ring, err := config.ClusterKeys(path)
		if (err == nil) != (len(ring) > 0) || err != nil && len(config.Faults(err)) != 1 {
			t.Errorf("ClusterKeys() = %d keys, %v", len(ring), err)
		}
		keys, err := config.APIKeys(path)
		if err == nil && len(keys) == 0 || err != nil && len(config.Faults(err)) == 0 {
			t.Errorf("APIKeys() = %d keys, %v", len(keys), err)
		}
		for line := range strings.Lines(content) {
			fields := strings.Fields(line)
			if err != nil && len(fields) == 3 && len(fields[2]) > 15 && strings.Contains(err.Error(), fields[2]) && !strings.Contains(path+fields[0]+fields[1], fields[2]) {
				t.Errorf("APIKeys() = %v, which quotes a third field", err)
			}
		}
	})
}
