package main

import (
	"testing"
	"time"
)

// TestAChurnIsBoundedHoweverManySessionsThereAre keeps five million sessions from being churned for an hour.
func TestAChurnIsBoundedHoweverManySessionsThereAre(t *testing.T) {
	for _, sessions := range []int{1, 300, mostChurned, mostChurned + 1, 1000000, 5000000} {
		churned := (uint64(sessions) + stride(sessions) - 1) / stride(sessions)
		if churned > mostChurned || churned < min(uint64(sessions), mostChurned/2) {
			t.Errorf("of %d sessions %d are churned, want up to %d", sessions, churned, mostChurned)
		}
	}
}

// TestAForecastGrowsWithTheSessionsAndShrinksWithTheRate keeps the forecast from being a constant.
func TestAForecastGrowsWithTheSessionsAndShrinksWithTheRate(t *testing.T) {
	for name, of := range map[string]func(options, float64) time.Duration{"memory": forecastMemory, "flat": forecastFlat} {
		few, many := defaults(), defaults()
		few.sessions, many.sessions = 1000000, 5000000
		if of(many, 10000) < of(few, 10000)+4*time.Minute {
			t.Errorf("%s: %v for a million and %v for five", name, of(few, 10000), of(many, 10000))
		}
		if of(many, 20000) >= of(many, 10000) {
			t.Errorf("%s: twice the rate is no faster", name)
		}
		if worst := of(many, 10000); worst > 25*time.Minute {
			t.Errorf("%s: five million sessions at 10,000 a second take %v, want at most 25 minutes", name, worst)
		}
	}
}
