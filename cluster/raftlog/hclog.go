package raftlog

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"slices"

	"github.com/hashicorp/go-hclog"
)

// levelTrace is below slog's debug, where hclog has one level more.
const levelTrace = slog.LevelDebug - 4

// hclogAdapter lets Raft log through slog. hclog has no official adapter.
type hclogAdapter struct {
	root *slog.Logger // without name and arguments
	to   *slog.Logger // root with them
	name string
	args []any
}

// NewLogger returns a logger for Raft that writes to to.
func NewLogger(to *slog.Logger) hclog.Logger { return newAdapter(to, "", nil) }

func newAdapter(root *slog.Logger, name string, args []any) *hclogAdapter {
	to := root.With(expand(args)...)
	if name != "" {
		to = to.With("part", name)
	}
	return &hclogAdapter{root: root, to: to, name: name, args: args}
}

func slogLevel(l hclog.Level) slog.Level {
	switch l {
	case hclog.Trace:
		return levelTrace
	case hclog.Debug:
		return slog.LevelDebug
	case hclog.Warn:
		return slog.LevelWarn
	case hclog.Error:
		return slog.LevelError
	}
	return slog.LevelInfo
}

func (h *hclogAdapter) Log(level hclog.Level, msg string, args ...any) {
	if !h.enabled(slogLevel(level)) {
		return
	}
	h.to.Log(context.Background(), slogLevel(level), msg, expand(args)...)
}

// expand writes out the arguments that hclog formats only when it prints (hclog.Fmt).
func expand(args []any) []any {
	out := slices.Clone(args)
	for i, a := range out {
		if f, isFormat := a.(hclog.Format); isFormat && len(f) > 0 {
			out[i] = fmt.Sprintf(fmt.Sprint(f[0]), f[1:]...)
		}
	}
	return out
}

func (h *hclogAdapter) Trace(msg string, args ...any) { h.Log(hclog.Trace, msg, args...) }
func (h *hclogAdapter) Debug(msg string, args ...any) { h.Log(hclog.Debug, msg, args...) }
func (h *hclogAdapter) Info(msg string, args ...any)  { h.Log(hclog.Info, msg, args...) }
func (h *hclogAdapter) Warn(msg string, args ...any)  { h.Log(hclog.Warn, msg, args...) }
func (h *hclogAdapter) Error(msg string, args ...any) { h.Log(hclog.Error, msg, args...) }

func (h *hclogAdapter) enabled(l slog.Level) bool { return h.to.Enabled(context.Background(), l) }
func (h *hclogAdapter) IsTrace() bool             { return h.enabled(levelTrace) }
func (h *hclogAdapter) IsDebug() bool             { return h.enabled(slog.LevelDebug) }
func (h *hclogAdapter) IsInfo() bool              { return h.enabled(slog.LevelInfo) }
func (h *hclogAdapter) IsWarn() bool              { return h.enabled(slog.LevelWarn) }
func (h *hclogAdapter) IsError() bool             { return h.enabled(slog.LevelError) }

func (h *hclogAdapter) ImpliedArgs() []any { return h.args }
func (h *hclogAdapter) Name() string       { return h.name }

func (h *hclogAdapter) With(args ...any) hclog.Logger {
	return newAdapter(h.root, h.name, append(h.args[:len(h.args):len(h.args)], args...))
}

func (h *hclogAdapter) Named(name string) hclog.Logger {
	if h.name != "" {
		name = h.name + "." + name
	}
	return h.ResetNamed(name)
}

func (h *hclogAdapter) ResetNamed(name string) hclog.Logger { return newAdapter(h.root, name, h.args) }

func (h *hclogAdapter) SetLevel(hclog.Level)  {}
func (h *hclogAdapter) GetLevel() hclog.Level { return hclog.NoLevel }

func (h *hclogAdapter) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return slog.NewLogLogger(h.to.Handler(), slog.LevelInfo)
}

func (h *hclogAdapter) StandardWriter(*hclog.StandardLoggerOptions) io.Writer {
	return h.StandardLogger(nil).Writer()
}
