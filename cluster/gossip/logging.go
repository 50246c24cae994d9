package gossip

import (
	"context"
	"log/slog"
	"strings"
)

// logWriter turns memberlist's lines, "[WARN] memberlist: ...", into records.
type logWriter struct{ log *slog.Logger }

// Write takes one line; package log never splits one.
func (w logWriter) Write(line []byte) (int, error) {
	level, text := parseLine(string(line))
	w.log.Log(context.Background(), level, text, "source", "memberlist")
	return len(line), nil
}

// parseLine finds the level in front of a line. What has none is information.
func parseLine(line string) (slog.Level, string) {
	level := slog.LevelInfo
	text := strings.TrimSpace(line)
	if name, rest, found := strings.Cut(text, "]"); found && strings.HasPrefix(name, "[") {
		text = strings.TrimSpace(rest)
		switch name[1:] {
		case "DEBUG":
			level = slog.LevelDebug
		case "WARN":
			level = slog.LevelWarn
		case "ERR", "ERROR":
			level = slog.LevelError
		}
	}
	return level, strings.TrimPrefix(text, "memberlist: ")
}
