package drill

import (
	"slices"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/internal/local"
)

func TestADrillKeepsItsLogsInWhatWasAskedFor(t *testing.T) {
	storm, _ := Named("snapshot-storm") // has flags of its own
	storm.Flags = append(make([]string, 0, 8), storm.Flags...)
	cfg := DefaultConfig()
	cfg.Seed = 7
	for store, want := range map[string]string{"": "sessnode drill snapshot-storm --seed 7", "bolt": "sessnode drill snapshot-storm --seed 7 --log-store bolt"} {
		cfg.LogStore = store
		if err := cfg.Validate(); err != nil {
			t.Errorf("Validate(log store %q) = %v", store, err)
		}
		r := &run{cfg: cfg, scenario: storm}
		r.begin()
		if r.result.Replay != want || r.result.Environment.LogStore != store {
			t.Errorf("log store %q: replay = %q, reported %q", store, r.result.Replay, r.result.Environment.LogStore)
		}
		flags := (&stage{run: r, folder: new(local.Folder)}).config().Flags
		if got := slices.Contains(flags, "--log-store"); got != (store != "") || got && flags[len(flags)-1] != store {
			t.Errorf("log store %q: nodes get %q", store, flags)
		}
		if slices.Contains(storm.Flags[:cap(storm.Flags)], "--log-store") {
			t.Error("the scenario itself was changed")
		}
	}
	cfg.LogStore = "memory"
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), `--log-store is "memory", allowed are bolt and wal`) {
		t.Errorf("Validate(log store memory) = %v", err)
	}
}
