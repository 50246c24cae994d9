package logs_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/logs"
)

func TestNoSecretPassesInEitherFormat(t *testing.T) {
	token := sessnode.NewToken()
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log := logs.New(&out, format, slog.LevelInfo)
		log.Info("typed", "session", token, "under", slog.GroupValue(slog.Any("any", token)))
		log.Info("text", "Session-Token", token.Reveal(), "authorization", "Bearer "+token.Reveal())
		log.WithGroup("request").With("cookie", token.Reveal()).Info("in a group")
		if strings.Contains(out.String(), token.Reveal()) {
			t.Errorf("%s log shows a token: %s", format, out.String())
		}
		if n := strings.Count(out.String(), "\n"); n != 3 {
			t.Errorf("%s log has %d lines, want 3: %s", format, n, out.String())
		}
	}
}

func TestJSONIsOneObjectALineInUTC(t *testing.T) {
	var out bytes.Buffer
	logs.New(&out, "json", slog.LevelWarn).Warn("disk is slow", "token_chars", 43)
	var record map[string]any
	if err := json.Unmarshal(out.Bytes(), &record); err != nil {
		t.Fatal(err)
	}
	if at, _ := record["time"].(string); !strings.HasSuffix(at, "Z") {
		t.Errorf("time = %q, want UTC", at)
	}
	if record["msg"] != "disk is slow" || record["token_chars"] != float64(43) {
		t.Errorf("record = %v, want the message and its harmless attribute", record)
	}
}

func TestLevelHoldsLessBack(t *testing.T) {
	var out bytes.Buffer
	log := logs.New(&out, "text", slog.LevelWarn)
	log.Info("chatter")
	if out.Len() != 0 {
		t.Errorf("an info record passed the level warn: %s", out.String())
	}
}
