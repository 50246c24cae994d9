package httpapi

import (
	"math"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

// span reads a duration: text such as "30m", "1h30m", "14d" and "0.5s", or a number of seconds.
func (n node) span() (time.Duration, error) {
	var d time.Duration
	ok := false
	if s, err := n.str(); err == nil {
		d, ok = parseSpan(s)
	} else if f, isNumber := n.number(); isNumber {
		d, ok = fromSeconds(f)
	}
	if !ok {
		return 0, mistake(`should be a duration such as "30m", "1h30m", "14d" or "0.5s", or a number of seconds; not negative`)
	}
	return d, nil
}

func fromSeconds(f float64) (time.Duration, bool) {
	if !(f >= 0 && f < math.MaxInt64/float64(time.Second)-1) {
		return 0, false
	}
	whole, part := math.Modf(f) // apart, so that many seconds take nothing from the precision of the rest
	return time.Duration(whole)*time.Second + time.Duration(math.Round(part*float64(time.Second))), true
}

// parseSpan is time.ParseDuration without signs, and with days in front.
func parseSpan(s string) (time.Duration, bool) {
	if s == "" || strings.ContainsAny(s, "+-") {
		return 0, false
	}
	var days time.Duration
	if count, rest, found := strings.Cut(s, "d"); found {
		d, err := time.ParseDuration(count + "h")
		if err != nil || d > math.MaxInt64/24 || strings.Trim(count, "0123456789.") != "" {
			return 0, false
		}
		days, s = 24*d, rest
		if s == "" {
			return days, true
		}
	}
	d, err := time.ParseDuration(s)
	return days + d, err == nil && days+d >= days
}

func duration(into *time.Duration) func(node) error {
	return func(n node) (err error) { *into, err = n.span(); return err }
}

func optional[T any](into **T, read func(*T) func(node) error) func(node) error {
	return func(n node) error {
		*into = new(T)
		return read(*into)(n)
	}
}

// moment reads RFC 3339. The year 1 stands for none.
func moment(into *time.Time) func(node) error {
	return func(n node) error {
		s, err := n.str()
		if err == nil {
			*into, err = time.Parse(time.RFC3339Nano, s)
		}
		if err != nil {
			return mistake("should be a time such as 2026-01-31T12:00:00Z")
		}
		*into = into.UTC()
		return nil
	}
}

// timeoutFields reads a new session's own rules.
func timeoutFields(t *sessnode.Timeouts) []field {
	return []field{{"idle", duration(&t.Idle)}, {"lifetime", duration(&t.Lifetime)}, {"expires", moment(&t.Expires)}}
}

// timeoutChanges reads changed rules.
func timeoutChanges(t *sessnode.TimeoutChange) []field {
	return []field{
		{"idle", optional(&t.Idle, duration)},
		{"lifetime", optional(&t.Lifetime, duration)},
		{"expires", optional(&t.Expires, moment)},
	}
}
