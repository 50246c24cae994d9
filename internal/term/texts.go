package term

import (
	"strconv"
	"strings"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Bytes writes a number of bytes: "512 B", "1.2 MiB".
func Bytes(n uint64) string {
	units := [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	if i == 0 {
		return strconv.FormatUint(n, 10) + " B"
	}
	return digits(v) + " " + units[i]
}

// Count writes a number with its thousands apart: "12,345".
func Count(n uint64) string {
	text := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, c := range []byte(text) {
		if i > 0 && (len(text)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Ago says how long ago something was: "3m ago"; for a negative duration when it will be: "in 3m".
func Ago(d time.Duration) string {
	switch {
	case d > -time.Second && d < time.Second:
		return "just now"
	case d < 0:
		return "in " + coarse(-d)
	}
	return coarse(d) + " ago"
}

// coarse writes a duration in its largest unit alone, rounded.
func coarse(d time.Duration) string {
	if r := d.Round(time.Second); r < time.Minute {
		return itoa(int(r/time.Second)) + "s"
	}
	if r := d.Round(time.Minute); r < time.Hour {
		return itoa(int(r/time.Minute)) + "m"
	}
	if r := d.Round(time.Hour); r < 48*time.Hour {
		return itoa(int(r/time.Hour)) + "h"
	}
	return Count(uint64(d.Round(24*time.Hour)/(24*time.Hour))) + "d"
}

// Duration writes a duration with what matters of it: "850 µs", "12.3 ms", "1.38 s", "3m 20s", "5h 3m", "12d 4h".
func Duration(d time.Duration) string {
	pair := func(big, small time.Duration, b, s string) string {
		text := itoa(int(d/big)) + b
		if rest := d % big / small; rest > 0 {
			text += " " + itoa(int(rest)) + s
		}
		return text
	}
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d == 0:
		return "0 s"
	case d < time.Microsecond:
		return itoa(int(d)) + " ns"
	case d < time.Millisecond:
		return digits(float64(d)/float64(time.Microsecond)) + " µs"
	case d < time.Second:
		return digits(float64(d)/float64(time.Millisecond)) + " ms"
	case d < time.Minute:
		return digits(d.Seconds()) + " s"
	case d < time.Hour:
		return pair(time.Minute, time.Second, "m", "s")
	case d < 24*time.Hour:
		return pair(time.Hour, time.Minute, "h", "m")
	}
	return pair(24*time.Hour, time.Hour, "d", "h")
}

// digits writes a number below a few thousand with about three digits.
func digits(v float64) string {
	precision := 2
	switch {
	case v >= 99.95:
		precision = 0
	case v >= 9.995:
		precision = 1
	}
	text := strconv.FormatFloat(v, 'f', precision, 64)
	if precision > 0 {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return text
}
