package raftlog

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

func TestRaftsFormattedArgumentsAreWrittenOut(t *testing.T) {
	var out bytes.Buffer
	logger := NewLogger(slog.New(slog.NewTextHandler(&out, nil)))
	logger.Named("raft").Info("configured", "servers", hclog.Fmt("%d of %s", 3, "x"))
	if got := out.String(); !strings.Contains(got, `servers="3 of x"`) || !strings.Contains(got, "part=raft") {
		t.Errorf("Info wrote %s", got)
	}
	logger.Debug("hidden")
	if strings.Contains(out.String(), "hidden") {
		t.Error("a level that is off was written")
	}
}
