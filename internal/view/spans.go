package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

// Span writes a duration as people set it: "30m", "12h", "400d", "1h30m", "0s".
func Span(d time.Duration) string {
	if d > 0 && d%sessnode.Day == 0 {
		return strconv.FormatInt(int64(d/sessnode.Day), 10) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// ParseSpan reads what Span writes: a Go duration, or a number of days like "14d".
func ParseSpan(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * sessnode.Day, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration such as 90s, 30m, 12h or 14d", text)
	}
	return d, nil
}

func secondsOf(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}
