package httpapi

import "time"

// dates writes instants, and remembers how the last days were written: those of an answer are one or two, and to find year, month and day
// is most of the work. It is not safe for concurrent use.
type dates struct {
	days [2]struct {
		next int64 // the day after, counted from 1970-01-01; 0 = none is remembered
		text [len("2006-01-02T")]byte
	}
}

const (
	daySeconds  = 24 * 60 * 60
	lastSeconds = 253402300800 // the year 10000 has another digit
)

// append writes what appendInstant does.
func (d *dates) append(b []byte, t time.Time) []byte {
	at := t.Unix()
	if at < 0 || at >= lastSeconds {
		return appendInstant(b, t)
	}
	number, rest := at/daySeconds, int(at%daySeconds)
	day := &d.days[number&1] // today and tomorrow are in two places
	if day.next != number+1 {
		day.next = number + 1
		t.UTC().AppendFormat(day.text[:0], "2006-01-02T")
	}
	b = append(b, day.text[:]...)
	hour, minute, second := rest/3600, rest/60%60, rest%60
	b = append(b, digit(hour/10), digit(hour%10), ':', digit(minute/10), digit(minute%10), ':', digit(second/10), digit(second%10))
	if nanos := t.Nanosecond(); nanos != 0 {
		b = appendDecimals(b, nanos)
	}
	return append(b, 'Z')
}

// appendDecimals writes a point and a fraction of a second without zeros at its end.
func appendDecimals(b []byte, nanos int) []byte {
	const places = 9
	var text [1 + places]byte
	text[0] = '.'
	for i := places; i > 0; i-- {
		text[i] = digit(nanos % 10)
		nanos /= 10
	}
	n := len(text)
	for text[n-1] == '0' {
		n--
	}
	return append(b, text[:n]...)
}

func digit(n int) byte { return '0' + byte(n) }
