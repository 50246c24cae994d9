package term

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWidthCountsColumns(t *testing.T) {
	for text, want := range map[string]int{
		"":                           0,
		"ada":                        3,
		"✓ ready":                    7,
		"naïve":                      5,
		"e\u0301":                    1, // e and a combining accent
		"日本語":                        6,
		"한국":                         4,
		"🔑 key":                      6,
		"\x1b[1;31mbold\x1b[0m":      4,
		"\x1b]8;;http://a\x1b\\b":    1, // a link
		"\x1b]0;title\abc":           2,
		"\x1b[31":                    0, // broken off
		"zero\u200bwidth":            9,
		"\u202eright to left\u202c.": 14,
	} {
		if got := Width(text); got != want {
			t.Errorf("Width(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestTruncateKeepsStylesBalanced(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"session", 7, "session"},
		{"session", 6, "sessi…"},
		{"session", 1, "…"},
		{"session", 0, ""},
		{"日本語", 4, "日…"}, // half of a wide character cannot be shown
		{"日本語", 5, "日本…"},
		{"\x1b[31mleader\x1b[0m", 4, "\x1b[31mlea…\x1b[0m"},
		{"\x1b[31mok\x1b[0m then", 5, "\x1b[31mok\x1b[0m t…"},
	} {
		if got := Truncate(test.text, test.width); got != test.want {
			t.Errorf("Truncate(%q, %d) = %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func TestTruncateNeverExceedsTheWidth(t *testing.T) {
	piece := rapid.SampledFrom([]string{"a", "日", "e\u0301", "\x1b[1m", "\x1b[0m", "🔑", "…", " ", "\x1b", "\xff"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(piece).Draw(t, "text"), "")
		width := rapid.IntRange(0, 12).Draw(t, "width")
		if got := Truncate(text, width); Width(got) > width {
			t.Errorf("Truncate(%q, %d) = %q, %d columns", text, width, got, Width(got))
		}
	})
}

func TestPadFillsColumnsNotBytes(t *testing.T) {
	if got := Pad("日本", 6) + "|" + PadLeft("\x1b[1m7\x1b[0m", 3) + "|" + Pad("long", 2); got != "日本  |  \x1b[1m7\x1b[0m|long" {
		t.Errorf("Pad and PadLeft = %q", got)
	}
}

// TestCleanDisarmsForeignTexts: a user agent comes from whoever opened the page.
func TestCleanDisarmsForeignTexts(t *testing.T) {
	for text, want := range map[string]string{
		"Mozilla/5.0 (日本)":         "Mozilla/5.0 (日本)",
		"\x1b[2J\x1b]0;owned\a":    `\x1b[2J\x1b]0;owned\x07`,
		"two\nlines\tand a tab":    `two\x0alines\x09and a tab`,
		"c1 \u009b31m":             `c1 \x9b31m`,
		"turned \u202egnirts":      `turned \u202egnirts`,
		"line\u2028separator":      `line\u2028separator`,
		"not \xff UTF-8":           "not � UTF-8",
		"del \x7f":                 `del \x7f`,
		"isolates \u2066 \u2069 x": `isolates \u2066 \u2069 x`,
	} {
		if got := Clean(text); got != want {
			t.Errorf("Clean(%q) = %q, want %q", text, got, want)
		}
	}
}
