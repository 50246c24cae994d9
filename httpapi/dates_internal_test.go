package httpapi

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestDatesAreWrittenAsTheLibraryDoes goes back and forth between days, so that one that is remembered is taken for another if it can be.
func TestDatesAreWrittenAsTheLibraryDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d dates
		near := rapid.Int64Range(-3, 3)
		for range 20 {
			at := time.Unix(rapid.SampledFrom([]int64{0, 951782400, 1769817600, 253402300800}).Draw(t, "around")+daySeconds*near.Draw(t, "days"), 0)
			at = at.Add(time.Duration(rapid.Int64Range(-3e9, 3e9).Draw(t, "nanos")))
			if rapid.Bool().Draw(t, "round") {
				at = at.Truncate(rapid.SampledFrom([]time.Duration{time.Second, time.Millisecond, time.Microsecond}).Draw(t, "to"))
			}
			if got, want := string(d.append(nil, at)), at.UTC().Format(time.RFC3339Nano); got != want {
				t.Fatalf("append(%d, %d) = %s, want %s", at.Unix(), at.Nanosecond(), got, want)
			}
		}
	})
}
