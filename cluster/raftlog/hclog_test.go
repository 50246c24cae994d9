package raftlog

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

func TestRaftsLinesBecomeSlogsLines(t *testing.T) {
	var out bytes.Buffer
	logger := NewLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		Level: slog.LevelInfo,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	named := logger.With("node", "a").Named("raft").Named("net")
	named.Debug("hidden")
	named.Warn("slow", "took", "3s")
	logger.Error("bad")
	logger.StandardLogger(nil).Print("plain")
	want := "level=WARN msg=slow node=a part=raft.net took=3s\nlevel=ERROR msg=bad\nlevel=INFO msg=plain\n"
	if got := out.String(); got != want {
		t.Errorf("logged\n%s\nwant\n%s", got, want)
	}
	if named.Name() != "raft.net" || named.IsDebug() || !named.IsWarn() || len(named.ImpliedArgs()) != 2 {
		t.Errorf("Name %q, IsDebug %v, IsWarn %v, ImpliedArgs %v", named.Name(), named.IsDebug(), named.IsWarn(), named.ImpliedArgs())
	}
	if got := slogLevel(hclog.Trace); got >= slog.LevelDebug {
		t.Errorf("slogLevel(Trace) = %v, want below debug", got)
	}
}

func TestRaftsFormattedArgumentsAreWrittenOut(t *testing.T) {
	var out bytes.Buffer
	logger := NewLogger(slog.New(slog.NewTextHandler(&out, nil)))
	logger.Named("raft").Info("configured", "servers", hclog.Fmt("%d of %s", 3, "x"))
	if got := out.String(); !strings.Contains(got, `servers="3 of x"`) || !strings.Contains(got, "part=raft") {
		t.Errorf("Info wrote %s", got)
	}
}
