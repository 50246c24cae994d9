package fsm_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/fsm"
)

// TestOldDataIsRefusedByName holds that what an older build wrote is neither read nor called damaged.
func TestOldDataIsRefusedByName(t *testing.T) {
	const want = "an older build wrote it"
	entry := fsm.EncodeBatch(fsm.Header{Generation: generation}, nil)
	entry[1]-- // an array of five, of which the first is the format
	if _, _, err := fsm.DecodeBatch(entry); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("an entry of the format before = %v, want %q", err, want)
	}
	snapshot := written(t, newBench(t).m.Snapshot())
	snapshot[4]--
	if err := fsm.New().Restore(bytes.NewReader(snapshot)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a snapshot of the version before = %v, want %q", err, want)
	}
}
